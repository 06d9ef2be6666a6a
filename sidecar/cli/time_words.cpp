// Reading times strictly: what is not wholly understood is no time.
#include "cli/time_words.hpp"

#include <charconv>
#include <chrono>

#include "jeton/clock.hpp"

namespace jeton::cli {
namespace {

/// Takes pieces off the front of a text; once one was not there, nothing is.
class Pieces {
 public:
  explicit Pieces(std::string_view text) : rest_(text) {}

  int digits(std::size_t count) {
    int number = 0;
    if (rest_.size() < count || rest_.find_first_not_of("0123456789") < count) {
      good_ = false;
      return 0;
    }
    std::from_chars(rest_.data(), rest_.data() + count, number);
    rest_.remove_prefix(count);
    return number;
  }
  /// One of these characters, or 0.
  char maybe(std::string_view characters) {
    if (rest_.empty() || characters.find(rest_.front()) == characters.npos) return 0;
    const char taken = rest_.front();
    rest_.remove_prefix(1);
    return taken;
  }
  char one(std::string_view characters) {
    const char taken = maybe(characters);
    if (taken == 0) good_ = false;
    return taken;
  }
  /// Of a second, in microseconds; digits beyond them are dropped.
  std::int64_t fraction() {
    std::int64_t us = 0, unit = us_per_s;
    if (rest_.empty() || rest_.find_first_not_of("0123456789") == 0) good_ = false;
    while (const char digit = maybe("0123456789")) us += (digit - '0') * (unit /= 10);
    return us;
  }
  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] bool at_end() const { return good_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool good_ = true;
};

constexpr std::int64_t us_per_min = 60 * us_per_s, us_per_hour = 60 * us_per_min, us_per_day = 24 * us_per_hour;

std::optional<std::int64_t> calendar(std::string_view text) {
  Pieces in(text);
  const int year = in.digits(4);
  in.one("-");
  const int month = in.digits(2);
  in.one("-");
  const int day = in.digits(2);
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!in.good() || !date.ok()) return std::nullopt;
  std::int64_t us = std::chrono::sys_days(date).time_since_epoch().count() * us_per_day;
  if (in.at_end()) return us;
  in.one("Tt ");
  const int hour = in.digits(2);
  in.one(":");
  const int minute = in.digits(2);
  in.one(":");
  const int second = in.digits(2);
  if (hour > 23 || minute > 59 || second > 60) return std::nullopt;
  us += hour * us_per_hour + minute * us_per_min + second * us_per_s;
  if (in.maybe(".") != 0) us += in.fraction();
  const char zone = in.one("Zz+-");
  if (zone == '+' || zone == '-') {
    const int hours = in.digits(2);
    in.one(":");
    const int minutes = in.digits(2);
    if (hours > 23 || minutes > 59) return std::nullopt;
    us -= (zone == '+' ? 1 : -1) * (hours * us_per_hour + minutes * us_per_min);
  }
  return in.at_end() ? std::optional(us) : std::nullopt;
}

std::optional<std::int64_t> unit_of(char c) {
  switch (c) {
    case 's': return us_per_s;
    case 'm': return us_per_min;
    case 'h': return us_per_hour;
    case 'd': return us_per_day;
    case 'w': return 7 * us_per_day;
    default: return std::nullopt;
  }
}

}  // namespace

std::optional<std::int64_t> time_from(std::string_view text, std::int64_t now_us) {
  if (auto time = calendar(text)) return time;
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) {
    std::int64_t seconds = 0;  // beyond 2106, which only a test or an edited log has
    const auto [last, wrong] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    const bool whole = wrong == std::errc() && last == text.data() + text.size() && text.front() != '-';
    if (!whole || seconds > INT64_MAX / us_per_s) return std::nullopt;
    return seconds * us_per_s;
  }
  const auto rest = text.substr(static_cast<std::size_t>(end - text.data()));
  if (rest.empty()) return number * us_per_s;
  const auto unit = rest.size() == 1 ? unit_of(rest.front()) : std::nullopt;
  if (!unit || number > INT32_MAX / 10) return std::nullopt;
  return now_us - static_cast<std::int64_t>(number) * *unit;
}

}  // namespace jeton::cli
