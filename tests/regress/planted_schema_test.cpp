// Does jetond run what somebody planted in the schema of a log that was away for a while?
#include <SQLiteCpp/SQLiteCpp.h>

#include "store/schema/schema.hpp"
#include "store/sqlite_open.hpp"
#include "support/catch.hpp"
#include "support/events.hpp"
#include "support/temp_dir.hpp"

namespace jeton::testing {
namespace {

namespace fs = std::filesystem;

void edit(const fs::path& file, const std::string& sql) {
  SQLite::Database(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE).exec(sql);
}

/// A ledger of that schema, as jetond of that version left it.
fs::path ledger_of(const TempDir& dir, int version) {
  auto file = dir / "jeton.db";
  SQLite::Database db(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  migrate(db, 0, schema_steps().first(static_cast<std::size_t>(version)));
  return file;
}

int newest() { return static_cast<int>(schema_steps().size()); }

/// Refused with these words, and every byte stays.
void check_refused(const fs::path& file, const std::string& words) {
  const auto before = bytes_of(file);
  const auto store = open_sqlite_store(file, Sync::normal);
  REQUIRE_FALSE(store);
  CHECK(store.error().code == Code::log_unavailable);
  CHECK_THAT(store.error().message, Catch::Contains(words));
  CHECK((bytes_of(file) == before));
}

struct Planted {
  const char* sql;
  const char* named;
};

}  // namespace

TEST_CASE("a log with anything in its schema that jetond did not put there is not written to") {
  for (const auto& [sql, named] :
       {Planted{"CREATE TRIGGER hush AFTER INSERT ON event BEGIN DELETE FROM event WHERE code = 23; END",
                "the trigger hush is not as jetond makes it"},
        Planted{"CREATE TRIGGER again BEFORE INSERT ON term BEGIN SELECT 1; END", "the trigger again"},
        Planted{"CREATE TRIGGER IF NOT EXISTS v INSTEAD OF INSERT ON events BEGIN SELECT 1; END", "the trigger v"},
        Planted{"CREATE TABLE notes (text)", "the table notes"},
        Planted{"CREATE VIEW mine AS SELECT 1", "the view mine"},
        Planted{"CREATE INDEX fast ON event (abs(uid))", "the index fast"},
        Planted{"DROP INDEX event_spent", "the index event_spent"},
        Planted{"DROP INDEX event_spent; CREATE INDEX event_spent ON event (jti) WHERE event = 9",
                "the index event_spent"},
        Planted{"ALTER TABLE event ADD COLUMN more TEXT DEFAULT 'x'", "the table event"}}) {
    CAPTURE(sql);
    const TempDir dir;
    const auto file = ledger_of(dir, newest());
    edit(file, sql);
    check_refused(file, named);
  }
}

TEST_CASE("what was planted in a log of an earlier version does not run when that is brought up to date") {
  for (int version = 1; version <= newest(); ++version) {
    CAPTURE(version);
    const TempDir dir;
    const auto file = ledger_of(dir, version);
    edit(file, "CREATE TRIGGER hush AFTER INSERT ON meta BEGIN DELETE FROM event; END");
    check_refused(file, "the trigger hush");
    edit(file, "DROP TRIGGER hush");
    CHECK(open_sqlite_store(file, Sync::normal));
  }
}

TEST_CASE("a trigger under the type and name of something of jetonds own is refused as well") {
  // By SQLite, since 3.31, before anybody can look: the words of a row must be those of its type and name.
  const std::string words = "CREATE TRIGGER hush AFTER INSERT ON event BEGIN DELETE FROM event WHERE code = 23; END";
  for (const std::string row :
       {"'table', 'event', 'event'", "'view', 'events', 'events'", "'index', 'event_spent', 'event'"}) {
    for (const std::string rowid : {"-1", "1000"}) {
      CAPTURE(row, rowid);
      const TempDir dir;
      const auto file = ledger_of(dir, newest());
      edit(file,
           "PRAGMA writable_schema = 1; INSERT INTO sqlite_schema (rowid, type, name, tbl_name, rootpage, sql) "
           "VALUES (" +
               rowid + ", " + row + ", 0, '" + words + "')");
      check_refused(file, "jeton.db");
    }
  }
}

TEST_CASE("a refusal of a planted schema says what to type and puts no name into a command that is more than a name") {
  const TempDir dir;
  const auto file = ledger_of(dir, newest());
  edit(file, "CREATE TRIGGER hush AFTER INSERT ON event BEGIN SELECT 1; END");
  check_refused(file, "sqlite3 " + file.string() + " 'DROP trigger hush'");
  edit(file, "DROP TRIGGER hush; CREATE TABLE \"x'; rm -rf ~ #\x1b[2J\" (a)");
  const auto store = open_sqlite_store(file, Sync::normal);
  REQUIRE_FALSE(store);
  CHECK_THAT(store.error().message, Catch::Contains("rm -rf ~ #?[2J") && !Catch::Contains("DROP"));
}

TEST_CASE("views of other words are no reason not to start and are made anew") {
  const TempDir dir;
  const auto file = ledger_of(dir, newest());
  edit(file, "DROP VIEW calls; DROP VIEW attempts; CREATE VIEW attempts AS SELECT 1 AS txn");
  REQUIRE(open_sqlite_store(file, Sync::normal));
  const auto reader = open_sqlite_reader(file);
  REQUIRE(reader);
  CHECK((*reader)->altered().empty());
}

}  // namespace jeton::testing
