// The port of the ledger: one durable, append-only home of events and of the fact that a token is spent.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "jeton/event.hpp"
#include "jeton/key.hpp"
#include "jeton/token.hpp"

namespace jeton {

/// Rows that no jetond wrote: an edited, corrupt or foreign log. Thrown by what reads it; transact turns it into
/// log_unavailable.
struct LogDamaged : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// How many events there are, and the RFC 6962 root over their leaves.
struct TreeHead {
  std::uint64_t size = 0;
  Sha256 root{};
};

/// A checkpoint as it is kept: its origin is the log's.
struct SignedHead {
  TreeHead head;
  std::int64_t time_us = 0;
  Signature signature;  ///< Ed25519, 64 bytes
};

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

  /// Inside transact: keeps sealed bytes beside the event at this index, durable with it. They are no part of the log
  /// and can be deleted; the event has their SHA-256.
  virtual void keep_sealed(std::uint64_t log_index, std::string_view bytes) = 0;

  /// Inside transact: spends the token. At most one call ever succeeds for a jti, whatever was decided before: the
  /// ledger itself holds a uniqueness on it. `event` becomes the `token.redeemed` of this token. Nothing when it is
  /// already spent.
  [[nodiscard]] virtual std::optional<std::uint64_t> redeem(const VerifiedToken& token, Event event) = 0;

  /// The events that make up a call's state, in order; refusals are not among them.
  [[nodiscard]] virtual std::vector<Event> story(const Txn& txn) const = 0;
  /// The `token.redeemed` of a token.
  [[nodiscard]] virtual std::optional<Event> spent(const Jti& jti) const = 0;
  /// The events that say who is disabled and what is revoked for good, in order.
  [[nodiscard]] virtual std::vector<Event> controls() const = 0;
  /// How many events there are; the next index.
  [[nodiscard]] virtual std::uint64_t size() const = 0;

  /// The tree over all events; outside of transact over the committed ones.
  [[nodiscard]] virtual TreeHead head() const = 0;
  /// The root of the first `size` events, from what was stored when they were appended: O(log n). Throws
  /// LogDamaged when that is missing, and another std::runtime_error when the file cannot be read.
  [[nodiscard]] virtual Sha256 root_at(std::uint64_t size) const = 0;
  /// Keeps a signed head. When this returns it is durable, and so is every event below it, whatever the durability of
  /// transact. Outside of transact.
  [[nodiscard]] virtual Result<void> keep(const SignedHead& head) = 0;
  /// The newest that was kept, and how many there are.
  [[nodiscard]] virtual std::optional<SignedHead> newest_head() const = 0;
  [[nodiscard]] virtual std::uint64_t heads() const = 0;

  /// Events below this are archived, as the newest `log.archived` says (its `cited_size`): a multiple of 256. A call of
  /// which one of them is has no story any more, whatever of it is left.
  [[nodiscard]] virtual std::uint64_t archived() const = 0;
  /// Whether an archived event of this call is still there, or a later one is left of it: its txn begins no other call.
  [[nodiscard]] virtual bool is_cut(const Txn& txn) const = 0;
  /// How many events below an index stay for as long as the log does: who is disabled, which runs are revoked, that it
  /// was recovered.
  [[nodiscard]] virtual std::uint64_t standing(std::uint64_t below) const = 0;
  /// The newest time among the last 256 events below an index that is a multiple of it.
  [[nodiscard]] virtual std::int64_t newest_us(std::uint64_t below) const = 0;
  /// Outside of transact: lets rows of archived events go, 256 a tile and up to so many tiles, in one durable
  /// transaction, once a kept head covers the `log.archived`. Their leaf hashes stay, so no root changes. How many
  /// tiles; 0 when there is none left. log_unavailable for rows that do not lead to the stored tree: those stay.
  [[nodiscard]] virtual Result<std::size_t> move_archived(std::size_t tiles) = 0;

  /// From now on the file grows to so many bytes and no further; 0: as far as the disk goes. A file that is longer
  /// already stays as long. What ends something, a `log.archived`, a kept head and a daemon's own events may take 4 MiB
  /// more, so that what waits to be written is never in the way of what makes room.
  virtual void limit(std::int64_t bytes) = 0;
  /// Bytes that events may still take, free places in the file among them; INT64_MAX without a limit.
  [[nodiscard]] virtual std::int64_t room() const = 0;

  /// A name of this ledger, made once: a UUID.
  [[nodiscard]] virtual std::string id() const = 0;
  /// The origin of its checkpoints: kept since it was first asked for, `proposed` where it never was.
  [[nodiscard]] virtual Result<std::string> origin(const std::string& proposed) = 0;
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
  /// The same for up to `limit` calls whose opener named this one as their parent, oldest first.
  [[nodiscard]] virtual std::vector<Opening> children(const Txn& parent, std::size_t limit) const = 0;
  [[nodiscard]] virtual std::uint64_t size() const = 0;
  /// What of the log is archived. Its rows are gone, but for those that stand (see Store); the tree has all its leaves.
  struct Archive {
    std::uint64_t first = 0;    ///< from here on every row is there; a multiple of 256
    std::uint64_t below = 0;    ///< up to here rows are going
    std::int64_t time_us = 0;   ///< of the `log.archived` that says so
    std::uint64_t said_at = 0;  ///< its index
    std::uint64_t lost = 0;     ///< so many that should stand are not there
  };
  [[nodiscard]] virtual Archive archive() const = 0;
  /// As Store::is_cut: what is left of this call is no call.
  [[nodiscard]] virtual bool is_cut(const Txn& txn) const = 0;
  /// Indexes missing from the archive's `first` on, below `size`. A whole log has none.
  [[nodiscard]] virtual std::uint64_t gaps() const = 0;
  /// Rows where no log has any: at indexes below zero.
  [[nodiscard]] virtual std::uint64_t strays() const = 0;
  /// What is in the schema and not jetond's own, differs from it, or is missing: "the view calls", "the trigger x"; and
  /// indexes that do not lead to the rows that are there. Reads everything.
  [[nodiscard]] virtual std::vector<std::string> altered() const = 0;

  /// A row with the leaf hash that was stored beside it when it was written. `event` is null, and `trouble` says why,
  /// where the row holds a value no event can have. Both live as long as the visit.
  struct Row {
    std::uint64_t log_index;
    const Event* event;
    std::optional<Sha256> leaf;
    std::string_view trouble;
  };
  /// Shows up to `limit` rows from an index on, in order; how many there were.
  virtual std::size_t visit(std::uint64_t from, std::size_t limit,
                            const std::function<void(const Row&)>& see) const = 0;
  /// The stored root of the complete subtree over the events [n << level, (n + 1) << level).
  [[nodiscard]] virtual Sha256 subtree(unsigned level, std::uint64_t n) const = 0;
  /// Up to `limit` signed heads of at least `from_size` events, smallest first.
  [[nodiscard]] virtual std::vector<SignedHead> heads(std::uint64_t from_size, std::size_t limit) const = 0;
  [[nodiscard]] virtual std::optional<SignedHead> newest_head() const = 0;
  /// What was sealed beside the event at this index, unless it was deleted.
  [[nodiscard]] virtual std::optional<std::string> sealed(std::uint64_t log_index) const = 0;
  /// Empty for a log that never signed.
  [[nodiscard]] virtual std::string origin() const = 0;
};

}  // namespace jeton
