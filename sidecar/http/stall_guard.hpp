// A disk that hangs must not hang everybody: while the loop waits for it, another thread says so in its place.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

namespace jeton {

/// Watches the loop's waits for the disk. One that takes longer than `patience` hands the loop's other work to this
/// guard's thread until the wait is over: `meanwhile` is then called again and again, never while the loop itself runs.
/// A wait that is over in time costs two atomic writes. begin and end belong to the loop's thread.
class StallGuard {
 public:
  explicit StallGuard(std::chrono::nanoseconds patience = std::chrono::milliseconds(120));
  ~StallGuard();
  StallGuard(const StallGuard&) = delete;
  StallGuard& operator=(const StallGuard&) = delete;

  /// A short slice of the loop's other work; `first` of a wait. Set before the first begin.
  void set_meanwhile(std::function<void(bool first)> slice) { slice_ = std::move(slice); }

  void begin();
  /// True when the guard took over: what waited has been answered already. Returns when its last slice is over.
  bool end();

  /// Whether the guard runs the loop's work now; asked by that work.
  [[nodiscard]] bool has_taken_over() const { return state_.load() == taken_over; }

 private:
  enum State : int { idle, waiting, taken_over };
  void watch();

  const std::chrono::nanoseconds patience_;
  std::function<void(bool)> slice_;
  std::atomic<int> state_ = idle;
  std::atomic<bool> over_ = false;
  std::atomic<std::int64_t> since_ns_ = 0;
  std::atomic<bool> asleep_ = false;
  bool ending_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::thread thread_;
};

}  // namespace jeton
