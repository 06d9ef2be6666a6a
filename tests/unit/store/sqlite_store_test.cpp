// The ledger in SQLite where the file fights back: locked, corrupt, or edited behind the daemon's back.
#include "store/sqlite_store.hpp"

#include <chrono>

#include <SQLiteCpp/SQLiteCpp.h>

#include "jeton/merkle.hpp"
#include "support/catch.hpp"
#include "support/events.hpp"
#include "support/temp_dir.hpp"

namespace {

using jeton::Code;
using jeton::Event;
using jeton::EventKind;
using jeton::Jti;
using jeton::Txn;
using jeton::testing::event_of;
using jeton::testing::full_event;
using jeton::testing::id_of;
using jeton::testing::TempDir;
using jeton::testing::verified_token;

struct Ledger {
  TempDir dir;
  std::filesystem::path file = dir / "jeton.db";
  std::unique_ptr<jeton::Store> store = open();

  std::unique_ptr<jeton::Store> open() const {
    auto opened = jeton::open_sqlite_store(file, jeton::Sync::full);
    REQUIRE(opened);
    return std::move(*opened);
  }
  jeton::Result<void> append(const Event& event) {
    return store->transact([&] { store->append(event); });
  }
  /// Somebody else's connection.
  SQLite::Database edited() const { return {file.string(), SQLite::OPEN_READWRITE, 1000}; }
};

std::string code_of(const jeton::Result<void>& done) { return done ? "ok" : std::string(name_of(done.error().code)); }

}  // namespace

TEST_CASE("a locked ledger answers log_unavailable in time and works again afterwards") {
  Ledger ledger;
  REQUIRE(ledger.append(event_of(EventKind::call_opened, 1)));
  auto other = ledger.edited();
  other.exec("BEGIN IMMEDIATE");

  const auto begun = std::chrono::steady_clock::now();
  bool ran = false;
  const auto done = ledger.store->transact([&] { ran = true; });
  const auto took = std::chrono::steady_clock::now() - begun;
  CHECK(code_of(done) == "log_unavailable");
  CHECK_FALSE(ran);
  CHECK(took < std::chrono::milliseconds(200));
  CHECK(ledger.store->size() == 1);

  other.exec("ROLLBACK");
  CHECK(ledger.append(event_of(EventKind::call_opened, 2)));
  CHECK(ledger.store->size() == 2);
}

TEST_CASE("a lock that is held while a token is redeemed confirms nothing") {
  Ledger ledger;
  auto other = ledger.edited();
  other.exec("BEGIN IMMEDIATE");
  CHECK(code_of(ledger.store->transact([&] { (void)ledger.store->redeem(verified_token(1), {}); })) ==
        "log_unavailable");
  other.exec("ROLLBACK");
  CHECK_FALSE(ledger.store->spent(id_of<Jti>(1)));
}

TEST_CASE("the ledger refuses a second spending that no code path checked") {
  Ledger ledger;
  REQUIRE(ledger.store->transact([&] { CHECK(ledger.store->redeem(verified_token(1), {})); }));
  // Appended past redeem(), as a mistake in some use case would.
  const auto done = ledger.append(event_of(EventKind::token_redeemed, 1));
  CHECK(code_of(done) == "log_unavailable");
  CHECK(ledger.store->size() == 1);
  CHECK_THROWS_AS(ledger.edited().exec("INSERT INTO event (log_index, event, time_us, jti) VALUES (9, 9, 0, '" +
                                       id_of<Jti>(1).text() + "')"),
                  SQLite::Exception);
  CHECK(ledger.append(event_of(EventKind::call_outcome, 1)));
}

TEST_CASE("a refused second spending inside a part leaves the rest of the transaction alone") {
  Ledger ledger;
  REQUIRE(ledger.store->transact([&] {
    ledger.store->append(event_of(EventKind::token_redeemed, 1));
    CHECK_THROWS_AS(ledger.store->isolate([&] { ledger.store->append(event_of(EventKind::token_redeemed, 1)); }),
                    SQLite::Exception);
    ledger.store->append(event_of(EventKind::call_outcome, 1));
  }));
  CHECK(ledger.store->size() == 2);
  CHECK((*jeton::open_sqlite_reader(ledger.file))->gaps() == 0);
}

TEST_CASE("a row that somebody put at the next index stops the log until it is gone") {
  Ledger ledger;
  REQUIRE(ledger.append(event_of(EventKind::call_opened, 1)));
  const auto head = ledger.store->head();
  ledger.edited().exec("INSERT INTO event (log_index, event, time_us) VALUES (1, 1, 0)");
  for (int i = 0; i < 2; ++i) CHECK(code_of(ledger.append(event_of(EventKind::call_opened, 2))) == "log_unavailable");
  CHECK(ledger.store->head().root == head.root);
  ledger.edited().exec("DELETE FROM event WHERE log_index = 1");
  CHECK(ledger.append(event_of(EventKind::call_opened, 2)));
  CHECK(ledger.store->size() == 2);
}

TEST_CASE("a log whose newest leaves were taken out does not open") {
  for (const auto* edit : {"DELETE FROM event WHERE log_index = 5", "UPDATE event SET leaf = NULL WHERE log_index = 5",
                           "UPDATE event SET leaf = x'00' WHERE log_index = 5"}) {
    Ledger ledger;
    for (int i = 0; i < 8; ++i) REQUIRE(ledger.append(event_of(EventKind::call_opened, i)));
    ledger.store.reset();
    ledger.edited().exec(edit);
    const auto opened = jeton::open_sqlite_store(ledger.file, jeton::Sync::full);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == Code::log_unavailable);
    CHECK_THAT(opened.error().message, Catch::Contains("event 5 or its leaf is missing"));
  }
}

TEST_CASE("the tree is the one over the leaves of the rows, also after a part was taken back and a restart") {
  Ledger ledger;
  jeton::TreeEdge expected;
  for (int i = 0; i < 600; i += 3) {
    REQUIRE(ledger.store->transact([&] {
      for (int j = i; j < i + 3; ++j) {
        const auto event = full_event(EventKind::token_minted, j);
        ledger.store->append(event);
        expected.append(leaf_hash(event));
      }
      CHECK_THROWS(ledger.store->isolate([&] {
        ledger.store->append(full_event(EventKind::token_minted, -i - 1));
        throw std::logic_error("taken back");
      }));
    }));
  }
  CHECK(ledger.store->head().root == expected.root());
  CHECK(ledger.store->head().size == 600);
  const auto early = ledger.store->root_at(257);
  ledger.store.reset();
  ledger.store = ledger.open();
  CHECK(ledger.store->head().root == expected.root());
  const auto late = ledger.store->root_at(257);
  CHECK(late == early);
}

TEST_CASE("a corrupt page is log_unavailable for the writer and an exception for a reader") {
  Ledger ledger;
  for (int i = 0; i < 200; ++i) REQUIRE(ledger.append(full_event(EventKind::token_minted, i)));
  ledger.store.reset();
  auto bytes = jeton::testing::bytes_of(ledger.file);
  REQUIRE(bytes.size() > 12 * 4096);
  for (std::size_t page = 3; page < bytes.size() / 4096; ++page) bytes.replace(page * 4096, 1024, 1024, '\xA5');
  jeton::testing::write_bytes(ledger.file, bytes);

  auto store = jeton::open_sqlite_store(ledger.file, jeton::Sync::full);
  if (store)
    CHECK(code_of((*store)->transact([&] { (void)(*store)->story(id_of<Txn>(1)), (*store)->append(full_event()); })) ==
          "log_unavailable");
  else
    CHECK(store.error().code == Code::log_unavailable);
  const auto reader = jeton::open_sqlite_reader(ledger.file);
  if (reader)
    CHECK_THROWS_AS((*reader)->read(0, 1000), std::runtime_error);
  else
    CHECK(reader.error().code == Code::log_unavailable);
}

TEST_CASE("a value that no event can have is named and not believed") {
  const std::vector<std::pair<std::string, std::string>> edits = {
      {"event = 21", "impossible event"},
      {"event = 0", "impossible event"},
      {"role = 7", "impossible role"},
      {"code = 200", "impossible code"},
      {"outcome = 0", "impossible outcome"},
      {"previous = 6", "impossible previous"},
      {"txn = 'short'", "impossible txn"},
      {"txn = NULL", "impossible txn"},
      {"jti = NULL", "impossible jti"},
      {"jti = 'AAAAAAAAAAAAAAAAAAAAAA' || char(10)", "impossible jti"},
      {"token_sha256 = x'00'", "impossible token_sha256"},
      {"self_redeemed = 4294967296", "impossible self_redeemed"},
      {"cites = -1", "impossible cites"},
      {"agent = 77777", "term 77777 is missing"}};
  for (const auto& [edit, words] : edits) {
    CAPTURE(edit);
    Ledger ledger;
    REQUIRE(ledger.append(full_event(EventKind::token_minted, 1)));
    ledger.edited().exec("UPDATE event SET " + edit);
    const auto reader = jeton::open_sqlite_reader(ledger.file);
    REQUIRE(reader);
    CHECK_THROWS_WITH((*reader)->read(0, 10), Catch::Contains(words));
    CHECK_THROWS_AS((*reader)->read(0, 10), jeton::LogDamaged);
  }
}

TEST_CASE("a damaged row is log_unavailable for the call it is of and for no other") {
  Ledger ledger;
  for (const int number : {1, 2}) REQUIRE(ledger.append(event_of(EventKind::call_opened, number)));
  ledger.edited().exec("UPDATE event SET role = 99 WHERE log_index = 0");
  const auto damaged = ledger.store->transact([&] { (void)ledger.store->story(id_of<Txn>(1)); });
  REQUIRE_FALSE(damaged);
  CHECK(damaged.error().code == Code::log_unavailable);
  CHECK_THAT(damaged.error().message, Catch::Contains("damaged"));
  CHECK(ledger.store->transact([&] { CHECK(ledger.store->story(id_of<Txn>(2)).size() == 1); }));
}

TEST_CASE("a row that was deleted is a gap and one below zero hides none") {
  Ledger ledger;
  for (int i = 0; i < 5; ++i) REQUIRE(ledger.append(event_of(EventKind::call_opened, i)));
  const auto reader = jeton::open_sqlite_reader(ledger.file);
  CHECK((*reader)->gaps() == 0);
  auto other = ledger.edited();
  other.exec("DELETE FROM event WHERE log_index IN (1, 3)");
  CHECK((*reader)->gaps() == 2);
  other.exec("INSERT INTO event (log_index, event, time_us) VALUES (-7, 1, 0)");
  CHECK((*reader)->gaps() == 2);
}

TEST_CASE("a reader in the middle of the log does not hold the writer up") {
  Ledger ledger;
  REQUIRE(ledger.append(event_of(EventKind::call_opened, 1)));
  SQLite::Database other(ledger.file.string(), SQLite::OPEN_READONLY);
  SQLite::Statement reading(other, "SELECT * FROM event");
  REQUIRE(reading.executeStep());
  CHECK(ledger.append(event_of(EventKind::call_opened, 2)));
  CHECK((*jeton::open_sqlite_reader(ledger.file))->size() == 2);
}

TEST_CASE("the view shows names where the table has numbers") {
  Ledger ledger;
  auto event = full_event(EventKind::request_refused, 1);
  event.code = Code::no_grant;
  event.verb = jeton::Verb::mint;
  event.role = jeton::Role::agent;
  event.outcome = jeton::Outcome::tool_error;
  event.previous = jeton::Previous::expired;
  event.receipt = jeton::ReceiptCheck::mismatch;
  REQUIRE(ledger.append(event));
  auto db = ledger.edited();
  const auto shown = [&db](const std::string& column) {
    return db.execAndGet("SELECT \"" + column + "\" FROM events").getString();
  };
  CHECK(shown("event") == "request.refused");
  CHECK(shown("code") == "no_grant");
  CHECK(shown("verb") == "mint");
  CHECK(shown("role") == "agent");
  CHECK(shown("outcome") == "tool_error");
  CHECK(shown("previous") == "expired");
  CHECK(shown("receipt") == "mismatch");
  CHECK(shown("txn") == event.txn->text());
  CHECK(shown("token_sha256") == jeton::hex(*event.token_sha256));
  for (const auto* term : {"agent", "server", "tool", "grant", "run_id", "exe"})
    CHECK_THAT(shown(term), Catch::StartsWith(term));
  CHECK(shown("log_index") == "0");
}

TEST_CASE("the view has a name for every kind of event and every code") {
  Ledger ledger;
  for (const auto kind : jeton::all_event_kinds()) REQUIRE(ledger.append(event_of(kind, static_cast<int>(kind))));
  for (const auto& row : jeton::all_codes()) {
    Event refused;
    refused.code = row.code;
    REQUIRE(ledger.append(refused));
  }
  auto db = ledger.edited();
  SQLite::Statement kinds(db, "SELECT event FROM events WHERE code IS NULL ORDER BY log_index");
  for (const auto kind : jeton::all_event_kinds()) {
    REQUIRE(kinds.executeStep());
    CHECK(kinds.getColumn(0).getString() == name_of(kind));
  }
  SQLite::Statement codes(db, "SELECT code FROM events WHERE code IS NOT NULL ORDER BY log_index");
  for (const auto& row : jeton::all_codes()) {
    REQUIRE(codes.executeStep());
    CHECK(codes.getColumn(0).getString() == row.name);
  }
  CHECK(db.execAndGet("SELECT count(*) FROM events WHERE token_sha256 IS NOT NULL").getInt() == 0);
}
