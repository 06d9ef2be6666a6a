// How long jeton.db may become, and what still gets in at the end.
#include "support/archiving.hpp"
#include "support/signed_log.hpp"

namespace jeton::testing {
namespace {

/// Appends until the log takes no more; how many events it took.
int fill(Store& store, int& seed) {
  constexpr int more_than_any_quota_here = 20'000;
  int taken = 0;
  while (taken < more_than_any_quota_here && store.transact([&] { store.append(SignedLog::unlike_event(++seed)); }))
    ++taken;
  return taken;
}

std::uintmax_t bytes_of_file(const SignedLog& log) {
  SQLite::Database db(log.file.string(), SQLite::OPEN_READONLY);
  return static_cast<std::uintmax_t>(db.execAndGet("PRAGMA page_count").getInt64()) * 4096;
}

}  // namespace

TEST_CASE("a log without a quota has room without end") {
  const SignedLog log(1, 10);
  const auto store = log.open();
  CHECK(store->room() == INT64_MAX);
  store->limit(1 << 20);
  CHECK(store->room() < 1 << 20);
  store->limit(0);
  CHECK(store->room() == INT64_MAX);
}

TEST_CASE("a log at its quota refuses and takes work again by itself once rows are let go") {
  const SignedLog log(1, 10);
  const auto store = log.open();
  constexpr std::int64_t quota = 1 << 20, slack = 16 * 4096;
  int seed = 100;
  store->limit(quota);
  // given: a log that is full
  CHECK(fill(*store, seed) > 256);
  CHECK(fill(*store, seed) == 0);
  CHECK(store->room() < 4096);
  CHECK(bytes_of_file(log) <= quota);
  const auto size = store->size();
  Event off;
  off.kind = EventKind::agent_disabled;
  off.agent = "spiffe://acme.example/agent/1";
  REQUIRE(store->transact([&] { store->append(off); }));

  // when: what is old is archived, which needs room itself
  log.sign(*store);
  archive(*store, size / 256 * 256);
  log.sign(*store);
  CHECK(store->size() == size + 2);
  REQUIRE(store->move_archived(1) == 1);

  // then: what was let go is room
  CHECK(store->room() > 0);
  CHECK(fill(*store, seed) > 0);
  while (store->move_archived(4).value_or(0) > 0) {
  }
  CHECK(fill(*store, seed) > 256);
  CHECK(fill(*store, seed) == 0);
  CHECK(bytes_of_file(log) <= quota + slack);
  log.sign(*store);
  CHECK(log.reader()->gaps() == 0);
  CHECK(log.audit().faults_in_all == 0);
}

TEST_CASE("what the reserve is for leaves nothing of it to what stands beside it") {
  const SignedLog log(1, 10);
  const auto store = log.open();
  int seed = 100;
  store->limit(1 << 20);
  CHECK(fill(*store, seed) > 256);
  Event off;
  off.kind = EventKind::agent_disabled;
  off.agent = "spiffe://acme.example/agent/1";

  for (int switches = 0; switches < 2'000; ++switches) {
    REQUIRE(store->transact([&] { store->append(off); }));
    REQUIRE_FALSE(store->transact([&] { store->append(SignedLog::unlike_event(++seed)); }));
    REQUIRE_FALSE(store->transact([&] {
      store->append(off);
      store->append(SignedLog::unlike_event(++seed));
    }));
  }
}

TEST_CASE("a daemon starts and takes another quota and stops on a log at its quota") {
  const SignedLog log(1, 10);
  const auto store = log.open();
  int seed = 100;
  store->limit(1 << 20);
  CHECK(fill(*store, seed) > 256);
  for (const auto kind : {EventKind::sidecar_started, EventKind::config_loaded, EventKind::config_rejected,
                          EventKind::key_rotated, EventKind::sidecar_stopped}) {
    Event event;
    event.kind = kind;
    CHECK(store->transact([&] { store->append(event); }));
  }
}

TEST_CASE("a file that is longer than its quota stays as long and grows no further") {
  const SignedLog log(20, 100);
  const auto store = log.open();
  const auto before = bytes_of_file(log);
  store->limit(100'000);
  int seed = 10'000;
  (void)fill(*store, seed);
  CHECK(bytes_of_file(log) <= before + 4096);
  store->limit(0);
  CHECK(store->transact([&] { store->append(SignedLog::unlike_event(++seed)); }));
}

}  // namespace jeton::testing
