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
      line += rows_[r][i];
      if (i + 1 < rows_[r].size()) line.append(widths[i] - rows_[r][i].size() + 2, ' ');
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

bool colour_wanted() {
  const char* no_color = std::getenv("NO_COLOR");
  return ::isatty(STDOUT_FILENO) == 1 && (no_color == nullptr || *no_color == '\0');
}

namespace {
std::string formatted(std::int64_t time_us, const char* form) {
  const std::time_t seconds = time_us / us_per_s;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, form, &parts)};
}
}  // namespace

std::string utc_time(std::int64_t time_us) { return formatted(time_us, "%Y-%m-%d %H:%M:%SZ"); }
std::string utc_clock(std::int64_t time_us) {
  return fmt::format("{}.{:03}", formatted(time_us, "%H:%M:%S"), time_us % us_per_s / 1000);
}

}  // namespace jeton::cli
