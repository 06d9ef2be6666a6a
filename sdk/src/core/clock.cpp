// The system's two clocks, read in microseconds.
#include "jeton/clock.hpp"

#include <cerrno>
#include <ctime>
#include <system_error>

namespace jeton {
namespace {

std::int64_t read_us(clockid_t which) {
  timespec now{};
  if (clock_gettime(which, &now) != 0) throw std::system_error(errno, std::generic_category(), "clock_gettime");
  return static_cast<std::int64_t>(now.tv_sec) * us_per_s + now.tv_nsec / 1000;
}

}  // namespace

std::int64_t SystemClock::wall_us() const { return read_us(CLOCK_REALTIME); }

std::int64_t SystemClock::boot_us() const { return read_us(CLOCK_BOOTTIME); }

}  // namespace jeton
