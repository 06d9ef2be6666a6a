// The port of the ledger: one durable, append-only home of events and of the fact that a token is spent.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "jeton/event.hpp"
#include "jeton/token.hpp"

namespace jeton {

/// The writer's side. The log *is* the ledger: a token is spent when its `token.redeemed` is in the log, and a call's
/// state is what its events say. One thread; one Store per state directory.
class Store {
 public:
  virtual ~Store() = default;

  /// Runs `work` in one transaction. Everything it appended is durable when this returns; on log_unavailable nothing of
  /// it is kept (or, when the disk failed in the middle of a sync, it is *unknown*). Not reentrant.
  [[nodiscard]] virtual Result<void> transact(const std::function<void()>& work) = 0;

  /// Inside transact: runs `part`, and takes back only what `part` appended when it throws; then throws on.
  virtual void isolate(const std::function<void()>& part) = 0;

  /// Inside transact: appends the event at the next index and returns that.
  virtual std::uint64_t append(const Event& event) = 0;

  /// Inside transact: spends the token. At most one call ever succeeds for a jti, whatever was decided before: the
  /// ledger itself holds a uniqueness on it. `event` becomes the `token.redeemed` of this token. Nothing when it is
  /// already spent.
  [[nodiscard]] virtual std::optional<std::uint64_t> redeem(const VerifiedToken& token, Event event) = 0;

  /// The events that make up a call's state, in order; refusals are not among them.
  [[nodiscard]] virtual std::vector<Event> story(const Txn& txn) const = 0;
  /// The `token.redeemed` of a token.
  [[nodiscard]] virtual std::optional<Event> spent(const Jti& jti) const = 0;
  /// How many events there are; the next index.
  [[nodiscard]] virtual std::uint64_t size() const = 0;

  /// A name of this ledger, made once: a UUID.
  [[nodiscard]] virtual std::string id() const = 0;
};

/// The readers' side: short read transactions, never a lock a writer would wait for.
class LogReader {
 public:
  virtual ~LogReader() = default;
  /// Up to `limit` events from an index on.
  [[nodiscard]] virtual std::vector<Event> read(std::uint64_t from, std::size_t limit) const = 0;
  /// Everything with this txn, refusals included, in order.
  [[nodiscard]] virtual std::vector<Event> everything_of(const Txn& txn, std::size_t limit) const = 0;
  /// The txn of up to `limit` calls opened before `before`, newest first, each with the index of its first event.
  struct Opening {
    Txn txn;
    std::uint64_t log_index;
  };
  [[nodiscard]] virtual std::vector<Opening> openings(std::uint64_t before, std::size_t limit) const = 0;
  [[nodiscard]] virtual std::uint64_t size() const = 0;
  /// Indexes missing below `size`. A whole log has none.
  [[nodiscard]] virtual std::uint64_t gaps() const = 0;
};

}  // namespace jeton
