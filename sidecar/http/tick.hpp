// What waits for the next transaction: everybody's small requests together, large ones an account's share at a time.
#pragma once

#include <chrono>
#include <functional>
#include <vector>

#include "http/message.hpp"

namespace jeton {

/// The queue in front of a tick. One thread.
class Tick {
 public:
  using Clock = std::chrono::steady_clock;
  struct Waiting {
    Job* job;
    std::function<void()> resume;
  };
  /// What one account, or one address of the network, may have parsed in one tick; a single larger request goes alone.
  /// So whoever sends megabytes makes the others wait for one of them, not for all.
  static constexpr std::size_t share_bytes = 256 * 1024;
  static constexpr auto gather_max = std::chrono::milliseconds(1);

  /// True when nothing waited before: the next tick is then to be called for.
  bool add(Waiting waiting);
  [[nodiscard]] bool empty() const { return waiting_.empty(); }

  /// Who asked together will soon ask together again: after a tick of several, the next one waits for as many, but
  /// never longer than a quarter of what the last one took, and never over a millisecond. A lone client never waits.
  [[nodiscard]] bool gathers(Clock::time_point now) const;

  /// Takes what the next tick answers, in order of arrival; the rest stays.
  [[nodiscard]] std::vector<Waiting> take();
  /// A tick of so many is over.
  void ended(std::size_t jobs, Clock::time_point began, Clock::time_point now);

 private:
  std::vector<Waiting> waiting_;
  std::size_t last_jobs_ = 0;
  Clock::time_point gather_until_{};
};

}  // namespace jeton
