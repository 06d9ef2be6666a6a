// The commands and options of a program as values: what completions and manual pages are made of.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/command_line.hpp"

namespace jeton::cli {

/// One option, flag or positional argument that --help shows.
struct OptionWords {
  std::vector<std::string> names;    ///< "-h", "--help"; of a positional its one name
  std::string help;                  ///< one line
  std::string value;                 ///< what its value is called, such as FILE; empty for a flag
  std::vector<std::string> choices;  ///< the values there are; empty: any
  bool positional = false;
  bool required = false;
  bool repeats = false;  ///< may be given several times

  bool operator==(const OptionWords&) const = default;
};

/// One command that --help shows, with what may follow it.
struct CommandWords {
  std::string path;  ///< from the program on: "jeton log show"
  std::string help;
  std::vector<OptionWords> options;
  std::vector<CommandWords> commands;

  /// The last word of the path.
  [[nodiscard]] std::string name() const { return path.substr(path.rfind(' ') + 1); }
};

[[nodiscard]] CommandWords words_of_tree(const CLI::App& app);

/// Every command, the parent before its children.
void for_each_command(const CommandWords& command, const std::function<void(const CommandWords&)>& visit);

}  // namespace jeton::cli
