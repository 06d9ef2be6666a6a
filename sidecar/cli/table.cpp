// Padding, dimming and escaping.
#include "cli/table.hpp"

#include <algorithm>
#include <cstdlib>
#include <ctime>

#include <fmt/core.h>
#include <unistd.h>

#include "jeton/clock.hpp"

namespace jeton::cli {

std::string Table::text(bool colour) const {
  std::vector<std::size_t> widths(rows_.front().size(), 0);
  for (const auto& row : rows_)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  std::string out;
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    std::string line;
    for (std::size_t i = 0; i < rows_[r].size(); ++i) {
      const std::string blanks(widths[i] - rows_[r][i].size(), ' ');
      line += i - first_number_ < numbers_ ? blanks + rows_[r][i] : rows_[r][i] + blanks;
      line += "  ";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += r == 0 && colour ? "\x1b[2m" + line + "\x1b[0m\n" : line + "\n";
  }
  return out;
}

std::string for_terminal(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c >= ' ' && c <= '~')
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string json_for_terminal(const Json& document) {
  return document.dump(2, ' ', true, Json::error_handler_t::replace);
}

bool colour_wanted() {
  const char* no_color = std::getenv("NO_COLOR");
  return ::isatty(STDOUT_FILENO) == 1 && (no_color == nullptr || *no_color == '\0');
}

namespace {

constexpr std::int64_t ms_per_s = 1000;

std::string formatted(std::int64_t time_s, const char* form) {
  const std::time_t seconds = time_s;
  std::tm parts{};
  // Fails for a year that int does not hold, which only an edited log has.
  if (::gmtime_r(&seconds, &parts) == nullptr) return "?";
  char text[64];
  return {text, std::strftime(text, sizeof text, form, &parts)};
}

/// Rounded down, before 1970 too.
std::int64_t whole(std::int64_t value, std::int64_t unit) { return value / unit - (value % unit < 0 ? 1 : 0); }

}  // namespace

std::string utc_time(std::int64_t time_us) { return formatted(whole(time_us, us_per_s), "%Y-%m-%d %H:%M:%SZ"); }
std::string utc_clock(std::int64_t time_us) {
  const auto time_ms = whole(time_us, us_per_s / ms_per_s);
  const auto time_s = whole(time_ms, ms_per_s);
  return fmt::format("{}.{:03}", formatted(time_s, "%H:%M:%S"), time_ms - time_s * ms_per_s);
}
std::string utc_clock_of_seconds(std::int64_t time_s) { return formatted(time_s, "%H:%M:%S"); }

}  // namespace jeton::cli
