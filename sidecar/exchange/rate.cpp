// A deque of times, oldest first; what is older than a minute makes room.
#include "exchange/rate.hpp"

#include "jeton/clock.hpp"

namespace jeton {

bool MintRate::take(const std::string& agent, const std::string& grant, std::int64_t limit_per_min,
                    std::int64_t now_boot_us) {
  auto& times = minted_[{agent, grant}];
  while (!times.empty() && now_boot_us - times.front() >= 60 * us_per_s) times.pop_front();
  if (static_cast<std::int64_t>(times.size()) >= limit_per_min) return false;
  times.push_back(now_boot_us);
  taken_.push_back(&times);
  return true;
}

void MintRate::take_back(std::size_t steps) {
  // A machine that slept in the middle may have seen the minute end: then a later take has made room already.
  for (; taken_.size() > steps; taken_.pop_back())
    if (!taken_.back()->empty()) taken_.back()->pop_back();
}

void MintRate::settle(bool durable) {
  if (!durable) take_back(0);
  taken_.clear();
}

}  // namespace jeton
