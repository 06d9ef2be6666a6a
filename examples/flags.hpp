// The command lines of the examples: names, values, and what --help says.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace example {

/// One flag; where its value goes says what it takes: a switch takes none, the others take one.
struct Flag {
  std::string name;  ///< with its dashes
  std::variant<bool*, std::string*, std::optional<std::string>*> value;
  std::string sentence;
  bool required = false;
};

/// Fills in the values. An exit status when the program is not to go on: 0 after --help, 2 after a mistake, which is
/// then on stderr.
[[nodiscard]] std::optional<int> read_flags(const std::string& description, const std::vector<Flag>& flags, int argc,
                                            char** argv);

}  // namespace example
