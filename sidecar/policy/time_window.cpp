// Times of a configuration, strictly, and whether now lies between two of them.
#include "policy/time_window.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>

#include <fmt/core.h>

#include "jeton/clock.hpp"

namespace jeton {
namespace {

constexpr std::int64_t s_per_day = 86'400;

/// Of a text that has its form: digits alone.
int number_at(std::string_view text, std::size_t at, std::size_t digits) {
  int number = 0;
  std::from_chars(text.data() + at, text.data() + at + digits, number);
  return number;
}

/// As long as `form`, with a digit for every 0 of it and the rest as it stands there.
bool has_form(std::string_view text, std::string_view form) {
  return text.size() == form.size() && std::equal(text.begin(), text.end(), form.begin(), [](char c, char wanted) {
           return wanted == '0' ? c >= '0' && c <= '9' : c == wanted;
         });
}

}  // namespace

std::optional<std::int64_t> utc_seconds(std::string_view text) {
  const bool with_seconds = has_form(text, "0000-00-00T00:00:00Z");
  if (!with_seconds && !has_form(text, "0000-00-00T00:00Z")) return std::nullopt;
  const auto month = static_cast<unsigned>(number_at(text, 5, 2)), day = static_cast<unsigned>(number_at(text, 8, 2));
  const std::chrono::year_month_day date{std::chrono::year(number_at(text, 0, 4)), std::chrono::month(month),
                                         std::chrono::day(day)};
  const int hour = number_at(text, 11, 2), minute = number_at(text, 14, 2);
  const int second = with_seconds ? number_at(text, 17, 2) : 0;
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count() * s_per_day + hour * 3600 + minute * 60 + second;
}

std::string utc_text(std::int64_t seconds) {
  const auto days = std::chrono::floor<std::chrono::days>(std::chrono::sys_seconds(std::chrono::seconds(seconds)));
  const std::chrono::year_month_day date(days);
  const auto of_day = seconds - days.time_since_epoch().count() * s_per_day;
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), of_day / 3600,
                     of_day / 60 % 60, of_day % 60);
}

bool TimeWindow::holds(std::optional<std::int64_t> wall_us) const {
  if (!wall_us) return !not_before_s && !not_after_s;
  return (!not_before_s || *wall_us >= *not_before_s * us_per_s) &&
         (!not_after_s || *wall_us < *not_after_s * us_per_s);
}

std::string TimeWindow::reason_against(std::optional<std::int64_t> wall_us) const {
  if (!wall_us) return "holds at some time, and nobody said what time it is";
  const bool is_before = not_before_s && *wall_us < *not_before_s * us_per_s;
  return is_before ? "begins at " + utc_text(*not_before_s) : "ended at " + utc_text(not_after_s.value_or(0));
}

std::int64_t TimeWindow::seconds_left(std::optional<std::int64_t> wall_us, std::int64_t wanted_s) const {
  if (!not_after_s || !wall_us) return wanted_s;
  // Rounded up: a token lives whole seconds, and one of none would be no token.
  return std::clamp<std::int64_t>((*not_after_s * us_per_s - *wall_us + us_per_s - 1) / us_per_s, 1, wanted_s);
}

}  // namespace jeton
