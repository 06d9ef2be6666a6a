// What every driver of the ledger promises, asked of each in turn.
#include <stdexcept>

#include "support/events.hpp"
#include "support/store_drivers.hpp"

namespace {

using jeton::Event;
using jeton::EventKind;
using jeton::Jti;
using jeton::Txn;
using jeton::testing::event_of;
using jeton::testing::full_event;
using jeton::testing::id_of;
using jeton::testing::InMemory;
using jeton::testing::OnDisk;
using jeton::testing::verified_token;

struct Mishap : std::runtime_error {
  Mishap() : std::runtime_error("mishap") {}
};

std::uint64_t append(jeton::Store& store, const Event& event) {
  std::uint64_t index = 0;
  REQUIRE(store.transact([&] { index = store.append(event); }));
  return index;
}

Event by(std::string agent) {
  auto event = event_of(EventKind::request_refused, 1);
  event.agent = std::move(agent);
  return event;
}

/// What a reader finds, with the place each event says it has.
std::vector<std::string> agents_read(const jeton::LogReader& reader) {
  std::vector<std::string> agents;
  for (const auto& event : reader.read(0, 100)) {
    CHECK(event.log_index == agents.size());
    agents.push_back(event.agent.value_or("-"));
  }
  return agents;
}

}  // namespace

TEMPLATE_TEST_CASE("an index is given to every event and none is left out", "[store]", OnDisk, InMemory) {
  TestType ledger;
  auto& store = ledger.store();
  CHECK(store.size() == 0);
  CHECK(append(store, event_of(EventKind::call_opened, 1)) == 0);
  CHECK(append(store, event_of(EventKind::call_opened, 2)) == 1);
  REQUIRE(store.transact([&] {
    CHECK(store.append(event_of(EventKind::call_opened, 3)) == 2);
    CHECK(store.append(event_of(EventKind::call_opened, 4)) == 3);
  }));
  CHECK(store.size() == 4);
  CHECK(ledger.reader()->gaps() == 0);
}

TEMPLATE_TEST_CASE("the index an event says it has is not believed", "[store]", OnDisk, InMemory) {
  TestType ledger;
  auto event = event_of(EventKind::call_opened, 1);
  event.log_index = 41;
  CHECK(append(ledger.store(), event) == 0);
  CHECK(ledger.reader()->read(0, 1).at(0).log_index == 0);
}

TEMPLATE_TEST_CASE("nothing is kept of a transaction that threw", "[store]", OnDisk, InMemory) {
  TestType ledger;
  auto& store = ledger.store();
  append(store, by("before"));
  for (int round = 0; round < 2; ++round) {
    CHECK_THROWS_AS(store.transact([&] {
      store.append(by("never"));
      CHECK(store.redeem(verified_token(1), {}));
      throw Mishap();
    }),
                    Mishap);
    CHECK(store.size() == 1);
    CHECK_FALSE(store.spent(id_of<Jti>(1)));
  }
  CHECK(append(store, by("after")) == 1);
  CHECK(agents_read(*ledger.reader()) == std::vector<std::string>{"before", "after"});
}

TEMPLATE_TEST_CASE("a throw of anything at all rolls back", "[store]", OnDisk, InMemory) {
  TestType ledger;
  auto& store = ledger.store();
  CHECK_THROWS_AS(store.transact([&] {
    store.append(by("never"));
    throw 42;
  }),
                  int);
  CHECK(store.size() == 0);
  CHECK(append(store, by("after")) == 0);
}

TEMPLATE_TEST_CASE("an isolated part that throws takes back itself alone", "[store]", OnDisk, InMemory) {
  TestType ledger;
  auto& store = ledger.store();
  REQUIRE(store.transact([&] {
    store.append(by("before"));
    for (int round = 0; round < 2; ++round) {
      CHECK_THROWS_AS(store.isolate([&] {
        store.append(by("never"));
        CHECK(store.redeem(verified_token(1), {}));
        throw Mishap();
      }),
                      Mishap);
      CHECK(store.size() == 1);
      CHECK_FALSE(store.spent(id_of<Jti>(1)));
    }
    store.isolate([&] { store.append(by("kept")); });
    store.append(by("after"));
  }));
  CHECK(agents_read(*ledger.reader()) == std::vector<std::string>{"before", "kept", "after"});
}

TEMPLATE_TEST_CASE("parts stand inside parts and fail apart", "[store]", OnDisk, InMemory) {
  TestType ledger;
  auto& store = ledger.store();
  REQUIRE(store.transact([&] {
    store.isolate([&] {
      store.append(by("outer"));
      CHECK_THROWS_AS(store.isolate([&] {
        store.append(by("inner"));
        throw Mishap();
      }),
                      Mishap);
      store.append(by("outer again"));
    });
    CHECK_THROWS_AS(store.isolate([&] {
      store.isolate([&] { store.append(by("inner that was fine")); });
      throw Mishap();
    }),
                    Mishap);
  }));
  CHECK(agents_read(*ledger.reader()) == std::vector<std::string>{"outer", "outer again"});
}

TEMPLATE_TEST_CASE("a text first used in a part that was taken back still reads back", "[store]", OnDisk, InMemory) {
  TestType ledger;
  auto& store = ledger.store();
  const auto never = [&] {
    auto event = event_of(EventKind::token_minted, 1);
    event.agent = "first";
    event.grant = "second";
    store.append(event);
    CHECK(store.story(id_of<Txn>(1)).at(0).agent == "first");
    throw Mishap();
  };
  REQUIRE(store.transact([&] {
    CHECK_THROWS_AS(store.isolate(never), Mishap);
    // Had the words' numbers been remembered, the two would now have changed places.
    auto event = event_of(EventKind::token_minted, 2);
    event.agent = "second";
    event.grant = "first";
    store.append(event);
    CHECK(store.story(id_of<Txn>(2)).at(0).agent == "second");
  }));
  CHECK_THROWS_AS(store.transact(never), Mishap);
  auto event = event_of(EventKind::token_minted, 3);
  event.agent = "third";
  event.grant = "first";
  append(store, event);
  CHECK(store.story(id_of<Txn>(3)).at(0).agent == "third");
  CHECK(store.story(id_of<Txn>(3)).at(0).grant == "first");
  CHECK(agents_read(*ledger.reader()) == std::vector<std::string>{"second", "third"});
}

TEMPLATE_TEST_CASE("a token is spent at most once even inside one transaction", "[store]", OnDisk, InMemory) {
  TestType ledger;
  auto& store = ledger.store();
  REQUIRE(store.transact([&] {
    CHECK(store.redeem(verified_token(1), {}) == 0);
    CHECK_FALSE(store.redeem(verified_token(1), {}));
  }));
  REQUIRE(store.transact([&] { CHECK_FALSE(store.redeem(verified_token(1), {})); }));
  ledger.reopen();
  auto& later = ledger.store();
  REQUIRE(later.transact([&] {
    CHECK_FALSE(later.redeem(verified_token(1), {}));
    CHECK(later.redeem(verified_token(2), {}) == 1);
  }));
  CHECK(later.size() == 2);
}

TEMPLATE_TEST_CASE("the ledger itself writes which token was spent", "[store]", OnDisk, InMemory) {
  TestType ledger;
  auto& store = ledger.store();
  auto event = full_event(EventKind::call_opened, 7);
  REQUIRE(store.transact([&] { CHECK(store.redeem(verified_token(1), event)); }));
  const auto spent = store.spent(id_of<Jti>(1));
  REQUIRE(spent);
  CHECK(spent->kind == EventKind::token_redeemed);
  CHECK(spent->txn == id_of<Txn>(1));
  CHECK(spent->token_sha256 == verified_token(1).sha256());
  CHECK(spent->redemption == event.redemption);
  CHECK_FALSE(store.spent(*event.jti));
}

TEMPLATE_TEST_CASE("a story is what the state of a call needs and no refusal", "[store]", OnDisk, InMemory) {
  TestType ledger;
  auto& store = ledger.store();
  for (const auto kind : jeton::all_event_kinds()) append(store, event_of(kind, 1));
  append(store, event_of(EventKind::call_opened, 2));
  const auto story = store.story(id_of<Txn>(1));
  std::vector<EventKind> kinds;
  for (const auto& event : story) kinds.push_back(event.kind);
  CHECK(kinds == std::vector{EventKind::call_opened, EventKind::token_minted, EventKind::token_superseded,
                             EventKind::token_redeemed, EventKind::token_revoked, EventKind::call_outcome});
  CHECK(store.story(id_of<Txn>(3)).empty());
  CHECK(ledger.reader()->everything_of(id_of<Txn>(1), 100).size() == jeton::all_event_kinds().size());
  CHECK(ledger.reader()->everything_of(id_of<Txn>(1), 3).size() == 3);
}

TEMPLATE_TEST_CASE("every member of an event survives the round trip", "[store]", OnDisk, InMemory) {
  TestType ledger;
  auto& store = ledger.store();
  std::vector<Event> written;
  int seed = 0;
  for (const auto kind : jeton::all_event_kinds()) {
    written.push_back(full_event(kind, ++seed));
    written.back().log_index = append(store, written.back());
  }
  Event bare;
  bare.kind = EventKind::sidecar_started;
  bare.time_us = -1;
  bare.log_index = append(store, bare);
  written.push_back(bare);

  CHECK((ledger.reader()->read(0, 100) == written));
  CHECK((store.story(*written[6].txn) == std::vector{written[6]}));
  ledger.reopen();
  CHECK((ledger.reader()->read(0, 100) == written));
  CHECK((ledger.store().spent(*written[8].jti) == written[8]));
}

TEMPLATE_TEST_CASE("size and name outlive the process", "[store]", OnDisk, InMemory) {
  TestType ledger;
  const auto id = ledger.store().id();
  CHECK_FALSE(id.empty());
  CHECK(TestType().store().id() != id);
  append(ledger.store(), by("one"));
  append(ledger.store(), by("two"));
  ledger.reopen();
  CHECK(ledger.store().id() == id);
  CHECK(ledger.store().size() == 2);
  CHECK(append(ledger.store(), by("three")) == 2);
  CHECK(agents_read(*ledger.reader()) == std::vector<std::string>{"one", "two", "three"});
}

TEMPLATE_TEST_CASE("a reader pages from any index and sees nothing that is not durable", "[store]", OnDisk, InMemory) {
  TestType ledger;
  auto& store = ledger.store();
  const auto reader = ledger.reader();
  CHECK(reader->size() == 0);
  CHECK(reader->gaps() == 0);
  CHECK(reader->read(0, 10).empty());
  for (int i = 0; i < 5; ++i) append(store, by(std::to_string(i)));
  CHECK(reader->size() == 5);
  CHECK(reader->read(3, 10).size() == 2);
  CHECK(reader->read(1, 2).at(1).agent == "2");
  CHECK(reader->read(5, 10).empty());
  CHECK(reader->read(0, 0).empty());
  CHECK_THROWS_AS(store.transact([&] {
    store.append(by("never"));
    throw Mishap();
  }),
                  Mishap);
  CHECK(reader->size() == 5);
}

TEMPLATE_TEST_CASE("openings are found newest first and page without a repeat", "[store]", OnDisk, InMemory) {
  TestType ledger;
  auto& store = ledger.store();
  const auto minted = [](int number, std::int64_t attempt) {
    auto event = event_of(EventKind::token_minted, number);
    event.attempt = attempt;
    return event;
  };
  append(store, event_of(EventKind::request_refused, 1));
  append(store, event_of(EventKind::call_opened, 1));  // 1: opened without a server
  append(store, minted(2, 1));                         // 2: opened with one
  append(store, minted(1, 1));
  append(store, minted(2, 2));
  append(store, event_of(EventKind::call_opened, 3));  // 5
  append(store, event_of(EventKind::call_outcome, 3));

  const auto reader = ledger.reader();
  const auto first = reader->openings(UINT64_MAX, 2);
  REQUIRE(first.size() == 2);
  CHECK(first[0].txn == id_of<Txn>(3));
  CHECK(first[0].log_index == 5);
  CHECK(first[1].txn == id_of<Txn>(2));
  const auto second = reader->openings(first[1].log_index, 2);
  REQUIRE(second.size() == 1);
  CHECK(second[0].txn == id_of<Txn>(1));
  CHECK(second[0].log_index == 1);
  CHECK(reader->openings(1, 2).empty());
}

TEMPLATE_TEST_CASE("the children of a call are found oldest first and once each", "[store]", OnDisk, InMemory) {
  TestType ledger;
  auto& store = ledger.store();
  const auto child = [](EventKind kind, int number, int parent) {
    auto event = event_of(kind, number);
    event.parent_txn = id_of<Txn>(parent);
    return event;
  };
  append(store, event_of(EventKind::token_minted, 1));
  append(store, child(EventKind::request_refused, 4, 1));  // never opened
  append(store, child(EventKind::token_minted, 2, 1));
  append(store, child(EventKind::call_opened, 3, 1));
  append(store, child(EventKind::token_minted, 3, 1));
  append(store, child(EventKind::token_minted, 5, 2));

  const auto reader = ledger.reader();
  const auto found = reader->children(id_of<Txn>(1), 10);
  REQUIRE(found.size() == 2);
  CHECK(found[0].txn == id_of<Txn>(2));
  CHECK(found[0].log_index == 2);
  CHECK(found[1].txn == id_of<Txn>(3));
  CHECK(found[1].log_index == 3);
  CHECK(reader->children(id_of<Txn>(1), 1).size() == 1);
  CHECK(reader->children(id_of<Txn>(5), 10).empty());
}
