// The only two clocks: the wall, which people read and which may jump, and the boot clock, which only goes forward.
#pragma once

#include <cstdint>

namespace jeton {

/// Microseconds everywhere. Implementations are thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Since the Unix epoch. May jump in either direction.
  [[nodiscard]] virtual std::int64_t wall_us() const = 0;
  /// CLOCK_BOOTTIME: never goes back, counts through suspend, starts again with the machine.
  [[nodiscard]] virtual std::int64_t boot_us() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] std::int64_t wall_us() const override;
  [[nodiscard]] std::int64_t boot_us() const override;
};

inline constexpr std::int64_t us_per_s = 1'000'000;

}  // namespace jeton
