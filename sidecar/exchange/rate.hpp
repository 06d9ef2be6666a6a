// How many tokens an agent got under a grant in the last minute.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>

namespace jeton {

/// A sliding minute on the boot clock, per agent and grant. Memory is bounded by the limits themselves; a restart
/// starts a new minute. One thread.
class MintRate {
 public:
  /// Takes one place, or says no.
  [[nodiscard]] bool take(const std::string& agent, const std::string& grant, std::int64_t limit_per_min,
                          std::int64_t now_boot_us);

 private:
  std::map<std::pair<std::string, std::string>, std::deque<std::int64_t>> minted_;
};

}  // namespace jeton
