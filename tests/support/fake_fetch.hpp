// Other programs as a test wants them: what each URL answers, how often it was asked, and one that waits to be let go.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "outbound/fetch.hpp"

namespace jeton::testing {

class FakeFetch final : public Fetch {
 public:
  Result<std::string> fetch(const std::string& url, const FetchLimits& limits) override {
    std::unique_lock lock(mutex_);
    ++asked_;
    last_limits_ = limits;
    arrived_.notify_all();
    let_go_.wait(lock, [&] { return !held_; });
    const auto found = answers_.find(url);
    if (found == answers_.end()) return refuse(Code::overloaded, url + " cannot be asked");
    return found->second;
  }
  Result<std::string> post_json(const std::string& url, const std::string&, const std::vector<HttpHeader>&,
                                const FetchLimits& limits) override {
    return fetch(url, limits);
  }

  void answer(const std::string& url, std::string body) {
    const std::lock_guard lock(mutex_);
    answers_[url] = std::move(body);
  }
  void be_down() {
    const std::lock_guard lock(mutex_);
    answers_.clear();
  }
  /// Whoever asks waits from here on, until `go`.
  void hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  void go() {
    const std::lock_guard lock(mutex_);
    held_ = false;
    let_go_.notify_all();
  }
  void wait_until_asked(int times) {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [&] { return asked_ >= times; });
  }
  [[nodiscard]] int asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }
  [[nodiscard]] FetchLimits last_limits() const {
    const std::lock_guard lock(mutex_);
    return last_limits_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable arrived_, let_go_;
  std::map<std::string, std::string> answers_;
  FetchLimits last_limits_;
  int asked_ = 0;
  bool held_ = false;
};

}  // namespace jeton::testing
