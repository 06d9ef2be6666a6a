// A clock that a test turns by hand: time passes on both dials, and the wall can be set without it.
#pragma once

#include "jeton/clock.hpp"

namespace jeton::testing {

class FakeClock final : public Clock {
 public:
  [[nodiscard]] std::int64_t wall_us() const override { return wall_us_; }
  [[nodiscard]] std::int64_t boot_us() const override { return boot_us_; }

  /// Time passes.
  void pass_us(std::int64_t us) {
    wall_us_ += us;
    boot_us_ += us;
  }
  void pass_s(std::int64_t s) { pass_us(s * us_per_s); }
  /// Somebody sets the wall clock; no time passes.
  void set_wall_back_s(std::int64_t s) { wall_us_ -= s * us_per_s; }
  void set_wall_ahead_s(std::int64_t s) { wall_us_ += s * us_per_s; }
  /// The machine starts again: the boot clock is near zero, the wall clock goes on.
  void reboot() { boot_us_ = 3 * us_per_s; }

 private:
  std::int64_t wall_us_ = 1'790'000'000'123'456;
  std::int64_t boot_us_ = 5'000 * us_per_s;
};

}  // namespace jeton::testing
