// Some two dozen marks, and the oldest of them says it.
#include "exchange/log_ages.hpp"

#include <algorithm>

#include "jeton/clock.hpp"

namespace jeton {
namespace {

constexpr std::int64_t hour_us = 3600 * us_per_s, day_us = 24 * hour_us;

}  // namespace

void LogAges::note(std::uint64_t size, std::int64_t boot_us) {
  if (boot_us - marks_.back().boot_us >= hour_us) marks_.push_back({boot_us, size});
  while (marks_.size() > 1 && boot_us - marks_[1].boot_us >= day_us) marks_.pop_front();
}

std::uint64_t LogAges::old_below(std::int64_t boot_us) const {
  const auto young = std::find_if(marks_.begin(), marks_.end(),
                                  [boot_us](const Mark& mark) { return boot_us - mark.boot_us < day_us; });
  return young == marks_.begin() ? marks_.front().size : std::prev(young)->size;
}

}  // namespace jeton
