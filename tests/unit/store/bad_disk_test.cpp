// The disk fails, or the machine stops, at every write and every sync there is: what was confirmed is there afterwards.
#include "support/bad_vfs.hpp"

#include <algorithm>

#include "jeton/merkle.hpp"
#include "store/sqlite_store.hpp"
#include "store/sqlite_wal_room.hpp"
#include "support/catch.hpp"
#include "support/events.hpp"

namespace {

using jeton::Event;
using jeton::EventKind;
using jeton::Sync;
using jeton::testing::BadVfs;
using jeton::testing::id_of;
using Fault = BadVfs::Fault;

Event numbered_event(int number) {
  auto event = jeton::testing::event_of(number % 2 == 0 ? EventKind::token_redeemed : EventKind::token_minted, number);
  event.agent = "spiffe://acme.example/agent/" + std::to_string(number % 5);
  // Long enough that a transaction is several pages.
  event.tool = std::string(700, 't') + std::to_string(number);
  return event;
}

/// A ledger on the bad disk, and what was promised about it.
class Life {
 public:
  explicit Life(Sync sync) : sync_(sync) {}

  [[nodiscard]] BadVfs& disk() { return disk_; }

  /// Transactions of one to three events, with a checkpoint after every third. With `go_on` what fails is asked again
  /// as the next request would; without, the first failure ends it.
  void live(bool go_on) {
    if (!open() && !(go_on && open())) return;
    for (int round = 0; round < rounds; ++round) {
      if (!write(1 + round % 3) && !go_on) return;
      if (round % 3 == 2 && !sign() && !go_on) return;
    }
  }

  bool open() {
    auto opened = jeton::open_sqlite_store("/disk/jeton.db", sync_);
    if (!opened) return false;
    store_ = std::move(*opened);
    return true;
  }

  void power_failure(std::optional<unsigned> seed) {
    disk_.power_off();
    store_.reset();
    disk_.reboot(seed);
  }

  /// Everything that was confirmed is there, nothing is half there, and no checkpoint is ahead of the log.
  void check_after_restart() {
    REQUIRE(open());
    const auto size = store_->size();
    CHECK(size >= (sync_ == Sync::full ? confirmed_ : signed_));
    CHECK(std::find(ends_.begin(), ends_.end(), size) != ends_.end());
    CHECK(store_->head().root == root_of(size));
    const auto newest = store_->newest_head();
    CHECK((newest ? newest->head.size : 0) >= signed_);
    if (newest) {
      CHECK(newest->head.size <= size);
      CHECK(store_->root_at(newest->head.size) == newest->head.root);
      CHECK(newest->head.root == root_of(std::min(newest->head.size, size)));
    }
    for (std::size_t i = 0; i < size; ++i)
      if (events_[i].kind == EventKind::token_redeemed) CHECK(store_->spent(*events_[i].jti));
    // And the log goes on.
    const auto more = store_->transact([&] { store_->append(numbered_event(100'000)); });
    CHECK(more);
    CHECK(store_->size() == size + 1);
  }

  /// One transaction. What an error leaves behind is seen at the next one: nothing, or, when the sync itself failed,
  /// perhaps everything.
  bool write(int count) {
    std::vector<Event> batch;
    for (int i = 0; i < count; ++i) batch.push_back(numbered_event(next_++));
    const auto done = store_->transact([&] {
      for (const auto& event : batch) store_->append(event);
    });
    bool kept = done.has_value();
    if (!done) {
      CHECK(done.error().code == jeton::Code::log_unavailable);
      if (!disk_.is_down()) {
        REQUIRE(store_->transact([] {}));
        kept = store_->size() != events_.size();
        if (kept) CHECK(disk_.struck_sync());
      }
    }
    if (kept || disk_.is_down()) {
      events_.insert(events_.end(), batch.begin(), batch.end());
      ends_.push_back(events_.size());
    }
    if (done) confirmed_ = events_.size();
    return done.has_value();
  }

  bool sign() {
    const jeton::SignedHead head{store_->head(), 1'790'000'000'000'000, jeton::Signature(64)};
    if (!store_->keep(head)) return false;
    signed_ = head.head.size;
    return true;
  }

 private:
  static constexpr int rounds = 7;

  [[nodiscard]] jeton::Sha256 root_of(std::uint64_t size) const {
    jeton::TreeEdge edge;
    for (std::uint64_t i = 0; i < std::min<std::uint64_t>(size, events_.size()); ++i)
      edge.append(leaf_hash(events_[i]));
    return edge.root();
  }

  Sync sync_;
  BadVfs disk_;
  std::unique_ptr<jeton::Store> store_;
  std::vector<Event> events_;
  std::vector<std::uint64_t> ends_{0};
  std::uint64_t confirmed_ = 0, signed_ = 0;
  int next_ = 1;
};

/// Tries a fault at every operation of a life, or at every so many of them.
void at_every_operation(Sync sync, Fault fault, std::optional<unsigned> seed, std::uint64_t step = 1) {
  for (std::uint64_t n = 1;; n += step) {
    Life life(sync);
    life.disk().fail_at(n, fault);
    life.live(fault != Fault::crash);
    const bool struck = life.disk().struck();
    life.disk().fail_at(0, fault);
    life.power_failure(seed ? std::optional(*seed + static_cast<unsigned>(n)) : std::nullopt);
    INFO("operation " << n << " of " << life.disk().operations());
    life.check_after_restart();
    if (!struck) return;
  }
}

/// In an ordinary run of the tests not every operation is tried with everything.
constexpr std::uint64_t some = 3;

}  // namespace

TEST_CASE("a machine that stops at any write or sync keeps all that was confirmed when every commit is synced") {
  at_every_operation(Sync::full, Fault::crash, std::nullopt);
}

TEST_CASE("a machine that stops at any write or sync keeps all that was confirmed and half of what was not") {
  at_every_operation(Sync::full, Fault::crash, 1, some);
}

TEST_CASE("a machine that stops keeps every event below a kept checkpoint when commits are not synced") {
  at_every_operation(Sync::normal, Fault::crash, std::nullopt, some);
  at_every_operation(Sync::normal, Fault::crash, 1, some);
}

TEST_CASE("a write or sync that fails once grants nothing and the next request finds the log as it was") {
  for (const auto fault : {Fault::error, Fault::full}) at_every_operation(Sync::full, fault, std::nullopt, some);
  at_every_operation(Sync::normal, Fault::error, std::nullopt, some);
}

TEST_CASE("a sync that failed and took its pages for written loses nothing that is confirmed later") {
  at_every_operation(Sync::full, Fault::forgetful, std::nullopt, some);
  at_every_operation(Sync::normal, Fault::forgetful, std::nullopt, some);
}

TEST_CASE("a checkpoint after a sync that failed is kept only when all below it is on the disk") {
  for (std::uint64_t later = 2; later <= 12; later += 2) {
    // given: commits that are not synced, and a checkpoint whose sync took their pages for written and failed
    Life life(Sync::normal);
    REQUIRE(life.open());
    for (int i = 0; i < 4; ++i) REQUIRE(life.write(2));
    bool signed_for = true;
    for (std::uint64_t n = 1; signed_for || !life.disk().struck_sync(); ++n) {
      REQUIRE(life.write(2));
      life.disk().fail_at(life.disk().operations() + n, Fault::forgetful);
      signed_for = life.sign();
    }

    // when: the next one meets an error somewhere on its way, and then the power fails
    life.disk().fail_at(life.disk().operations() + later, Fault::error);
    life.write(1);
    life.sign();
    life.disk().fail_at(0, Fault::error);
    life.power_failure(std::nullopt);

    // then: what was signed for is there
    INFO("an error " << later << " operations later");
    life.check_after_restart();
  }
}

TEST_CASE("an error of once does not keep a log whose commits are synced from beginning anew for good") {
  Life life(Sync::full);
  REQUIRE(life.open());
  // given: one commit that failed
  life.disk().fail_at(life.disk().operations() + 1, Fault::error);
  REQUIRE_FALSE(life.write(1));
  const auto room = life.disk().bytes_of("/disk/jeton.db-wal");
  REQUIRE(room >= static_cast<std::size_t>(jeton::wal_room_bytes));

  // when: so much is written within a second that the next second gets more room
  for (int i = 0; i < 60; ++i) REQUIRE(life.write(3));
  REQUIRE(life.disk().bytes_of("/disk/jeton.db-wal") == room);
  REQUIRE(life.sign());
  CHECK(life.disk().bytes_of("/disk/jeton.db-wal") > room);
}

TEST_CASE("every fault at every write and sync", "[.long]") {
  for (const auto sync : {Sync::full, Sync::normal}) {
    for (const auto fault : {Fault::crash, Fault::error, Fault::full, Fault::forgetful})
      at_every_operation(sync, fault, std::nullopt);
    for (const unsigned seed : {1u, 1'000u, 2'000u}) at_every_operation(sync, Fault::crash, seed);
  }
}
