// Threads for what a request needs of another program, shared fairly: whoever waits for a slow one holds nobody else
// up.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace jeton {

/// Runs errands, each account's in their order, the accounts in turn. Threads are made when they are first needed: most
/// daemons run no errand. Thread-safe.
class ErrandPool {
 public:
  struct Size {
    std::size_t threads = 16;
    std::size_t threads_each = 4;  ///< what one account can have busy
    std::size_t waiting = 512;
    std::size_t waiting_each = 128;  ///< as many as an account has connections, unless that was configured
  };
  ErrandPool() : ErrandPool(Size{}) {}
  explicit ErrandPool(Size size) : size_(size) {}
  /// Drops what waits, and waits for what runs.
  ~ErrandPool();
  ErrandPool(const ErrandPool&) = delete;
  ErrandPool& operator=(const ErrandPool&) = delete;

  /// False, and nothing will run, when too many wait already, in all or of this account, or when there is no thread and
  /// none to be had. `errand` must not throw.
  [[nodiscard]] bool post(const std::string& account, std::function<void()> errand);

 private:
  struct Account {
    std::deque<std::function<void()>> waiting;
    std::size_t running = 0;
  };
  void work();
  /// Under the mutex: one more, if the machine gives it.
  void add_thread();
  /// Under the mutex: the account whose turn it is, if one may begin an errand.
  [[nodiscard]] std::map<std::string, Account>::iterator next();

  const Size size_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Account> accounts_;  ///< those with something waiting or running
  std::string last_;                         ///< who had the last turn
  std::size_t waiting_ = 0;
  std::size_t idle_ = 0;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace jeton
