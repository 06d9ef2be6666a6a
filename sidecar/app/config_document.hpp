// A TOML text as plain nodes with line numbers, so that one file alone knows the parser.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

namespace jeton {

/// One value and where it stands. A table's members are its children, each with its key; a list's items are too.
struct ConfigNode {
  enum class Kind { string, integer, real, boolean, time, list, table };
  Kind kind = Kind::table;
  std::size_t line = 1;  ///< of the key, of the item, of a table's header
  std::string key;
  std::string text;
  std::int64_t integer = 0;
  double real = 0;
  bool boolean = false;
  std::vector<ConfigNode> children;  ///< in file order

  [[nodiscard]] const ConfigNode* child(std::string_view name) const;
};

struct ConfigSyntaxError {
  std::size_t line;
  std::string message;
};

/// The root table. A key of more than `key_parts_max` parts is a mistake: nodes are walked by recursion.
[[nodiscard]] tl::expected<ConfigNode, ConfigSyntaxError> read_toml(std::string_view text);

/// "a string", "an integer", … for messages.
[[nodiscard]] std::string_view words_for(ConfigNode::Kind kind);

/// Names from the file as they may stand in a message: printable, not long.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace jeton
