// The window a reviewer asked for, and the log it is about.
#include "cli/review.hpp"

#include <fmt/core.h>

#include "cli/log_access.hpp"
#include "cli/time_words.hpp"
#include "jeton/clock.hpp"

namespace jeton::cli {
namespace {

/// Sets `to` to the moment `text` names, if it is there; false when it names none.
bool set_moment(std::int64_t& to, const std::optional<std::string>& text) {
  if (!text) return true;
  const auto moment = time_from(*text, SystemClock().wall_us());
  to = moment.value_or(to);
  return moment.has_value();
}

}  // namespace

std::filesystem::path log_file(const Common& common) { return state_of(common) / "jeton.db"; }

int with_review(const Common& common, const ReviewOptions& options,
                const std::function<int(const Review&, const Window&)>& work) {
  Window window;
  if (!set_moment(window.since_us, options.since) || !set_moment(window.until_us, options.until))
    return usage(fmt::format("a time is {}", time_help));
  const auto log = open_sqlite_review(log_file(common));
  if (!log) return tell(common, log.error());
  try {
    return work(**log, window);
  } catch (const std::runtime_error& error) {
    return tell(common, {Code::log_unavailable, fmt::format("the log cannot be read: {}", error.what())});
  }
}

}  // namespace jeton::cli
