// Moments as people type them: a date, a time of day, so long ago, or seconds since 1970. All of it in UTC.
#include <charconv>
#include <ctime>

#include "cli/commands.hpp"
#include "jeton/clock.hpp"

namespace jeton::cli {
namespace {

constexpr std::int64_t seconds_max = 253'402'300'799;  // the end of the year 9999

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc() || rest != end || value < 0 || value > seconds_max) return std::nullopt;
  return value;
}

std::optional<std::int64_t> seconds_in(char unit) {
  switch (unit) {
    case 's': return 1;
    case 'm': return 60;
    case 'h': return 3600;
    case 'd': return 86'400;
    case 'w': return 604'800;
    default: return std::nullopt;
  }
}

std::optional<std::int64_t> ago(const std::string& text) {
  const auto unit = text.empty() ? std::nullopt : seconds_in(text.back());
  const auto number = unit ? whole_number(std::string_view(text).substr(0, text.size() - 1)) : std::nullopt;
  if (!number || *number > seconds_max / *unit) return std::nullopt;
  return *number * *unit;
}

/// A day of the calendar, with a time or without; a date that there is not (30 February) is none.
std::optional<std::int64_t> dated(const std::string& text) {
  for (const char* form : {"%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%SZ", "%Y-%m-%dT%H:%M:%S",
                           "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"}) {
    std::tm parts{};
    const char* rest = ::strptime(text.c_str(), form, &parts);
    if (rest == nullptr || *rest != '\0' || text.size() < 10 || text[4] != '-') continue;
    const auto day = parts.tm_mday;
    const auto seconds = ::timegm(&parts);
    if (parts.tm_mday == day) return seconds;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::int64_t> moment_us(const std::string& text, std::int64_t now_us) {
  if (const auto seconds = ago(text)) return now_us - *seconds * us_per_s;
  if (const auto seconds = whole_number(text)) return *seconds * us_per_s;
  if (const auto seconds = dated(text)) return *seconds * us_per_s;
  return std::nullopt;
}

}  // namespace jeton::cli
