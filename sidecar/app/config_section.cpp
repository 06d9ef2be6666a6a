// Holds one table against the rows of config_keys(): names, types, ranges, presence.
#include "app/config_section.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <numeric>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/config.hpp"

namespace jeton {

namespace {

std::string qualified(std::string_view section, std::string_view key) {
  return section.empty() ? printable(key) : fmt::format("{}.{}", section, printable(key));
}

bool is_repeated(std::string_view section) { return section != "limits" && section != "policy" && section != "tls"; }

std::string header_of(std::string_view section) {
  return is_repeated(section) ? fmt::format("[[{}]]", section) : fmt::format("[{}]", section);
}

const ConfigKey* row_of(std::string_view section, std::string_view key) {
  for (const auto& row : config_keys()) {
    if (row.section == section && row.key == key) return &row;
  }
  return nullptr;
}

// What a table of `section` is called below `parent`: "argument" of "grant.argument" below "grant"; empty: it stands
// elsewhere.
std::string_view name_below(std::string_view parent, std::string_view section) {
  if (!parent.empty()) {
    if (!section.starts_with(parent) || section.size() == parent.size() || section[parent.size()] != '.') return {};
    section.remove_prefix(parent.size() + 1);
  }
  return section.find('.') == std::string_view::npos ? section : std::string_view();
}

bool is_section(std::string_view parent, std::string_view name) {
  return std::any_of(config_keys().begin(), config_keys().end(),
                     [&](const ConfigKey& row) { return !name.empty() && name_below(parent, row.section) == name; });
}

std::vector<std::string_view> known_in(std::string_view section) {
  std::vector<std::string_view> known;
  for (const auto& row : config_keys()) {
    if (row.section == section) known.push_back(row.key);
    const auto table = name_below(section, row.section);
    if (!table.empty() && known.back() != table) known.push_back(table);
  }
  return known;
}

bool is_scalar(ConfigNode::Kind kind) {
  using Kind = ConfigNode::Kind;
  return kind == Kind::string || kind == Kind::integer || kind == Kind::real || kind == Kind::boolean;
}

bool is_list(const ConfigKey& row) { return row.type == "strings" || row.type == "scalars"; }

bool fits(const ConfigKey& row, ConfigNode::Kind kind) {
  using Kind = ConfigNode::Kind;
  if (is_list(row)) return kind == Kind::list;
  if (row.type == "integer") return kind == Kind::integer;
  if (row.type == "boolean") return kind == Kind::boolean;
  if (row.type == "number") return kind == Kind::integer || kind == Kind::real;
  return row.type == "scalar" ? is_scalar(kind) : kind == Kind::string;
}

bool fits_in_list(const ConfigKey& row, ConfigNode::Kind kind) {
  return row.type == "scalars" ? is_scalar(kind) : kind == ConfigNode::Kind::string;
}

std::string_view words_for_type(const ConfigKey& row) {
  if (row.type == "strings") return "a list of strings";
  if (row.type == "scalars") return "a list of strings, numbers and booleans";
  if (row.type == "scalar") return "a string, number or boolean";
  if (row.type == "boolean") return "true or false";
  if (row.type == "number") return "a number";
  return row.type == "integer" ? "an integer" : "a string";
}

std::string range_of(const ConfigKey& row) {
  if (row.max == std::numeric_limits<std::int64_t>::max()) return fmt::format("{} or more", row.min);
  return fmt::format("{} to {}", row.min, row.max);
}

bool is_in_range(const ConfigKey& row, std::int64_t value) { return value >= row.min && value <= row.max; }

std::size_t edits_between(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, replaced}));
    }
  }
  return row.back();
}

}  // namespace

std::optional<std::string_view> nearest(std::string_view word, const std::vector<std::string_view>& candidates) {
  constexpr std::size_t longest_slip = 64;
  if (word.size() > longest_slip) return std::nullopt;
  constexpr std::size_t shortest_stem = 3;
  const auto begins = [&](std::string_view candidate) { return candidate.starts_with(word); };
  const auto longer = std::find_if(candidates.begin(), candidates.end(), begins);
  if (word.size() >= shortest_stem && longer != candidates.end()) return *longer;

  std::optional<std::string_view> best;
  auto fewest = std::max<std::size_t>(2, word.size() / 2) + 1;
  for (const auto candidate : candidates) {
    const auto edits = edits_between(word, candidate);
    if (edits < fewest) {
      fewest = edits;
      best = candidate;
    }
  }
  return best;
}

void Mistakes::add(std::size_t line, std::string key, std::string what) {
  if (!first_ || line < first_->line) first_ = Mistake{line, std::move(key), std::move(what)};
}

ConfigSection::ConfigSection(std::string_view section, const ConfigNode& table, Mistakes& mistakes)
    : section_(section), table_(table), mistakes_(mistakes) {
  for (const auto& member : table_.children) check_member(member);
  for (const auto& row : config_keys()) {
    if (row.section != section_ || !row.required || has(row.key)) continue;
    mistake(row.key, fmt::format("missing; write {} = {}", row.key, is_list(row) ? "[\"...\"]" : "\"...\""));
  }
}

void ConfigSection::check_member(const ConfigNode& member) const {
  const auto* row = row_of(section_, member.key);
  if (row == nullptr) return check_unknown(member);
  if (!fits(*row, member.kind)) {
    return mistake(member.key, fmt::format("is {}; write {}", words_for(member.kind), words_for_type(*row)));
  }
  if (row->type == "integer" && !is_in_range(*row, member.integer)) {
    return mistake(member.key, fmt::format("is out of range; write {}", range_of(*row)));
  }
  for (const auto& item : member.children) {
    if (fits_in_list(*row, item.kind)) continue;
    mistake_at(item.line, member.key, fmt::format("holds {}; write {}", words_for(item.kind), words_for_type(*row)));
  }
}

void ConfigSection::check_unknown(const ConfigNode& member) const {
  if (is_section(section_, member.key)) return;
  const auto known = known_in(section_);
  if (const auto near = nearest(member.key, known)) {
    const auto meant = is_section(section_, *near) ? header_of(qualified(section_, *near)) : std::string(*near);
    return mistake(member.key, fmt::format("unknown key; write {} if that is meant, else remove it", meant));
  }
  for (const auto& row : config_keys()) {
    if (row.key != member.key) continue;
    return mistake(member.key,
                   fmt::format("unknown key here; write it {}",
                               row.section.empty() ? "above the first [section]" : "under " + header_of(row.section)));
  }
  mistake(member.key, fmt::format("unknown key; write one of {}", fmt::join(known, ", ")));
}

const ConfigNode* ConfigSection::value(std::string_view key) const {
  const auto* member = table_.child(key);
  const auto* row = row_of(section_, key);
  if (member == nullptr || row == nullptr || !fits(*row, member->kind)) return nullptr;
  return row->type == "integer" && !is_in_range(*row, member->integer) ? nullptr : member;
}

std::optional<std::string> ConfigSection::text(std::string_view key) const {
  const auto* member = value(key);
  return member != nullptr ? std::optional(member->text) : std::nullopt;
}

std::optional<std::int64_t> ConfigSection::integer(std::string_view key) const {
  const auto* member = value(key);
  return member != nullptr ? std::optional(member->integer) : std::nullopt;
}

bool ConfigSection::flag(std::string_view key) const {
  const auto* member = value(key);
  return member != nullptr && member->boolean;
}

std::int64_t ConfigSection::integer_or(std::string_view key, std::int64_t otherwise) const {
  return integer(key).value_or(otherwise);
}

std::vector<ConfigNode> ConfigSection::strings(std::string_view key) const {
  std::vector<ConfigNode> items;
  const auto* member = value(key);
  if (member == nullptr) return items;
  std::copy_if(member->children.begin(), member->children.end(), std::back_inserter(items),
               [](const ConfigNode& item) { return item.kind == ConfigNode::Kind::string; });
  return items;
}

void ConfigSection::mistake(std::string_view key, std::string what) const {
  const auto* member = table_.child(key);
  mistake_at(member != nullptr ? member->line : table_.line, key, std::move(what));
}

void ConfigSection::mistake_at(std::size_t line, std::string_view key, std::string what) const {
  mistakes_.add(line, qualified(section_, key), std::move(what));
}

std::vector<const ConfigNode*> sections_of(const ConfigNode& root, std::string_view key, bool repeated,
                                           Mistakes& mistakes) {
  using Kind = ConfigNode::Kind;
  std::vector<const ConfigNode*> tables;
  const auto* node = root.child(key.substr(key.rfind('.') + 1));
  if (node == nullptr) return tables;
  const auto wrong = [&](const ConfigNode& where) {
    mistakes.add(where.line, std::string(key),
                 fmt::format("is {}; write {} above its keys", words_for(where.kind), header_of(key)));
  };
  if (!repeated) {
    node->kind == Kind::table ? tables.push_back(node) : wrong(*node);
    return tables;
  }
  if (node->kind != Kind::list) {
    wrong(*node);
    return tables;
  }
  if (node->children.empty()) {
    mistakes.add(node->line, std::string(key), "is an empty list; write entries or remove it");
  }
  for (const auto& item : node->children) {
    item.kind == Kind::table ? tables.push_back(&item) : wrong(item);
  }
  return tables;
}

}  // namespace jeton
