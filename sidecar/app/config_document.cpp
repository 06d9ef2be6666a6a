// From toml++'s tree to plain nodes. The only file that includes the parser.
#include "app/config_document.hpp"

#include <algorithm>

#include <toml++/toml.h>

#include "app/config_nesting.hpp"

namespace jeton {

namespace {

ConfigNode::Kind kind_of(const toml::node& node) {
  using Kind = ConfigNode::Kind;
  switch (node.type()) {
    case toml::node_type::string: return Kind::string;
    case toml::node_type::integer: return Kind::integer;
    case toml::node_type::floating_point: return Kind::real;
    case toml::node_type::boolean: return Kind::boolean;
    case toml::node_type::array: return Kind::list;
    case toml::node_type::table: return Kind::table;
    default: return Kind::time;
  }
}

ConfigNode plain(const toml::node& node);

// The parser keeps members by name; people read them by line.
std::vector<ConfigNode> members_of(const toml::table& table) {
  std::vector<ConfigNode> members;
  for (const auto& [key, value] : table) {
    auto& member = members.emplace_back(plain(value));
    member.key = key.str();
    member.line = key.source().begin.line;
  }
  std::stable_sort(members.begin(), members.end(),
                   [](const ConfigNode& a, const ConfigNode& b) { return a.line < b.line; });
  return members;
}

ConfigNode plain(const toml::node& node) {
  ConfigNode out;
  out.kind = kind_of(node);
  out.line = node.source().begin.line;
  if (const auto* table = node.as_table()) out.children = members_of(*table);
  if (const auto* list = node.as_array()) {
    for (const auto& item : *list) out.children.push_back(plain(item));
  }
  if (const auto* text = node.as_string()) out.text = text->get();
  if (const auto* integer = node.as_integer()) out.integer = integer->get();
  if (const auto* real = node.as_floating_point()) out.real = real->get();
  if (const auto* boolean = node.as_boolean()) out.boolean = boolean->get();
  return out;
}

// "Error while parsing array: encountered end-of-file" -> "array: encountered end-of-file"
std::string in_house_style(std::string_view description) {
  constexpr std::string_view opening = "Error while parsing ";
  if (description.starts_with(opening)) description.remove_prefix(opening.size());
  auto out = printable(description);
  if (!out.empty() && out[0] >= 'A' && out[0] <= 'Z') out[0] = static_cast<char>(out[0] - 'A' + 'a');
  return out;
}

}  // namespace

const ConfigNode* ConfigNode::child(std::string_view name) const {
  const auto found =
      std::find_if(children.begin(), children.end(), [&](const ConfigNode& node) { return node.key == name; });
  return found == children.end() ? nullptr : &*found;
}

tl::expected<ConfigNode, ConfigSyntaxError> read_toml(std::string_view text) {
  if (const auto line = line_of_too_deep_key(text))
    return tl::unexpected(ConfigSyntaxError{*line, "a key of too many parts"});
  try {
    auto root = plain(toml::parse(text));
    root.line = 1;
    return root;
  } catch (const toml::parse_error& error) {
    return tl::unexpected(ConfigSyntaxError{error.source().begin.line, in_house_style(error.description())});
  }
}

std::string_view words_for(ConfigNode::Kind kind) {
  using Kind = ConfigNode::Kind;
  switch (kind) {
    case Kind::string: return "a string";
    case Kind::integer: return "an integer";
    case Kind::real: return "a number with a fraction";
    case Kind::boolean: return "a boolean";
    case Kind::time: return "a date or time";
    case Kind::list: return "a list";
    case Kind::table: return "a table";
  }
  return "something else";
}

std::string printable(std::string_view text) {
  constexpr std::size_t bytes_max = 120;
  std::string out(text.substr(0, bytes_max));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return text.size() > bytes_max ? out + "..." : out;
}

}  // namespace jeton
