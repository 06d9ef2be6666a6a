// Round robin over accounts, with a share of the threads that none of them can exceed.
#include "http/errand_pool.hpp"

#include <csignal>
#include <system_error>
#include <utility>

namespace jeton {
namespace {

/// Signals are the loop's: a thread is born with those blocked that are blocked where it is made.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

ErrandPool::~ErrandPool() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    changed_.notify_all();
  }
  for (auto& thread : threads_) thread.join();
}

bool ErrandPool::post(const std::string& account, std::function<void()> errand) {
  const std::lock_guard lock(mutex_);
  const auto known = accounts_.find(account);
  if (waiting_ >= size_.waiting || (known != accounts_.end() && known->second.waiting.size() >= size_.waiting_each))
    return false;
  // Before anything is queued: who is told that it failed must not have its errand run later.
  if (idle_ <= waiting_ && threads_.size() < size_.threads) add_thread();
  if (threads_.empty()) return false;
  accounts_[account].waiting.push_back(std::move(errand));
  ++waiting_;
  changed_.notify_one();
  return true;
}

void ErrandPool::add_thread() {
  const SignalsBlocked blocked;
  try {
    threads_.emplace_back([this] { work(); });
  } catch (const std::system_error&) {
    // The machine gives no more now, as under TasksMax. Those that are there do with it.
  }
}

std::map<std::string, ErrandPool::Account>::iterator ErrandPool::next() {
  auto turn = accounts_.upper_bound(last_);
  for (std::size_t seen = 0; seen < accounts_.size(); ++seen, ++turn) {
    if (turn == accounts_.end()) turn = accounts_.begin();
    if (!turn->second.waiting.empty() && turn->second.running < size_.threads_each) return turn;
  }
  return accounts_.end();
}

void ErrandPool::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    auto turn = accounts_.end();
    ++idle_;
    changed_.wait(lock, [&] { return ending_ || (turn = next()) != accounts_.end(); });
    --idle_;
    if (ending_) return;
    auto errand = std::move(turn->second.waiting.front());
    turn->second.waiting.pop_front();
    ++turn->second.running;
    --waiting_;
    last_ = turn->first;
    lock.unlock();
    errand();
    errand = nullptr;
    lock.lock();
    // Only an account with nothing waiting and nothing running is forgotten: this one has been running.
    if (--turn->second.running == 0 && turn->second.waiting.empty()) accounts_.erase(turn);
    changed_.notify_one();
  }
}

}  // namespace jeton
