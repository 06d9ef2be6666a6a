// How many tokens an agent got under a grant in the last minute.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace jeton {

/// In whose minute something is counted, under which grant, and how many that grant lets in.
struct RateLimit {
  std::string agent;
  std::string grant;
  std::int64_t per_min;
};

/// A sliding minute on the boot clock, per agent and grant. Memory is bounded by the limits themselves; a restart
/// starts a new minute. One thread.
class MintRate {
 public:
  /// Takes one place, or says no.
  [[nodiscard]] bool take(const std::string& agent, const std::string& grant, std::int64_t limit_per_min,
                          std::int64_t now_boot_us);

  /// Takes a place under each limit, or none of them where one has no place left, and says which; null: taken.
  [[nodiscard]] const RateLimit* take(const std::vector<RateLimit>& limits, std::int64_t now_boot_us);
  /// The same without taking any.
  [[nodiscard]] const RateLimit* full(const std::vector<RateLimit>& limits, std::int64_t now_boot_us) const;

  /// How many places the transaction has taken so far, and giving back what it took since.
  [[nodiscard]] std::size_t steps() const { return taken_.size(); }
  void take_back(std::size_t steps);
  /// The transaction is over. What is not durable cost nobody a place.
  void settle(bool durable);

 private:
  using Times = std::deque<std::int64_t>;
  std::map<std::pair<std::string, std::string>, Times> minted_;
  std::vector<Times*> taken_;  ///< by this transaction, each its newest; a map's values stay where they are
};

}  // namespace jeton
