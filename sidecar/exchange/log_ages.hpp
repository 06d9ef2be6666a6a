// Which events are a day old, by the clock that cannot be set.
#pragma once

#include <cstdint>
#include <deque>

namespace jeton {

/// How long the log was, hour by hour. One thread.
class LogAges {
 public:
  /// What was there at the start is as old as its own times say.
  LogAges(std::uint64_t size, std::int64_t boot_us) : marks_{{boot_us, size}} {}

  void note(std::uint64_t size, std::int64_t boot_us);
  /// Events below this were written a day ago, or by an earlier process.
  [[nodiscard]] std::uint64_t old_below(std::int64_t boot_us) const;

 private:
  struct Mark {
    std::int64_t boot_us;
    std::uint64_t size;
  };
  std::deque<Mark> marks_;  ///< the first is a day old, or the start
};

}  // namespace jeton
