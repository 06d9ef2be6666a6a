// Orders are counted and keys queued; the lock is never held while a key is made.
#include "identity/key_maker.hpp"

#include <chrono>
#include <csignal>
#include <exception>
#include <system_error>

#include <sys/resource.h>

#include "ops/log.hpp"

namespace jeton {
namespace {

constexpr std::chrono::seconds pause_after_failure{1};
constexpr int nicer_than_the_loop = 10;

}  // namespace

KeyMaker::~KeyMaker() {
  ending_.store(true);
  {
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void KeyMaker::order() {
  {
    const std::lock_guard lock(mutex_);
    ++ordered_;
    changed_.notify_all();
  }
  begin();
}

std::optional<SigningKey> KeyMaker::take() {
  begin();
  const std::lock_guard lock(mutex_);
  if (made_.empty()) return std::nullopt;
  std::optional<SigningKey> key(std::move(made_.front()));
  made_.pop_front();
  return key;
}

/// A machine that has no room for another thread now may have some a second later: take() is asked again.
void KeyMaker::begin() {
  if (thread_.joinable()) return;
  // Signals are the loop's.
  sigset_t all, before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    thread_ = std::thread([this] { work(); });
  } catch (const std::system_error& error) {
    log_line(Level::warning, "no thread to make RS256 keys with", {{"why", error.what()}});
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void KeyMaker::work() {
  ::setpriority(PRIO_PROCESS, 0, nicer_than_the_loop);  // on Linux of this thread alone
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return ordered_ > 0 || ending_.load(); });
    if (ending_.load()) return;
    lock.unlock();
    std::optional<SigningKey> key;
    try {
      key = make_([this] { return !ending_.load(); });
    } catch (const std::exception& error) {
      log_line(Level::warning, "no RS256 key could be made; it is tried again", {{"why", error.what()}});
    }
    lock.lock();
    if (key) {
      --ordered_;
      made_.push_back(std::move(*key));
    } else {
      changed_.wait_for(lock, pause_after_failure, [this] { return ending_.load(); });
    }
  }
}

}  // namespace jeton
