// Others at the log: one who reads for long holds nobody up, one who holds the write lock is a prompt no.
#include <algorithm>
#include <thread>

#include <SQLiteCpp/SQLiteCpp.h>

#include "support/catch.hpp"
#include "support/daemon.hpp"
#include "support/ledger.hpp"

namespace jeton::outside {
namespace {

const Json call{{"server", "mcp:stdio:x"}, {"tool", "t"}, {"arguments", Json::object()}};

std::uintmax_t wal_bytes(const Daemon& daemon) { return std::filesystem::file_size(daemon.state() / "jeton.db-wal"); }

}  // namespace

TEST_CASE("a reader that keeps its transaction open for long makes the wal grow and nothing fail") {
  Daemon daemon;
  const auto client = daemon.client();
  REQUIRE(client.post("/v1/calls", call));
  SQLite::Database other((daemon.state() / "jeton.db").string(), SQLite::OPEN_READONLY);
  {
    SQLite::Transaction reading(other);
    const auto seen = other.execAndGet("SELECT count(*) FROM events").getInt();
    const auto before = wal_bytes(daemon);
    const auto checkpoints = Ledger(daemon.state()).count("1") + 1;
    // More than the room that the write-ahead log begins with.
    for (int i = 0; i < 600; ++i) REQUIRE(client.post("/v1/calls", call));
    // Through at least one turn of the house, with its checkpoint.
    CHECK(eventually([&] { return client.status()->at("log").at("signed_size") > checkpoints; }));
    REQUIRE(client.post("/v1/calls", call));
    CHECK(wal_bytes(daemon) > before);
    CHECK(other.execAndGet("SELECT count(*) FROM events").getInt() == seen);
  }
  REQUIRE(client.post("/v1/calls", call));
  CHECK(Ledger(daemon.state()).count("code = 'log_unavailable'") == 0);
  CHECK(daemon.stop() == 0);
  CHECK(run({.command = {program("jeton"), "log", "verify", "--state", daemon.state()}}).status == 0);
}

TEST_CASE("a program that holds the write lock for seconds is log_unavailable each time and then it is over") {
  Daemon daemon;
  const auto client = daemon.client();
  REQUIRE(client.post("/v1/calls", call));
  SQLite::Database intruder((daemon.state() / "jeton.db").string(), SQLite::OPEN_READWRITE);
  intruder.exec("BEGIN IMMEDIATE");
  const auto began = std::chrono::steady_clock::now();
  std::vector<std::chrono::steady_clock::duration> times;
  // Longer than the house needs for two turns; each of those meets the lock as well.
  while (std::chrono::steady_clock::now() - began < std::chrono::milliseconds(2500)) {
    const auto asked = std::chrono::steady_clock::now();
    const auto answer = client.post("/v1/calls", call);
    times.push_back(std::chrono::steady_clock::now() - asked);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == Code::log_unavailable);
  }
  std::sort(times.begin(), times.end());
  CHECK(times[times.size() / 2] < std::chrono::milliseconds(200));
  CHECK(times.back() < std::chrono::seconds(1));
  intruder.exec("ROLLBACK");
  CHECK(client.post("/v1/calls", call));
  CHECK(daemon.stop() == 0);
  CHECK(run({.command = {program("jeton"), "log", "verify", "--state", daemon.state()}}).status == 0);
}

}  // namespace jeton::outside
