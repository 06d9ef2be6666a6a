// One table of the configuration held against its rows of config_keys(), and the mistakes found on the way.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/config_document.hpp"

namespace jeton {

/// Collects what is wrong and tells the mistake nearest to the top of the file.
class Mistakes {
 public:
  struct Mistake {
    std::size_t line;
    std::string key;
    std::string what;  ///< "what is wrong; what to write instead"
  };
  void add(std::size_t line, std::string key, std::string what);
  [[nodiscard]] const std::optional<Mistake>& first() const { return first_; }

 private:
  std::optional<Mistake> first_;
};

/// Reads one table. Unknown and missing keys, wrong types and numbers out of range become mistakes on construction;
/// what reads return afterwards has none of them, and is absent or empty where a mistake was.
class ConfigSection {
 public:
  ConfigSection(std::string_view section, const ConfigNode& table, Mistakes& mistakes);

  [[nodiscard]] std::optional<std::string> text(std::string_view key) const;
  [[nodiscard]] std::int64_t integer_or(std::string_view key, std::int64_t otherwise) const;
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view key) const;
  /// False when it is absent.
  [[nodiscard]] bool flag(std::string_view key) const;
  /// Of any type; none when it is absent or not as its row says. A list may still hold items that are mistakes.
  [[nodiscard]] const ConfigNode* value(std::string_view key) const;
  /// The list's items, each a string with its line.
  [[nodiscard]] std::vector<ConfigNode> strings(std::string_view key) const;
  [[nodiscard]] bool has(std::string_view key) const { return table_.child(key) != nullptr; }
  /// At the key's line, or the table's where the key is not given.
  void mistake(std::string_view key, std::string what) const;
  void mistake_at(std::size_t line, std::string_view key, std::string what) const;

 private:
  void check_member(const ConfigNode& member) const;
  void check_unknown(const ConfigNode& member) const;

  std::string_view section_;
  const ConfigNode& table_;
  Mistakes& mistakes_;
};

/// The tables below `key`: of `[key]` or `[[key]]`, as `repeated` asks. None when it is absent or of another form. Of
/// a key with dots, `root` is the table of what stands before the last.
[[nodiscard]] std::vector<const ConfigNode*> sections_of(const ConfigNode& root, std::string_view key, bool repeated,
                                                         Mistakes& mistakes);

/// The candidate that `word` begins, else the one with the fewest edits from it, when these are few enough for a slip.
[[nodiscard]] std::optional<std::string_view> nearest(std::string_view word,
                                                      const std::vector<std::string_view>& candidates);

}  // namespace jeton
