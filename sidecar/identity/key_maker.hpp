// RSA keys take too long for the loop: a thread that makes them, and the port it stands behind.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "jeton/key.hpp"

namespace jeton {

/// Where RS256 keys come from. Neither function waits.
class SlowKeys {
 public:
  virtual ~SlowKeys() = default;
  /// One more is wanted. Whatever hinders, it is made some time.
  virtual void order() = 0;
  /// One that was ordered and is ready.
  [[nodiscard]] virtual std::optional<SigningKey> take() = 0;
};

/// One thread, begun with the first order: it inherits the system calls that were given up, takes no signal, and gives
/// way to the loop. Destroying it ends a key in the making within milliseconds.
class KeyMaker final : public SlowKeys {
 public:
  /// On that thread: one key, or nothing once `go_on` says no. What it throws is logged, and it is asked again.
  using Make = std::function<std::optional<SigningKey>(const std::function<bool()>& go_on)>;
  explicit KeyMaker(Make make = SigningKey::generate_rs256) : make_(std::move(make)) {}
  ~KeyMaker() override;
  KeyMaker(const KeyMaker&) = delete;
  KeyMaker& operator=(const KeyMaker&) = delete;

  void order() override;
  [[nodiscard]] std::optional<SigningKey> take() override;

 private:
  void begin();
  void work();

  const Make make_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int ordered_ = 0;
  std::deque<SigningKey> made_;
  std::atomic<bool> ending_ = false;
  std::thread thread_;  ///< the loop's; nobody else begins or joins it
};

}  // namespace jeton
