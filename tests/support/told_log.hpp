// A log of two days that is the same in every run, ids and all: docs/log.md answers its questions about it.
#pragma once

#include <functional>
#include <memory>

#include "store/sqlite_store.hpp"
#include "support/catch.hpp"
#include "support/events.hpp"

namespace jeton::testing {

/// Writes the log into `file`. Its calls are numbered; txn and jti of call N, attempt K, are id_of(N) and id_of(100 N +
/// K).
class ToldLog {
 public:
  explicit ToldLog(const std::filesystem::path& file) {
    auto store = open_sqlite_store(file, Sync::normal);
    REQUIRE(store);
    store_ = std::move(*store);
    REQUIRE(store_->transact([this] { tell(); }));
  }

 private:
  using Fill = std::function<void(Event&)>;
  std::uint64_t add(EventKind kind, const Fill& fill = {});
  Event of(EventKind kind, int call, int attempt) const;
  void minted(int call, int attempt, const Fill& fill = {});
  std::uint64_t redeemed(int call, int attempt, int uid);
  void server_says(int call, int attempt, Outcome outcome);
  void agent_says(int call, Outcome outcome);
  void refused(Verb verb, Code code, int uid, const Fill& fill);
  void daemon(EventKind kind, const char* detail = nullptr);
  void tell();
  void tell_first_day();
  void tell_second_day();

  std::unique_ptr<Store> store_;
  std::int64_t time_us_ = 1'714'032'000'000'000;  // 2024-04-25 08:00:00
};

}  // namespace jeton::testing
