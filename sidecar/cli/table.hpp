// Rows in columns for people, safe whatever stands in the cells.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "jeton/json.hpp"

namespace jeton::cli {

/// Columns as wide as their widest cell, two spaces apart, the header dimmed on a terminal.
class Table {
 public:
  explicit Table(std::vector<std::string> header) { rows_.push_back(std::move(header)); }
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  /// These columns end where their header ends, so that digits stand below digits.
  void numbers(std::size_t first, std::size_t count) {
    first_number_ = first;
    numbers_ = count;
  }
  [[nodiscard]] bool empty() const { return rows_.size() == 1; }
  [[nodiscard]] std::string text(bool colour) const;

 private:
  std::vector<std::vector<std::string>> rows_;
  std::size_t first_number_ = 0, numbers_ = 0;
};

/// Printable ASCII as it is, everything else as %XX: a log that somebody edited must not move the cursor.
[[nodiscard]] std::string for_terminal(std::string_view text);

/// The document, indented, in printable ASCII: everything else is escaped, and what is no UTF-8 is U+FFFD.
[[nodiscard]] std::string json_for_terminal(const Json& document);

/// Whether stdout takes colour: a terminal, and no NO_COLOR.
[[nodiscard]] bool colour_wanted();

/// "2026-11-21 22:37:50Z", "22:37:50.123", and "22:37:50" of a NumericDate. Any number has an answer.
[[nodiscard]] std::string utc_time(std::int64_t time_us);
[[nodiscard]] std::string utc_clock(std::int64_t time_us);
[[nodiscard]] std::string utc_clock_of_seconds(std::int64_t time_s);

}  // namespace jeton::cli
