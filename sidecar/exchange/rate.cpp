// A deque of times, oldest first; what is older than a minute makes room.
#include "exchange/rate.hpp"

#include <algorithm>
#include <iterator>

#include "jeton/clock.hpp"

namespace jeton {
namespace {

constexpr std::int64_t minute_us = 60 * us_per_s;

}  // namespace

bool MintRate::take(const std::string& agent, const std::string& grant, std::int64_t limit_per_min,
                    std::int64_t now_boot_us) {
  auto& times = minted_[{agent, grant}];
  while (!times.empty() && now_boot_us - times.front() >= minute_us) times.pop_front();
  if (static_cast<std::int64_t>(times.size()) >= limit_per_min) return false;
  times.push_back(now_boot_us);
  taken_.push_back(&times);
  return true;
}

const RateLimit* MintRate::take(const std::vector<RateLimit>& limits, std::int64_t now_boot_us) {
  if (const auto* no_place = full(limits, now_boot_us)) return no_place;
  for (const auto& limit : limits)
    if (!take(limit.agent, limit.grant, limit.per_min, now_boot_us)) return &limit;
  return nullptr;
}

const RateLimit* MintRate::full(const std::vector<RateLimit>& limits, std::int64_t now_boot_us) const {
  const auto is_full = [&](const RateLimit& limit) {
    const auto found = minted_.find({limit.agent, limit.grant});
    if (found == minted_.end()) return limit.per_min <= 0;
    const auto& times = found->second;
    const auto recent =
        std::find_if(times.begin(), times.end(), [&](std::int64_t time) { return now_boot_us - time < minute_us; });
    return std::distance(recent, times.end()) >= limit.per_min;
  };
  const auto found = std::find_if(limits.begin(), limits.end(), is_full);
  return found == limits.end() ? nullptr : &*found;
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
