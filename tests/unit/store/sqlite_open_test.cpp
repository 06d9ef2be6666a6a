// Which files the ledger refuses to be, untouched, and how its schema moves on.
#include "store/sqlite_open.hpp"

#include <vector>

#include <sqlite3.h>

#include "jeton/merkle.hpp"
#include "store/event_row.hpp"
#include "store/schema/altered.hpp"
#include "store/schema/schema.hpp"
#include "support/catch.hpp"
#include "support/events.hpp"
#include "support/temp_dir.hpp"

namespace {

using jeton::Code;
using jeton::EventKind;
using jeton::open_sqlite_reader;
using jeton::open_sqlite_store;
using jeton::Sync;
using jeton::testing::bytes_of;
using jeton::testing::event_of;
using jeton::testing::TempDir;

SQLite::Database raw(const std::filesystem::path& file) {
  return {file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, 1000};
}

void make_ledger(const std::filesystem::path& file, int events) {
  auto store = open_sqlite_store(file, Sync::normal);
  REQUIRE(store);
  for (int i = 0; i < events; ++i)
    REQUIRE((*store)->transact([&] { (*store)->append(jeton::testing::full_event(EventKind::token_minted, i)); }));
}

int newest() { return static_cast<int>(jeton::schema_steps().size()); }

/// The steps of today and those of some later version.
std::vector<std::string_view> steps_and(std::initializer_list<std::string_view> later) {
  std::vector<std::string_view> steps(jeton::schema_steps().begin(), jeton::schema_steps().end());
  steps.insert(steps.end(), later);
  return steps;
}

/// Opening fails with a message that has `words`, for writer and reader, and leaves every byte as it was.
void check_refused(const std::filesystem::path& file, const std::string& words) {
  const auto before = bytes_of(file);
  const auto store = open_sqlite_store(file, Sync::full);
  REQUIRE_FALSE(store);
  CHECK(store.error().code == Code::log_unavailable);
  CHECK_THAT(store.error().message, Catch::Contains(words));
  const auto reader = open_sqlite_reader(file);
  REQUIRE_FALSE(reader);
  CHECK(reader.error().code == Code::log_unavailable);
  CHECK((bytes_of(file) == before));
}

}  // namespace

TEST_CASE("a database of another program is refused and stays as it was") {
  const TempDir dir;
  const auto file = dir / "other.db";
  {
    auto db = raw(file);
    db.exec("PRAGMA application_id = 1196444487; CREATE TABLE event (log_index INTEGER PRIMARY KEY)");
  }
  check_refused(file, "is not a jeton log");
}

TEST_CASE("a database without a name of its own is refused and stays as it was") {
  const TempDir dir;
  const auto file = dir / "other.db";
  raw(file).exec("CREATE TABLE notes (text TEXT)");
  check_refused(file, "is not a jeton log");
}

TEST_CASE("a ledger of a newer version is refused and stays as it was") {
  const TempDir dir;
  const auto file = dir / "jeton.db";
  make_ledger(file, 3);
  raw(file).exec("PRAGMA user_version = " + std::to_string(newest() + 1));
  check_refused(file, "install the jeton that made it");
  raw(file).exec("PRAGMA user_version = -1");
  check_refused(file, "is not a jeton log");
}

TEST_CASE("a file that is no database is refused and stays as it was") {
  const TempDir dir;
  const auto file = dir / "jeton.db";
  jeton::testing::write_bytes(file, std::string(8192, 'x'));
  check_refused(file, "cannot");
}

TEST_CASE("a ledger that cannot be made is refused with its path") {
  const TempDir dir;
  const auto store = open_sqlite_store(dir / "missing" / "jeton.db", Sync::full);
  REQUIRE_FALSE(store);
  CHECK(store.error().code == Code::log_unavailable);
  CHECK_THAT(store.error().message, Catch::Contains("missing"));
}

TEST_CASE("a reader makes no ledger where none is") {
  const TempDir dir;
  CHECK_FALSE(open_sqlite_reader(dir / "jeton.db"));
  CHECK_FALSE(std::filesystem::exists(dir / "jeton.db"));
  jeton::testing::write_bytes(dir / "empty.db", "");
  const auto reader = open_sqlite_reader(dir / "empty.db");
  REQUIRE_FALSE(reader);
  CHECK_THAT(reader.error().message, Catch::Contains("start jetond first"));
}

TEST_CASE("an empty file becomes a ledger") {
  const TempDir dir;
  jeton::testing::write_bytes(dir / "jeton.db", "");
  make_ledger(dir / "jeton.db", 1);
  CHECK(raw(dir / "jeton.db").execAndGet("PRAGMA application_id").getInt() == jeton::schema_application_id);
}

TEST_CASE("a ledger half made long ago is refused") {
  const TempDir dir;
  raw(dir / "jeton.db")
      .exec("PRAGMA application_id = " + std::to_string(jeton::schema_application_id) +
            "; CREATE TABLE event (log_index INTEGER PRIMARY KEY)");
  check_refused(dir / "jeton.db", "is not a jeton log");
}

TEST_CASE("a step that fails leaves the version before it") {
  const TempDir dir;
  make_ledger(dir / "jeton.db", 3);
  auto db = raw(dir / "jeton.db");
  CHECK_THROWS_AS(jeton::migrate(db, newest(), steps_and({"CREATE TABLE half (a); SELECT nonsense"})),
                  SQLite::Exception);
  CHECK(db.execAndGet("PRAGMA user_version").getInt() == newest());
  CHECK_FALSE(db.tableExists("half"));
  CHECK(db.execAndGet("SELECT count(*) FROM events").getInt() == 3);
  CHECK(open_sqlite_store(dir / "jeton.db", Sync::normal));
}

TEST_CASE("a step added later keeps the rows and the name and makes the view anew") {
  const TempDir dir;
  const auto file = dir / "jeton.db";
  make_ledger(file, 3);
  auto db = raw(file);
  const auto name = db.execAndGet("SELECT value FROM meta WHERE key = 'id'").getString();
  const auto rows = [&db] {
    std::string all;
    SQLite::Statement select(db, "SELECT * FROM events ORDER BY log_index");
    while (select.executeStep())
      for (int i = 0; i < select.getColumnCount(); ++i) all += select.getColumn(i).getString() + "|";
    return all;
  };
  const auto before = rows();
  // The last column of the table is one the view shows: a step may still drop and make it anew.
  const auto steps =
      steps_and({"CREATE TABLE later (a); INSERT INTO later VALUES (1)",
                 "ALTER TABLE event ADD COLUMN kept BLOB; UPDATE event SET kept = config_sha256;"
                 "ALTER TABLE event DROP COLUMN config_sha256; ALTER TABLE event RENAME COLUMN kept TO config_sha256"});
  jeton::migrate(db, newest(), steps);
  CHECK(db.execAndGet("PRAGMA user_version").getInt() == newest() + 2);
  CHECK(db.execAndGet("SELECT value FROM meta WHERE key = 'id'").getString() == name);
  CHECK((rows() == before));
  jeton::migrate(db, newest() + 2, steps);
  CHECK(db.execAndGet("SELECT count(*) FROM later").getInt() == 1);
}

TEST_CASE("a log of every earlier version is brought up to date with its rows and then leads to children") {
  for (int version = 1; version < newest(); ++version) {
    CAPTURE(version);
    const TempDir dir;
    const auto file = dir / "jeton.db";
    const auto parent = jeton::testing::id_of<jeton::Txn>(1), child = jeton::testing::id_of<jeton::Txn>(2);
    {
      auto db = raw(file);
      jeton::migrate(db, 0, jeton::schema_steps().first(1));
      SQLite::Statement insert(
          db, "INSERT INTO event (log_index, event, time_us, txn, parent_txn) VALUES (0, 6, 1790000000000000, ?, ?)");
      insert.bind(1, child.text());
      insert.bind(2, parent.text());
      insert.exec();
      jeton::migrate(db, 1, jeton::schema_steps().first(static_cast<std::size_t>(version)));
    }
    REQUIRE(open_sqlite_store(file, Sync::normal));
    auto db = raw(file);
    CHECK(db.execAndGet("PRAGMA user_version").getInt() == newest());
    const auto plan = [&db](const std::string& sql) {
      SQLite::Statement explained(db, "EXPLAIN QUERY PLAN " + sql);
      REQUIRE(explained.executeStep());
      return explained.getColumn(3).getString();
    };
    CHECK_THAT(plan("SELECT txn FROM event WHERE parent_txn = 'x'"), Catch::Contains("event_of_parent"));
    const auto reader = open_sqlite_reader(file);
    REQUIRE(reader);
    REQUIRE((*reader)->children(parent, 10).size() == 1);
    CHECK((*reader)->children(parent, 10)[0].txn == child);
  }
}

TEST_CASE("an archive of an earlier schema is read as it is and verifies and is not changed") {
  for (int version = jeton::schema_readable_from; version < newest(); ++version) {
    CAPTURE(version);
    const TempDir dir;
    make_ledger(dir / "today.db", 300);
    const auto file = dir / "jeton.db";
    {
      auto db = raw(file);
      jeton::migrate(db, 0, jeton::schema_steps().first(static_cast<std::size_t>(version)));
      db.exec("ATTACH '" + (dir / "today.db").string() + "' AS today");
      for (const auto* table : {"term", "event", "tree", "checkpoint"})
        db.exec(std::string("INSERT INTO ") + table + " SELECT * FROM today." + table);
    }
    const auto before = bytes_of(file);
    const auto reader = open_sqlite_reader(file);
    REQUIRE(reader);
    CHECK((*reader)->altered().empty());
    CHECK((*reader)->read(0, 1000).size() == 300);
    CHECK((*reader)->gaps() == 0);
    CHECK((bytes_of(file) == before));

    raw(file).exec("DROP INDEX event_of_control; CREATE INDEX event_of_control ON event (log_index) WHERE event = 14");
    const auto altered = open_sqlite_reader(file).value()->altered();
    CHECK(altered == std::vector<std::string>{"the index event_of_control"});
  }
}

TEST_CASE("a log that is brought up to date while its schema is looked at has nothing altered") {
  const TempDir dir;
  const auto file = dir / "jeton.db";
  {
    auto db = raw(file);
    db.exec("PRAGMA journal_mode = WAL");
    jeton::migrate(db, 0, jeton::schema_steps().first(6));
  }
  SQLite::Database reader(file.string(), SQLite::OPEN_READONLY);
  // when: another process does it between the look at the schema and that at the indexes
  struct Other {
    std::filesystem::path file;
    bool done = false;
  } other{file};
  const auto before_release = [](unsigned, void* context, void*, void* sql) {
    auto& it = *static_cast<Other*>(context);
    if (it.done || std::string_view(static_cast<const char*>(sql)).substr(0, 7) != "RELEASE") return 0;
    it.done = true;
    auto db = raw(it.file);
    jeton::migrate(db, 6, jeton::schema_steps());
    return 0;
  };
  REQUIRE(sqlite3_trace_v2(reader.getHandle(), SQLITE_TRACE_STMT, before_release, &other) == SQLITE_OK);
  CHECK(jeton::altered_objects(reader).empty());
  CHECK(other.done);
}

TEST_CASE("an event is written without building a table for it and what holds is found by its index") {
  const TempDir dir;
  make_ledger(dir / "jeton.db", 3);
  auto db = raw(dir / "jeton.db");
  SQLite::Statement steps(db, "EXPLAIN " + jeton::insert_event_sql());
  while (steps.executeStep()) CHECK(steps.getColumn(1).getString() != "OpenEphemeral");
  SQLite::Statement plan(
      db, "EXPLAIN QUERY PLAN SELECT * FROM event WHERE " + std::string(jeton::control_rows) + " ORDER BY log_index");
  REQUIRE(plan.executeStep());
  CHECK_THAT(plan.getColumn(3).getString(), Catch::Contains("event_of_control"));
}

TEST_CASE("a log from before there were leaves whose rows were edited is refused and not a crash") {
  for (const auto* edit : {"detail = CAST(x'c328' AS TEXT)", "uid = 9007199254740993", "role = 99"}) {
    CAPTURE(edit);
    const TempDir dir;
    {
      auto db = raw(dir / "jeton.db");
      jeton::migrate(db, 0, jeton::schema_steps().first(1));
      db.exec("INSERT INTO event (log_index, event, time_us) VALUES (0, 2, 1790000000000000)");
      db.exec("UPDATE event SET " + std::string(edit));
    }
    const auto store = open_sqlite_store(dir / "jeton.db", Sync::normal);
    REQUIRE_FALSE(store);
    CHECK(store.error().code == Code::log_unavailable);
    CHECK_THAT(store.error().message, Catch::Contains("event 0 has"));
  }
}

TEST_CASE("a log from before there were leaves gets them once and then proves its rows") {
  const TempDir dir;
  const auto file = dir / "jeton.db";
  jeton::TreeEdge expected;
  {
    auto db = raw(file);
    jeton::migrate(db, 0, jeton::schema_steps().first(1));
    SQLite::Statement insert(db,
                             "INSERT INTO event (log_index, event, time_us, uid) VALUES (?, 2, 1790000000000000, ?)");
    SQLite::Transaction transaction(db);
    for (int i = 0; i < 300; ++i) {
      jeton::Event event;
      event.kind = EventKind::sidecar_stopped;
      event.time_us = 1'790'000'000'000'000;
      event.uid = i;
      expected.append(leaf_hash(event));
      insert.bind(1, i);
      insert.bind(2, i);
      insert.exec();
      insert.reset();
    }
    transaction.commit();
  }
  const auto early = open_sqlite_reader(file);
  REQUIRE_FALSE(early);
  CHECK_THAT(early.error().message, Catch::Contains("start jetond once"));

  for (int time = 0; time < 2; ++time) {
    const auto store = open_sqlite_store(file, Sync::normal);
    REQUIRE(store);
    CHECK((*store)->head().size == 300);
    CHECK((*store)->head().root == expected.root());
  }
}

TEST_CASE("the columns of the table are the members of an event and nothing else") {
  const TempDir dir;
  make_ledger(dir / "jeton.db", 0);
  auto db = raw(dir / "jeton.db");
  std::string columns;
  SQLite::Statement info(db, "SELECT name FROM pragma_table_info('event') WHERE name <> 'leaf' ORDER BY cid");
  while (info.executeStep()) {
    const auto name = info.getColumn(0).getString();
    const bool first_three = name == "log_index" || name == "event" || name == "time_us";
    columns += columns.empty() ? name : ", " + (first_three ? name : "\"" + name + "\"");
  }
  CHECK(columns == jeton::event_columns());
}
