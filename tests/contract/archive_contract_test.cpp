// What every driver of the ledger promises about archived events, asked of each in turn.
#include "support/archiving.hpp"
#include "support/events.hpp"
#include "support/store_drivers.hpp"

namespace {

using jeton::Event;
using jeton::EventKind;
using jeton::Jti;
using jeton::Txn;
using jeton::testing::archive;
using jeton::testing::event_of;
using jeton::testing::id_of;
using jeton::testing::InMemory;
using jeton::testing::OnDisk;

Event control(EventKind kind, const std::string& agent) {
  Event event;
  event.kind = kind;
  event.time_us = 1'790'000'000'000'000;
  event.agent = agent;
  return event;
}

/// Calls of the numbers from `from` on, an opening, a mint and a redemption each, up to this size.
void fill(jeton::Store& store, std::uint64_t size, int from) {
  REQUIRE(store.transact([&] {
    for (int number = from; store.size() < size; ++number)
      for (const auto kind : {EventKind::call_opened, EventKind::token_minted, EventKind::token_redeemed})
        if (store.size() < size) store.append(event_of(kind, number));
  }));
}

void sign(jeton::Store& store) {
  jeton::SignedHead head;
  head.head = store.head();
  head.signature.resize(64);
  REQUIRE(store.keep(head));
}

/// The one in memory works each of them out anew: there some must do.
template <class Ledger>
std::vector<jeton::Sha256> roots_of(Ledger& ledger, std::uint64_t sizes) {
  constexpr std::uint64_t step = std::is_same_v<Ledger, InMemory> ? 75 : 1;
  std::vector<jeton::Sha256> roots;
  for (std::uint64_t size = 0; size <= sizes; size += step) roots.push_back(ledger.store().root_at(size));
  return roots;
}

std::vector<std::uint64_t> places(const jeton::LogReader& log, std::uint64_t from) {
  std::vector<std::uint64_t> found;
  for (const auto& event : log.read(from, 10'000)) found.push_back(event.log_index);
  return found;
}

}  // namespace

TEMPLATE_TEST_CASE("an archived log has the roots and hashes it had at every size", "[store][archive]", OnDisk,
                   InMemory) {
  TestType ledger;
  fill(ledger.store(), 900, 1);
  const auto roots = roots_of(ledger, 900);
  const auto before = ledger.reader();

  archive(ledger.store(), 768);
  sign(ledger.store());
  // when: a tile, an end of the process, and the rest
  CHECK(ledger.store().move_archived(1) == 1);
  CHECK((roots_of(ledger, 900) == roots));
  ledger.reopen();
  CHECK(ledger.store().move_archived(7) == 2);
  CHECK(ledger.store().move_archived(7) == 0);

  // then: every root, every hash, and the log grows on as it would have
  CHECK((roots_of(ledger, 900) == roots));
  const auto reader = ledger.reader();
  for (std::uint64_t n = 0; n < 900; ++n)
    CHECK((reader->subtree(0, n) ==
           leaf_hash(event_of(
               std::array{EventKind::call_opened, EventKind::token_minted, EventKind::token_redeemed}.at(n % 3),
               static_cast<int>(n / 3) + 1))));
  CHECK(reader->archive().first == 768);
  CHECK(reader->archive().below == 768);
  CHECK(reader->archive().lost == 0);
  CHECK(reader->gaps() == 0);
  CHECK(reader->size() == 901);
  CHECK(places(*reader, 0).front() == 768);
  CHECK(places(*reader, 0).size() == 901 - 768);
  fill(ledger.store(), 1100, 500);
  CHECK(ledger.store().size() == 1100);
  CHECK(ledger.reader()->gaps() == 0);
}

TEMPLATE_TEST_CASE("no row goes before what says so is signed for", "[store][archive]", OnDisk, InMemory) {
  TestType ledger;
  fill(ledger.store(), 600, 1);
  sign(ledger.store());
  CHECK(ledger.store().move_archived(9) == 0);
  archive(ledger.store(), 512);
  CHECK(ledger.store().move_archived(9) == 0);
  CHECK(ledger.reader()->archive().first == 0);
  CHECK(ledger.reader()->archive().below == 512);
  sign(ledger.store());
  CHECK(ledger.store().move_archived(9) == 2);
  CHECK(ledger.reader()->archive().first == 512);
}

TEMPLATE_TEST_CASE("a transaction that fails archives nothing", "[store][archive]", OnDisk, InMemory) {
  TestType ledger;
  auto& store = ledger.store();
  fill(store, 300, 1);
  CHECK_THROWS_AS(store.transact([&] {
    Event event;
    event.kind = EventKind::log_archived;
    event.cited_size = 256;
    event.count = 256;
    store.append(event);
    CHECK(store.archived() == 256);
    CHECK(store.story(id_of<Txn>(1)).empty());
    throw std::logic_error("mishap");
  }),
                  std::logic_error);
  CHECK(store.archived() == 0);
  CHECK(store.story(id_of<Txn>(1)).size() == 3);
  sign(store);
  CHECK(store.move_archived(9) == 0);
}

TEMPLATE_TEST_CASE("a call of which an event is archived has no story from that moment on", "[store][archive]", OnDisk,
                   InMemory) {
  TestType ledger;
  fill(ledger.store(), 255, 1);  // calls 1 to 85
  // A call opened below the line and minted above it: what is left looks like one that was opened with its mint.
  REQUIRE(ledger.store().transact([&] { ledger.store().append(event_of(EventKind::call_opened, 1000)); }));
  REQUIRE(ledger.store().transact([&] {
    auto minted = event_of(EventKind::token_minted, 1000);
    minted.attempt = 1;
    ledger.store().append(minted);
    ledger.store().append(event_of(EventKind::call_opened, 2000));
  }));
  archive(ledger.store(), 256);

  const auto check = [&] {
    CHECK(ledger.store().story(id_of<Txn>(1)).empty());
    CHECK(ledger.store().story(id_of<Txn>(1000)).empty());
    CHECK(ledger.store().is_cut(id_of<Txn>(1000)));
    CHECK(ledger.store().story(id_of<Txn>(2000)).size() == 1);
    CHECK_FALSE(ledger.store().is_cut(id_of<Txn>(2000)));
  };
  check();
  CHECK(ledger.store().is_cut(id_of<Txn>(1)));
  sign(ledger.store());
  CHECK(ledger.store().spent(id_of<Jti>(1)));
  CHECK(ledger.store().move_archived(1) == 1);
  check();
  ledger.reopen();
  check();
  CHECK_FALSE(ledger.store().spent(id_of<Jti>(1)));
  CHECK_FALSE(ledger.store().is_cut(id_of<Txn>(1)));

  // then: also when all of it is archived and its txn comes again, it is a call like any other
  fill(ledger.store(), 520, 3000);
  archive(ledger.store(), 512);
  sign(ledger.store());
  CHECK(ledger.store().move_archived(9) == 1);
  CHECK(ledger.store().story(id_of<Txn>(1000)).empty());
  REQUIRE(ledger.store().transact([&] { ledger.store().append(event_of(EventKind::call_opened, 1000)); }));
  CHECK(ledger.store().story(id_of<Txn>(1000)).size() == 1);
}

TEMPLATE_TEST_CASE("what is written of a call after all of it was archived makes no call of it", "[store][archive]",
                   OnDisk, InMemory) {
  TestType ledger;
  fill(ledger.store(), 300, 1);
  archive(ledger.store(), 256);
  sign(ledger.store());
  REQUIRE(ledger.store().move_archived(1) == 1);
  REQUIRE_FALSE(ledger.store().is_cut(id_of<Txn>(1)));
  const auto append = [&](EventKind kind) {
    REQUIRE(ledger.store().transact([&] { ledger.store().append(event_of(kind, 1)); }));
  };

  // when: a revocation of it waited for room, and there is some
  append(EventKind::token_revoked);
  const auto check = [&] {
    CHECK(ledger.store().is_cut(id_of<Txn>(1)));
    CHECK(ledger.store().story(id_of<Txn>(1)).empty());
  };
  check();
  // then: neither does what comes after it
  append(EventKind::token_minted);
  check();
  ledger.reopen();
  check();
}

TEMPLATE_TEST_CASE("what holds on stays when everything around it is archived", "[store][archive]", OnDisk, InMemory) {
  TestType ledger;
  REQUIRE(ledger.store().transact([&] {
    auto& store = ledger.store();
    store.append(control(EventKind::log_recovered, "nobody"));
    store.append(control(EventKind::agent_enabled, "one"));
    store.append(control(EventKind::agent_disabled, "two"));
    auto run = control(EventKind::token_revoked, "one");
    run.run_id = "run 1";
    store.append(run);
    store.append(event_of(EventKind::token_revoked, 77));  // of a token
    auto closed = control(EventKind::token_revoked, "one");
    closed.txn = id_of<Txn>(78);
    store.append(closed);
  }));
  fill(ledger.store(), 600, 1);
  archive(ledger.store(), 512);
  sign(ledger.store());
  REQUIRE(ledger.store().move_archived(9) == 2);
  ledger.reopen();

  std::vector<std::uint64_t> held;
  for (const auto& event : ledger.store().controls()) held.push_back(event.log_index);
  CHECK(held == std::vector<std::uint64_t>{0, 1, 2, 3});
  CHECK(ledger.store().standing(512) == 4);
  CHECK(ledger.reader()->archive().lost == 0);
  CHECK(ledger.reader()->gaps() == 0);
  CHECK(ledger.reader()->read(2, 1).at(0).agent == "two");
}
