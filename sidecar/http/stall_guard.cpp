// One state decides who runs: the loop takes its wait back, or the guard has taken it over, never both.
#include "http/stall_guard.hpp"

#include <csignal>
#include <utility>

namespace jeton {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr int glances_in_patience = 6;
constexpr int glances_before_sleep = 50;

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(SteadyClock::now().time_since_epoch()).count();
}

}  // namespace

StallGuard::StallGuard(std::chrono::nanoseconds patience) : patience_(patience) {
  // Signals are the loop's.
  sigset_t all, before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { watch(); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

StallGuard::~StallGuard() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

void StallGuard::begin() {
  since_ns_.store(now_ns());
  state_.store(waiting);
  if (!asleep_.load()) return;
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
}

bool StallGuard::end() {
  int expected = waiting;
  if (state_.compare_exchange_strong(expected, idle) || expected == idle) return false;
  over_.store(true);
  const std::lock_guard lock(mutex_);  // held by the guard until its last slice is over
  over_.store(false);
  state_.store(idle);
  return true;
}

void StallGuard::watch() {
  std::unique_lock lock(mutex_);
  int idle_glances = 0;
  while (!ending_) {
    if (idle_glances > glances_before_sleep) {
      // Nothing happens here for as long as nobody asks anything: an idle daemon wakes nobody.
      asleep_.store(true);
      changed_.wait(lock, [this] { return ending_ || state_.load() != idle; });
      asleep_.store(false);
      idle_glances = 0;
    }
    changed_.wait_for(lock, patience_ / glances_in_patience, [this] { return ending_; });
    if (state_.load() != waiting) {
      ++idle_glances;
      continue;
    }
    idle_glances = 0;
    if (now_ns() - since_ns_.load() < patience_.count()) continue;
    int expected = waiting;
    if (!state_.compare_exchange_strong(expected, taken_over)) continue;
    // One slice at least, though the wait be over by now: end() says that what waited has been answered.
    bool first = true;
    do {
      slice_(std::exchange(first, false));
    } while (!over_.load());
    // The loop's thread waits for the lock and puts the state back; until then this thread must not look again.
    lock.unlock();
    while (state_.load() == taken_over) std::this_thread::yield();
    lock.lock();
  }
}

}  // namespace jeton
