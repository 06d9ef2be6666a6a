// The log as a stranger's program reads it: SQL over the view `events`, read-only, beside a daemon that may be running.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace jeton::outside {

class Ledger {
 public:
  explicit Ledger(std::filesystem::path state) : file_(std::move(state) / "jeton.db") {}

  using Rows = std::vector<std::vector<std::string>>;
  /// Every column as text, NULL as "".
  [[nodiscard]] Rows rows(const std::string& sql) const;
  /// The first column of the first row; throws when there is none.
  [[nodiscard]] std::string one(const std::string& sql) const;
  [[nodiscard]] long count(const std::string& where) const;

 private:
  std::filesystem::path file_;
};

/// A text as an SQL literal.
[[nodiscard]] std::string sql_text(const std::string& text);

}  // namespace jeton::outside
