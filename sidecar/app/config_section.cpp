// Holds one table against the rows of config_keys(): names, types, ranges, presence.
#include "app/config_section.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>
#include <numeric>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/config.hpp"

namespace jeton {

namespace {

struct NotBuilt {
  std::string_view key;
  std::string_view what;
};
// Keys of the format that this version cannot honour. A rule that is read and not kept would be a hole: refuse.
constexpr std::array<NotBuilt, 3> not_built = {{
    {"argument", "this version does not have argument rules; remove the whole grant if it must not stand without them"},
    {"verify", "this version does not have offline verifiers; remove it, and let the server redeem at the daemon"},
    {"record_arguments", "this version does not have recorded arguments; remove it"},
}};

std::string qualified(std::string_view section, std::string_view key) {
  return section.empty() ? printable(key) : fmt::format("{}.{}", section, printable(key));
}

bool is_repeated(std::string_view section) { return section != "limits"; }

std::string header_of(std::string_view section) {
  return is_repeated(section) ? fmt::format("[[{}]]", section) : fmt::format("[{}]", section);
}

const ConfigKey* row_of(std::string_view section, std::string_view key) {
  for (const auto& row : config_keys()) {
    if (row.section == section && row.key == key) return &row;
  }
  return nullptr;
}

bool is_section(std::string_view name) {
  return std::any_of(config_keys().begin(), config_keys().end(),
                     [&](const ConfigKey& row) { return !row.section.empty() && row.section == name; });
}

std::vector<std::string_view> known_in(std::string_view section) {
  std::vector<std::string_view> known;
  for (const auto& row : config_keys()) {
    if (row.section == section) known.push_back(row.key);
    if (section.empty() && !row.section.empty() && known.back() != row.section) known.push_back(row.section);
  }
  return known;
}

ConfigNode::Kind kind_of(const ConfigKey& row) {
  if (row.type == "integer") return ConfigNode::Kind::integer;
  return row.type == "strings" ? ConfigNode::Kind::list : ConfigNode::Kind::string;
}

std::string_view words_for_type(const ConfigKey& row) {
  return row.type == "strings" ? "a list of strings" : words_for(kind_of(row));
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
    mistake(row.key, fmt::format("missing; write {} = {}", row.key, row.type == "strings" ? "[\"...\"]" : "\"...\""));
  }
}

void ConfigSection::check_member(const ConfigNode& member) const {
  const auto* row = row_of(section_, member.key);
  if (row == nullptr) return check_unknown(member);
  if (member.kind != kind_of(*row)) {
    return mistake(member.key, fmt::format("is {}; write {}", words_for(member.kind), words_for_type(*row)));
  }
  if (member.kind == ConfigNode::Kind::integer && !is_in_range(*row, member.integer)) {
    return mistake(member.key, fmt::format("is out of range; write {}", range_of(*row)));
  }
  for (const auto& item : member.children) {
    if (item.kind == ConfigNode::Kind::string) continue;
    mistake_at(item.line, member.key, fmt::format("holds {}; write a list of strings", words_for(item.kind)));
  }
}

void ConfigSection::check_unknown(const ConfigNode& member) const {
  if (section_.empty() && is_section(member.key)) return;
  for (const auto& [key, what] : not_built) {
    if (member.key == key) return mistake(member.key, std::string(what));
  }
  const auto known = known_in(section_);
  if (const auto near = nearest(member.key, known)) {
    const bool names_section = section_.empty() && is_section(*near);
    return mistake(member.key, fmt::format("unknown key; write {} if that is meant, else remove it",
                                           names_section ? header_of(*near) : std::string(*near)));
  }
  for (const auto& row : config_keys()) {
    if (row.key != member.key) continue;
    return mistake(member.key,
                   fmt::format("unknown key here; write it {}",
                               row.section.empty() ? "above the first [section]" : "under " + header_of(row.section)));
  }
  mistake(member.key, fmt::format("unknown key; write one of {}", fmt::join(known, ", ")));
}

const ConfigNode* ConfigSection::valid(std::string_view key, ConfigNode::Kind kind) const {
  const auto* member = table_.child(key);
  return member != nullptr && member->kind == kind ? member : nullptr;
}

std::optional<std::string> ConfigSection::text(std::string_view key) const {
  const auto* member = valid(key, ConfigNode::Kind::string);
  return member != nullptr ? std::optional(member->text) : std::nullopt;
}

std::optional<std::int64_t> ConfigSection::integer(std::string_view key) const {
  const auto* member = valid(key, ConfigNode::Kind::integer);
  if (member == nullptr || !is_in_range(*row_of(section_, key), member->integer)) return std::nullopt;
  return member->integer;
}

std::int64_t ConfigSection::integer_or(std::string_view key, std::int64_t otherwise) const {
  return integer(key).value_or(otherwise);
}

std::vector<ConfigNode> ConfigSection::strings(std::string_view key) const {
  std::vector<ConfigNode> items;
  const auto* member = valid(key, ConfigNode::Kind::list);
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
  const auto* node = root.child(key);
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
