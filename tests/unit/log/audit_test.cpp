// Every way to change a log behind the daemon's back is found, and named.
#include "log/audit.hpp"

#include "jeton/proof.hpp"
#include "store/sqlite_copy.hpp"
#include "support/signed_log.hpp"

namespace {

using jeton::Fault;
using jeton::testing::SignedLog;

/// Exactly one fault, of this kind and about these events.
void check_only(const jeton::Audit& audit, Fault::Kind kind, std::uint64_t first, std::uint64_t last) {
  for (const auto& fault : audit.faults) UNSCOPED_INFO(name_of(fault.kind) << ": " << fault.what);
  REQUIRE(audit.faults.size() == 1);
  CHECK(name_of(audit.faults[0].kind) == name_of(kind));
  CHECK(audit.faults[0].first == first);
  CHECK(audit.faults[0].last == last);
}

bool has(const jeton::Audit& audit, Fault::Kind kind) {
  return std::any_of(audit.faults.begin(), audit.faults.end(), [&](const Fault& f) { return f.kind == kind; });
}

/// Sets a row's leaf to the one of its columns, as an attacker who knows the code would.
void forge_leaf(const SignedLog& log, int index) {
  const auto events = log.reader()->read(static_cast<std::uint64_t>(index), 1);
  log.edit("UPDATE event SET leaf = x'" + jeton::hex(leaf_hash(events.at(0))) +
           "' WHERE log_index = " + std::to_string(index));
}

}  // namespace

TEST_CASE("an edited row is found and named whichever column it is") {
  for (const auto* edit :
       {"uid = 0", "time_us = time_us + 1", "event = 1", "jti = NULL, event = 3", "txn = 'AAAAAAAAAAAAAAAAAAAAAA'",
        "agent = (SELECT agent FROM event WHERE log_index = 42)", "code = 7", "self_redeemed = 1",
        "token_sha256 = zeroblob(32)", "detail = 'caf' || char(65535)", "count = 9007199254740993"}) {
    CAPTURE(edit);
    const SignedLog log;
    log.edit("UPDATE event SET " + std::string(edit) + " WHERE log_index = 43");
    check_only(log.audit(), Fault::Kind::edited, 43, 43);
  }
}

TEST_CASE("a word that many rows share cannot be edited unseen") {
  const SignedLog log;
  log.edit("UPDATE term SET text = 'spiffe://acme.example/agent/9' WHERE text = 'spiffe://acme.example/agent/3'");
  const auto audit = log.audit();
  CHECK(audit.faults_in_all == 57);
  for (const auto& fault : audit.faults) CHECK(fault.kind == Fault::Kind::edited);
}

TEST_CASE("a row with a value that no event can have is found and named") {
  const SignedLog log;
  log.edit("UPDATE event SET event = 99 WHERE log_index = 17");
  log.edit("UPDATE event SET agent = 4711 WHERE log_index = 18");
  const auto audit = log.audit();
  REQUIRE(audit.faults.size() == 2);
  for (const auto& fault : audit.faults) CHECK(fault.kind == Fault::Kind::unreadable);
  CHECK(audit.faults[0].first == 17);
  CHECK(audit.faults[1].first == 18);
}

TEST_CASE("a table that jetond did not make cannot show a row at another place or for ever") {
  for (const auto* edit : {"log_index = 42 WHERE log_index = 43", "log_index = 'zz' WHERE log_index = 399"}) {
    CAPTURE(edit);
    const SignedLog log;
    for (const auto* view : {"alerts", "calls", "attempts", "events"}) log.edit(std::string("DROP VIEW ") + view);
    log.edit("CREATE TABLE e AS SELECT * FROM event; DROP TABLE event; ALTER TABLE e RENAME TO event");
    log.edit("UPDATE event SET " + std::string(edit));
    CHECK(has(log.audit(), Fault::Kind::unreadable));
  }
}

TEST_CASE("whatever stands in the schema and is not jetonds own is found and named") {
  struct Edit {
    const char* sql;
    const char* named;
  };
  for (const auto& [sql, named] :
       {Edit{"CREATE VIEW mine AS SELECT 1", "the view mine"}, Edit{"CREATE TABLE notes (text)", "the table notes"},
        Edit{"CREATE INDEX fast ON event (uid)", "the index fast"},
        Edit{"CREATE TRIGGER hush AFTER INSERT ON event BEGIN DELETE FROM event WHERE code = 23; END",
             "the trigger hush"},
        Edit{"DROP INDEX event_spent", "the index event_spent"},
        Edit{"DROP INDEX event_spent; CREATE INDEX event_spent ON event (jti) WHERE event = 9",
             "the index event_spent"},
        Edit{"DROP VIEW events; CREATE VIEW events AS SELECT * FROM event WHERE code IS NULL", "the view events"},
        Edit{"DROP VIEW calls", "the view calls"}, Edit{"ANALYZE", "the table sqlite_stat1"}}) {
    CAPTURE(sql);
    const SignedLog log(1, 10);
    log.edit(sql);
    const auto audit = log.audit();
    check_only(audit, Fault::Kind::altered, 0, 0);
    CHECK_THAT(audit.faults[0].what, Catch::StartsWith(named));
  }
}

TEST_CASE("an index of the right words that leaves rows out is found and named") {
  for (const auto* only : {"log_index <> 5", "log_index < 3"}) {
    CAPTURE(only);
    const SignedLog log(1, 10);
    // Given an index made over some of the rows, under the words of jetond's own: what happened to a call is hidden
    const auto index = std::string("CREATE INDEX event_of_txn ON event (txn, event) WHERE txn IS NOT NULL");
    log.edit("DROP INDEX event_of_txn; " + index + " AND " + only +
             "; PRAGMA writable_schema = 1; UPDATE sqlite_schema SET sql = '" + index +
             "' WHERE name = 'event_of_txn'");
    REQUIRE(log.reader()->everything_of(jeton::testing::id_of<jeton::Txn>(6), 10).empty());
    const auto audit = log.audit();
    check_only(audit, Fault::Kind::altered, 0, 0);
    CHECK_THAT(audit.faults[0].what, Catch::StartsWith("the index event_of_txn"));
  }
}

TEST_CASE("a log that jetond made and opened again has nothing altered") {
  const SignedLog log(1, 10);
  REQUIRE(log.open() != nullptr);
  CHECK(log.reader()->altered().empty());
  CHECK(log.audit().faults_in_all == 0);
}

TEST_CASE("a log whose events are a view is none") {
  const SignedLog log;
  log.edit("DROP VIEW events; ALTER TABLE event RENAME TO e; CREATE VIEW event AS SELECT * FROM e");
  const auto reader = jeton::open_sqlite_reader(log.file);
  REQUIRE_FALSE(reader);
  CHECK(reader.error().code == jeton::Code::log_unavailable);
}

TEST_CASE("deleted rows are found and named") {
  const SignedLog log;
  log.edit("DELETE FROM event WHERE log_index IN (10, 200, 201, 202)");
  const auto audit = log.audit();
  REQUIRE(audit.faults.size() == 2);
  CHECK(audit.faults[0].kind == Fault::Kind::deleted);
  CHECK(audit.faults[0].first == 10);
  CHECK(audit.faults[0].last == 10);
  CHECK(audit.faults[1].first == 200);
  CHECK(audit.faults[1].last == 202);
}

TEST_CASE("a deleted row whose place the later ones took is found though every leaf is right") {
  const SignedLog log;
  log.edit("DELETE FROM event WHERE log_index = 150");
  log.edit("UPDATE event SET log_index = -log_index WHERE log_index > 150");
  log.edit("UPDATE event SET log_index = -log_index - 1 WHERE log_index < 0");
  const auto audit = log.audit();
  CHECK(has(audit, Fault::Kind::other_log));
  CHECK(has(audit, Fault::Kind::cut_off));
  CHECK(audit.signed_size == 100);
}

TEST_CASE("inserted rows are found and named wherever they are put") {
  const SignedLog log;
  log.edit("INSERT INTO event (log_index, event, time_us) VALUES (400, 1, 0)");
  check_only(log.audit(), Fault::Kind::inserted, 400, 400);
  const SignedLog below;
  below.edit("INSERT INTO event (log_index, event, time_us) VALUES (-5, 1, 0)");
  check_only(below.audit(), Fault::Kind::inserted, 0, 0);
}

TEST_CASE("reordered rows are found within the tree although each agrees with its leaf") {
  const SignedLog log(3, 256);
  log.edit("UPDATE event SET log_index = -1 WHERE log_index = 300");
  log.edit("UPDATE event SET log_index = 300 WHERE log_index = 310");
  log.edit("UPDATE event SET log_index = 310 WHERE log_index = -1");
  const auto audit = log.audit();
  REQUIRE(audit.faults.size() == 2);
  CHECK(audit.faults[0].kind == Fault::Kind::replaced);
  CHECK(audit.faults[0].first == 256);
  CHECK(audit.faults[0].last == 511);
  CHECK(audit.faults[1].kind == Fault::Kind::other_log);
  CHECK(audit.faults[1].first == 256);
  CHECK(audit.signed_size == 256);
}

TEST_CASE("an edited row with a forged leaf is found between two checkpoints") {
  const SignedLog log;
  log.edit("UPDATE event SET uid = 0 WHERE log_index = 142");
  forge_leaf(log, 142);
  const auto audit = log.audit();
  REQUIRE(audit.faults.size() == 2);
  CHECK(audit.faults[0].kind == Fault::Kind::other_log);
  CHECK(audit.faults[0].first == 100);
  CHECK(audit.faults[0].last == 199);
  CHECK(audit.faults[1].kind == Fault::Kind::replaced);
}

TEST_CASE("rows cut off below the newest outside checkpoint are found") {
  const SignedLog log;
  log.edit("DELETE FROM event WHERE log_index >= 350");
  const auto audit = log.audit();
  CHECK(has(audit, Fault::Kind::cut_off));
  CHECK(audit.signed_size == 300);
  // Together with what the database itself knew of it.
  log.edit("DELETE FROM checkpoint WHERE size > 350");
  check_only(log.audit(), Fault::Kind::cut_off, 350, 399);
}

TEST_CASE("a restored older database is found by the checkpoint outside of it") {
  SignedLog log(2);
  std::filesystem::copy_file(log.file, log.dir / "older.db");
  {
    auto store = log.open();
    REQUIRE(store->transact([&] { store->append(SignedLog::unlike_event(999)); }));
    jeton::Notary notary(
        {*store, log.key, log.note_key, log.clock, [&](const std::string& note) { log.shown = note; }});
    REQUIRE(notary.sign_if_grown());
  }
  for (const char* suffix : {"-wal", "-shm"}) std::filesystem::remove(log.file.string() + suffix);
  std::filesystem::rename(log.dir / "older.db", log.file);
  check_only(log.audit(), Fault::Kind::cut_off, 200, 200);
}

TEST_CASE("a swapped checkpoint is found in the database and outside of it") {
  SignedLog log;
  log.edit("UPDATE checkpoint SET root = (SELECT root FROM checkpoint WHERE size = 100) WHERE size = 200");
  check_only(log.audit(), Fault::Kind::swapped_checkpoint, 200, 200);
  const SignedLog other;
  const SignedLog whole;
  const auto audit = audit_log(*whole.reader(), whole.note_key, other.outside());
  check_only(audit, Fault::Kind::swapped_checkpoint, 0, 0);
}

TEST_CASE("a log rewritten whole under another key is found with the key that was told elsewhere") {
  const SignedLog real;
  const SignedLog forged;
  CHECK(forged.audit().faults.empty());
  const auto audit = audit_log(*forged.reader(), real.note_key, forged.outside());
  CHECK(audit.faults_in_all == 5);
  CHECK(has(audit, Fault::Kind::swapped_checkpoint));
}

TEST_CASE("a file that is damaged in the middle is a fault and no surprise") {
  const SignedLog log(4, 1000);
  auto bytes = jeton::testing::bytes_of(log.file);
  const auto wal = log.file.string() + "-wal";
  REQUIRE((!std::filesystem::exists(wal) || std::filesystem::file_size(wal) == 0));
  for (std::size_t page = 40; page < 60; ++page)
    std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(page * 4096), 4096, '\xFF');
  jeton::testing::write_bytes(log.file, bytes);
  bool found = false;
  try {
    found = log.audit().faults_in_all > 0;
  } catch (const std::runtime_error&) {
    found = true;  // the schema itself was hit
  }
  CHECK(found);
}

TEST_CASE("a whole log has no fault and says how much of it is signed for") {
  const SignedLog log;
  {
    auto store = log.open();
    REQUIRE(store->transact([&] { store->append(SignedLog::unlike_event(999)); }));
  }
  std::uint64_t seen = 0;
  const auto audit = audit_log(*log.reader(), log.note_key, log.outside(), [&](std::uint64_t done) { seen = done; });
  CHECK(audit.faults.empty());
  CHECK(audit.events == 401);
  CHECK(audit.signed_size == 400);
  CHECK(audit.checkpoints == 5);
  CHECK(seen == 401);
}

TEST_CASE("every event under a checkpoint can be proven to a stranger and no other") {
  const SignedLog log(3, 150);
  {
    auto store = log.open();
    REQUIRE(store->transact([&] { store->append(SignedLog::unlike_event(999)); }));
  }
  const auto reader = log.reader();
  for (std::uint64_t i = 0; i < 450; i += 7) {
    const auto proof = prove_event(*reader, log.note_key, i);
    REQUIRE(proof);
    const auto proven = jeton::verify_proof(*proof, log.note_key);
    REQUIRE(proven);
    CHECK(proven->event == leaf_json(SignedLog::unlike_event(static_cast<int>(i) + 1)));
  }
  const auto early = prove_event(*reader, log.note_key, 450);
  REQUIRE_FALSE(early);
  CHECK(early.error().code == jeton::Code::log_unavailable);
  const auto none = prove_event(*reader, log.note_key, 451);
  REQUIRE_FALSE(none);
  CHECK(none.error().code == jeton::Code::bad_request);
}

TEST_CASE("a row moved to the last index there can be is found and the audit ends") {
  const SignedLog log;
  log.edit("UPDATE event SET log_index = 9223372036854775807 WHERE log_index = 43");
  CHECK(has(log.audit(), Fault::Kind::deleted));
}

TEST_CASE("an edited event is not proven") {
  for (const auto* edit : {"uid = 0", "detail = CAST(x'c328' AS TEXT)", "count = 9007199254740993"}) {
    CAPTURE(edit);
    const SignedLog log;
    log.edit("UPDATE event SET " + std::string(edit) + " WHERE log_index = 43");
    const auto refused = prove_event(*log.reader(), log.note_key, 43);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == jeton::Code::log_unavailable);
  }
}

TEST_CASE("a copy is the log up to its checkpoint and verifies like it") {
  const SignedLog log(4, 200);
  const auto copy = log.dir / "copy.db";
  REQUIRE(jeton::copy_ledger(log.file, copy, 600));
  const auto reader = jeton::open_sqlite_reader(copy);
  REQUIRE(reader);
  const auto audit = audit_log(**reader, log.note_key, {});
  CHECK(audit.faults.empty());
  CHECK(audit.events == 600);
  CHECK(audit.signed_size == 600);
  CHECK(prove_event(**reader, log.note_key, 599));
  const auto again = jeton::copy_ledger(log.file, copy, 600);
  REQUIRE_FALSE(again);
  CHECK(again.error().code == jeton::Code::bad_request);
  CHECK((*reader)->size() == 600);
}
