// Completion scripts for bash, zsh and fish, made of the commands that there are.
#pragma once

#include "cli/command_tree.hpp"

namespace jeton::cli {

/// A script for the program at the root of the tree. It knows commands, options, the choices of a value, and where a
/// file or a directory is asked for; everything else it leaves alone.
[[nodiscard]] std::string bash_completion(const CommandWords& program);
[[nodiscard]] std::string zsh_completion(const CommandWords& program);
[[nodiscard]] std::string fish_completion(const CommandWords& program);

/// A value that is a path of the file system, by what it is called.
enum class PathKind { none, file, directory };
[[nodiscard]] PathKind path_kind(const OptionWords& option);

/// As one word of sh: in single quotes.
[[nodiscard]] std::string shell_quoted(std::string_view text);
/// The words, quoted and with `between` between them.
[[nodiscard]] std::string joined(const std::vector<std::string>& words, std::string_view between);
/// Every path of the tree but the root's, quoted for the patterns of `case`.
[[nodiscard]] std::string paths_below(const CommandWords& program, std::string_view between);

}  // namespace jeton::cli
