// A call index is a cache: thrown away when it is damaged or of another log, and never believed over the log.
#include "store/call_index.hpp"

#include <thread>

#include <SQLiteCpp/SQLiteCpp.h>
#include <sys/stat.h>

#include "readers/find.hpp"
#include "store/sqlite_store.hpp"
#include "support/catch.hpp"
#include "support/events.hpp"
#include "support/temp_dir.hpp"

namespace {

namespace t = jeton::testing;
namespace fs = std::filesystem;
using jeton::CallFilter;
using jeton::CallIndex;
using jeton::EventKind;
using jeton::Txn;
using t::id_of;

constexpr std::int64_t now_us = 1'790'000'000'000'000;

/// A log of calls `first` to `last`, each opened by the same agent.
struct Log {
  explicit Log(const fs::path& file) : file_(file) {}
  void open_calls(int first, int last, const std::string& agent = "billing") const {
    const auto store = jeton::open_sqlite_store(file_, jeton::Sync::normal);
    REQUIRE(store);
    REQUIRE((*store)->transact([&] {
      for (int number = first; number <= last; ++number) {
        auto event = t::event_of(EventKind::token_minted, number);
        event.agent = "spiffe://acme.example/agent/" + agent;
        event.attempt = 1;
        event.token_sha256 = jeton::sha256(std::to_string(number));
        (*store)->append(event);
      }
    }));
  }
  [[nodiscard]] std::unique_ptr<jeton::LogReader> reader() const {
    auto log = jeton::open_sqlite_reader(file_);
    REQUIRE(log);
    return std::move(*log);
  }

 private:
  fs::path file_;
};

CallIndex open_index(const fs::path& directory) {
  auto index = CallIndex::open(directory);
  REQUIRE(index);
  return std::move(*index);
}

std::size_t calls_of(const jeton::LogReader& log, CallIndex& index, const std::string& agent) {
  CallFilter filter;
  filter.agent = agent;
  return find_calls(log, index, filter, UINT64_MAX, 1000, now_us).calls.size();
}

std::size_t calls_of(const Log& log, const fs::path& directory, const std::string& agent = "billing") {
  auto index = open_index(directory);
  return calls_of(*log.reader(), index, agent);
}

unsigned mode_of(const fs::path& file) {
  struct stat found {};
  REQUIRE(::stat(file.c_str(), &found) == 0);
  return found.st_mode & 0777U;
}

}  // namespace

TEST_CASE("an index is for the eyes of its account and needs a directory of its own") {
  const t::TempDir dir;
  const Log log(dir / "jeton.db");
  log.open_calls(1, 3);
  CHECK(calls_of(log, dir / "index") == 3);
  CHECK(mode_of(dir / "index") == 0700);
  for (const auto& entry : fs::directory_iterator(dir / "index")) {
    CAPTURE(entry.path());
    CHECK(mode_of(entry.path()) == 0600);
  }
  fs::create_directory(dir / "open");
  fs::permissions(dir / "open", fs::perms::owner_all | fs::perms::group_read);
  CHECK(CallIndex::open(dir / "open").error().code == jeton::Code::log_unavailable);
  fs::create_directory_symlink(dir / "index", dir / "link");
  CHECK_FALSE(CallIndex::open(dir / "link"));
}

TEST_CASE("a directory that holds a log takes no index and has not even a lock of it") {
  const t::TempDir dir;
  fs::create_directory(dir / "state");
  fs::permissions(dir / "state", fs::perms::owner_all);
  const Log log(dir / "state" / "jeton.db");
  log.open_calls(1, 3);
  const auto refused = CallIndex::open(dir / "state");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == jeton::Code::bad_request);
  CHECK_THAT(refused.error().message, Catch::Contains("--cache"));
  CHECK_FALSE(fs::exists(dir / "state" / "calls.db"));

  // Where a daemon has not made its log yet, nothing of the index has a name of the daemon's.
  fs::create_directory(dir / "early");
  fs::permissions(dir / "early", fs::perms::owner_all);
  const auto index = open_index(dir / "early");
  for (const auto* name : {"lock", "jeton.db", "log.key", "checkpoint"}) CHECK_FALSE(fs::exists(dir / "early" / name));
}

TEST_CASE("an index of another log, or of one that was longer, is emptied and made anew") {
  const t::TempDir dir;
  const Log one(dir / "one.db"), other(dir / "other.db"), shorter(dir / "shorter.db");
  one.open_calls(1, 5);
  other.open_calls(101, 109);
  shorter.open_calls(1, 2);
  CHECK(calls_of(one, dir / "index") == 5);
  CHECK(calls_of(other, dir / "index") == 9);
  CHECK(calls_of(shorter, dir / "index") == 2);
  CHECK(calls_of(one, dir / "index") == 5);
}

TEST_CASE("an index whose file is damaged is thrown away and made anew") {
  const t::TempDir dir;
  const Log log(dir / "jeton.db");
  log.open_calls(1, 600);
  REQUIRE(calls_of(log, dir / "index") == 600);
  const auto file = dir / "index" / "calls.db";
  SQLite::Database(file.string(), SQLite::OPEN_READWRITE).exec("PRAGMA wal_checkpoint(TRUNCATE)");
  const auto good = t::bytes_of(file);
  REQUIRE(good.size() > 40'000);
  const auto damaged = [&good](std::size_t from, std::size_t to) {
    auto bytes = good;
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(from), bytes.begin() + static_cast<std::ptrdiff_t>(to),
              '\x5A');
    return bytes;
  };
  for (const auto& bytes : {std::string("no database"), std::string(), good.substr(0, 5000), good.substr(0, 100),
                            damaged(0, 100), damaged(4096, good.size()), damaged(20'000, 30'000)}) {
    CAPTURE(bytes.size());
    fs::remove(dir / "index" / "calls.db-wal");
    fs::remove(dir / "index" / "calls.db-shm");
    t::write_bytes(file, bytes);
    CHECK(calls_of(log, dir / "index") == 600);
  }
}

TEST_CASE("an index of another version is thrown away") {
  const t::TempDir dir;
  const Log log(dir / "jeton.db");
  log.open_calls(1, 3);
  REQUIRE(calls_of(log, dir / "index") == 3);
  SQLite::Database((dir / "index" / "calls.db").string(), SQLite::OPEN_READWRITE).exec("PRAGMA user_version = 99");
  CHECK(calls_of(log, dir / "index") == 3);
}

TEST_CASE("what somebody wrote into an index is not believed") {
  const t::TempDir dir;
  const Log log(dir / "jeton.db");
  log.open_calls(1, 3);
  log.open_calls(4, 5, "reports");
  REQUIRE(calls_of(log, dir / "index") == 3);
  {
    SQLite::Database db((dir / "index" / "calls.db").string(), SQLite::OPEN_READWRITE);
    // Every call is one of billing's now, and there are some the log does not have.
    db.exec("UPDATE call SET kind = (SELECT kind FROM call WHERE first = 0)");
    db.exec("INSERT INTO call (first, txn, kind, opened_us) SELECT 100 + first, randomblob(16), kind, 0 FROM call");
  }
  CHECK(calls_of(log, dir / "index") == 3);
}

TEST_CASE("only one process at a time has an index and the next waits for it") {
  const t::TempDir dir;
  const Log log(dir / "jeton.db");
  log.open_calls(1, 3);
  auto held = std::make_unique<CallIndex>(open_index(dir / "index"));
  bool waited = false;
  std::thread other([&] { waited = CallIndex::open(dir / "index").has_value(); });
  CHECK(calls_of(*log.reader(), *held, "billing") == 3);
  held.reset();
  other.join();
  CHECK(waited);
}

TEST_CASE("an index in memory answers like one on the disk") {
  const t::TempDir dir;
  const Log log(dir / "jeton.db");
  log.open_calls(1, 3);
  auto index = CallIndex::in_memory();
  CHECK(calls_of(*log.reader(), index, "billing") == 3);
  log.open_calls(4, 4);
  CHECK(calls_of(*log.reader(), index, "billing") == 4);
}

TEST_CASE("tokens are found by what is known of them") {
  const t::TempDir dir;
  const Log log(dir / "jeton.db");
  log.open_calls(1, 300);
  auto index = open_index(dir / "index");
  index.catch_up(*log.reader());
  CHECK(index.events_of(id_of<jeton::Jti>(7), 10) == std::vector<std::uint64_t>{6});
  CHECK(index.events_of(jeton::sha256("7"), 10) == std::vector<std::uint64_t>{6});
  CHECK(index.events_of(id_of<jeton::Jti>(301), 10).empty());
  CHECK_FALSE(index.start_after(0));
}
