// Archived events in jeton.db: whatever was let go, the tree is whole, and what else is missing is found.
#include <random>

#include "store/sqlite_archive.hpp"
#include "store/sqlite_copy.hpp"
#include "support/archiving.hpp"
#include "support/signed_log.hpp"

namespace jeton::testing {
namespace {

void archive_and_sign(const SignedLog& log, Store& store, std::uint64_t below) {
  archive(store, below);
  log.sign(store);
}

std::vector<std::string> faults(const Audit& audit) {
  std::vector<std::string> kinds;
  for (const auto& fault : audit.faults) kinds.emplace_back(name_of(fault.kind));
  return kinds;
}

}  // namespace

TEST_CASE("a tile whose rows do not lead to the stored tree stays", "[archive]") {
  for (const auto* damage :
       {"UPDATE event SET leaf = zeroblob(32) WHERE log_index = 300", "DELETE FROM event WHERE log_index = 300"}) {
    CAPTURE(damage);
    const SignedLog log(6, 100);
    log.edit(damage);
    auto store = log.open();
    archive_and_sign(log, *store, 512);
    CHECK(store->move_archived(1) == 1);
    const auto refused = store->move_archived(1);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::log_unavailable);
    CHECK(log.reader()->archive().first == 256);
    CHECK_FALSE(log.reader()->read(256, 1).empty());
  }
}

TEST_CASE("rows that are missing without a word in the log are a gap", "[archive]") {
  const SignedLog log(6, 100);
  {
    // An archive's tables alone say nothing.
    auto store = log.open();
    archive_and_sign(log, *store, 512);
    REQUIRE(store->move_archived(9) == 2);
  }
  CHECK(log.reader()->gaps() == 0);
  log.edit("UPDATE event SET cited_size = 256, count = 256 WHERE event = 18");
  CHECK(log.reader()->archive().first == 256);
  CHECK(log.reader()->gaps() == 256);
  log.edit("UPDATE event SET event = 13 WHERE event = 18");
  CHECK(log.reader()->archive().first == 0);
  CHECK(log.reader()->gaps() == 512);
}

TEST_CASE("rows that went before what lets them go was signed for stop the writer and are a fault", "[archive]") {
  const SignedLog log(6, 100);
  {
    // given: somebody who can write the file and has no key
    auto store = log.open();
    REQUIRE(store->transact([&] {
      Event planted;
      planted.kind = EventKind::log_archived;
      planted.time_us = log.clock.wall_us();
      planted.cited_size = planted.count = 256;
      store->append(planted);
    }));
  }
  SQLite::Database db(log.file.string(), SQLite::OPEN_READWRITE);
  std::string hashes;
  SQLite::Statement leaves(db, "SELECT leaf FROM event WHERE log_index < 256 ORDER BY log_index");
  while (leaves.executeStep()) hashes += leaves.getColumn(0).getString();
  REQUIRE(hashes.size() == 256 * 32);
  SQLite::Statement keep(db, "INSERT INTO archived_tile (n, hashes) VALUES (0, ?)");
  keep.bind(1, hashes.data(), static_cast<int>(hashes.size()));
  keep.exec();
  db.exec("DELETE FROM event WHERE log_index < 256");

  CHECK(faults(log.audit()) == std::vector<std::string>{"deleted"});
  const auto opened = open_sqlite_store(log.file, Sync::normal);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().message.find("no signed log.archived lets go") != std::string::npos);
}

TEST_CASE("what stands and was deleted all the same is counted", "[archive]") {
  const SignedLog log(6, 100);
  auto store = log.open();
  REQUIRE(store->transact([&] {
    Event off;
    off.kind = EventKind::agent_disabled;
    off.time_us = log.clock.wall_us();
    off.agent = "spiffe://acme.example/agent/1";
    store->append(off);
  }));
  log.sign(*store);
  REQUIRE(store->transact([&] {
    for (int seed = 10'000; store->size() < 1100; ++seed) store->append(SignedLog::unlike_event(seed));
  }));
  archive_and_sign(log, *store, 1024);
  REQUIRE(store->move_archived(9) == 4);
  CHECK(log.reader()->archive().lost == 0);
  log.edit("DELETE FROM event WHERE event = 14");
  CHECK(log.reader()->archive().lost == 1);
}

TEST_CASE("what was sealed beside an archived event goes with its row", "[archive]") {
  const SignedLog log(6, 100);
  log.edit("INSERT INTO sealed (log_index, bytes) VALUES (5, x'01'), (511, x'01'), (512, x'6e6577')");
  auto store = log.open();
  archive_and_sign(log, *store, 512);
  REQUIRE(store->move_archived(9) == 2);
  CHECK_FALSE(log.reader()->sealed(5));
  CHECK_FALSE(log.reader()->sealed(511));
  CHECK(log.reader()->sealed(512) == "new");
}

TEST_CASE("random stories archived again and again keep every root and every later row", "[archive]") {
  std::mt19937 random(20261130);
  for (int round = 0; round < 2; ++round) {
    SignedLog log(1, 1);
    auto store = log.open();
    std::vector<Event> events{SignedLog::unlike_event(1)};
    std::uint64_t below = 0;
    int seed = 1;
    for (int step = 0; step < 10; ++step) {
      const auto more = random() % 250;
      REQUIRE(store->transact([&] {
        for (std::uint64_t i = 0; i < more; ++i) {
          auto event = SignedLog::unlike_event(++seed);
          event.kind = static_cast<EventKind>(6 + random() % 8);
          if (random() % 3 == 0) event.txn = id_of<Txn>(static_cast<int>(random() % 50));
          store->append(event);
          events.push_back(event);
        }
      }));
      if (const auto line = store->size() / 256 * 256; random() % 2 == 0 && line > below) {
        archive_and_sign(log, *store, below = line);
        events.push_back(log.reader()->read(store->size() - 1, 1).at(0));
      }
      (void)store->move_archived(random() % 3);
      if (random() % 4 == 0) {
        store.reset();
        store = log.open();
      }
      TreeEdge edge;
      for (std::uint64_t size = 0; size < events.size(); ++size) {
        if (size % 101 == 0) CHECK((store->root_at(size) == edge.root()));
        edge.append(leaf_hash(events[size]));
      }
      CHECK((store->head().root == edge.root()));
      const auto reader = log.reader();
      CHECK(reader->gaps() == 0);
      CHECK(reader->archive().below == below);
      for (const auto& event : reader->read(reader->archive().first, 10'000))
        CHECK((leaf_hash(event) == leaf_hash(events.at(event.log_index))));
    }
  }
}

TEST_CASE("a copy of an archived log is archived as far and has the same roots", "[archive]") {
  const SignedLog log(6, 100);
  auto store = log.open();
  archive_and_sign(log, *store, 512);
  REQUIRE(store->move_archived(1) == 1);
  const auto copied = log.dir / "copy.db";
  REQUIRE(copy_ledger(log.file, copied, 601, WithArguments::no));
  const auto copy = open_sqlite_reader(copied);
  REQUIRE(copy);
  CHECK((*copy)->archive().first == 256);
  CHECK((*copy)->archive().below == 512);
  CHECK((*copy)->gaps() == 0);
  const auto reader = log.reader();
  for (std::uint64_t n = 0; n < 601; ++n) CHECK(((*copy)->subtree(0, n) == reader->subtree(0, n)));
}

TEST_CASE("a copy is whole or none when somebody archives while it is made", "[archive]") {
  const SignedLog log(90, 100);  // more than one transaction of the copy takes
  const auto store = log.open();
  const auto copied = log.dir / "copy.db";
  const auto size = store->size();
  const auto verify = [&](std::uint64_t events) {
    const auto copy = open_sqlite_reader(copied);
    REQUIRE(copy);
    const auto audit = audit_log(**copy, log.note_key, {});
    CHECK(faults(audit).empty());
    CHECK(audit.events == events);
    CHECK((audit.root == store->root_at(events)));
  };
  int looks = 0;

  SECTION("and what says so is in no event that is copied") {
    const auto archive_once = [&](std::uint64_t next) {
      if (++looks > 1) return;
      REQUIRE(next < size);
      archive_and_sign(log, *store, 8'704);
      REQUIRE(store->move_archived(100) == 34);
    };
    const auto made = copy_ledger(log.file, copied, size, WithArguments::yes, archive_once);
    REQUIRE_FALSE(made);
    CHECK(made.error().code == Code::overloaded);
    CHECK_FALSE(std::filesystem::exists(copied));
    CHECK_FALSE(std::filesystem::exists(copied.string() + ".part"));
    CHECK(looks > 1);
    // and: up to the newest checkpoint it is one
    REQUIRE(copy_ledger(log.file, copied, store->size(), WithArguments::yes));
    verify(store->size());
  }
  SECTION("and what says so is copied and its rows go meanwhile") {
    archive_and_sign(log, *store, 8'704);
    const auto move_some = [&](std::uint64_t) { (void)store->move_archived(++looks == 1 ? 20 : 100); };
    REQUIRE(copy_ledger(log.file, copied, store->size(), WithArguments::yes, move_some));
    CHECK(looks > 1);
    verify(store->size());
  }
}

TEST_CASE("an audit goes on while rows are let go under it", "[archive]") {
  const SignedLog log(6, 100);
  const auto store = log.open();
  archive_and_sign(log, *store, 512);
  const auto reader = log.reader();
  std::uint64_t moved = 0;
  const auto audit = audit_log(*reader, log.note_key, log.outside(), [&](std::uint64_t done) {
    if (done >= 100 && moved < 2) moved += store->move_archived(1).value();
  });
  CHECK(moved == 2);
  CHECK(faults(audit).empty());
  CHECK(audit.events == 601);
  CHECK((audit.root == store->head().root));
}

TEST_CASE("an audit of an archived log holds the hashes that stayed against the stored tree", "[archive]") {
  SignedLog log(6, 100);
  auto store = log.open();
  archive_and_sign(log, *store, 512);
  REQUIRE(store->move_archived(9) == 2);
  auto audit = log.audit();
  CHECK(faults(audit).empty());
  CHECK(audit.events == 601);
  CHECK(audit.archived == 512);
  CHECK((audit.root == store->head().root));
  CHECK(audit.signed_size == 601);

  SECTION("a hash that was changed") {
    log.edit("UPDATE archived_tile SET hashes = zeroblob(8192) WHERE n = 1");
    const auto found = log.audit();
    REQUIRE_FALSE(found.faults.empty());
    CHECK(found.faults.at(0).first <= 256);
    CHECK(found.faults.at(0).last >= 256);
  }
  SECTION("hashes that are gone") {
    log.edit("DELETE FROM archived_tile WHERE n = 0");
    CHECK_FALSE(faults(log.audit()).empty());
  }
  SECTION("a row that was put where an archived one was") {
    log.edit("INSERT INTO event (log_index, event, time_us, leaf) VALUES (3, 13, 5, zeroblob(32))");
    CHECK_FALSE(faults(log.audit()).empty());
    CHECK(log.audit().faults.at(0).first == 3);
  }
  SECTION("a row that is missing behind them") {
    log.edit("DELETE FROM event WHERE log_index = 520");
    CHECK(faults(log.audit()) == std::vector<std::string>{"deleted"});
  }
  SECTION("the word that says so") {
    log.edit("DELETE FROM event WHERE event = 18");
    CHECK(faults(log.audit()).at(0) == "deleted");
  }
}

}  // namespace jeton::testing
