// How much of what happened, in all and by agent, tool, server, code and hour.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "jeton/json.hpp"
#include "store/review.hpp"

namespace jeton {

struct Sums {
  std::int64_t calls = 0;
  std::int64_t tokens = 0;
  std::int64_t redemptions = 0;  ///< here
  std::int64_t reported = 0;     ///< redemptions elsewhere, as servers that verify offline say
  std::int64_t refusals = 0;     ///< those that were only counted included

  void add(const Tally& tally);
  [[nodiscard]] Json json() const;
};

/// The keys are as the log has them: an agent is its SPIFFE ID, or "uid N" of a refusal without one; "" is nothing.
struct Stats {
  Sums all;
  std::map<std::string, Sums> agents;
  std::map<std::string, Sums> tools;
  std::map<std::string, Sums> servers;
  std::map<std::string, std::int64_t> codes;  ///< refusals
  std::map<std::int64_t, Sums> hours;         ///< since 1970; only those in which something happened

  [[nodiscard]] Json json() const;
};

[[nodiscard]] Stats sum_up(const Review& log, const Window& window);

}  // namespace jeton
