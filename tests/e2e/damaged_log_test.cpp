// Every command that reads the log, on logs that are damaged in every way: a clear no, and nothing touched.
#include <functional>
#include <map>

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/core.h>

#include "support/catch.hpp"
#include "support/daemon.hpp"

namespace jeton::outside {
namespace {

namespace fs = std::filesystem;

/// Names and bytes of everything in a directory, but for what SQLite puts beside any log of which no daemon runs: a
/// write-ahead log without a byte, and its index.
std::map<std::string, std::string> contents(const fs::path& directory) {
  std::map<std::string, std::string> all;
  for (const auto& entry : fs::directory_iterator(directory)) all[entry.path().filename()] = read_file(entry.path());
  all.erase("jeton.db-shm");
  if (const auto log = all.find("jeton.db-wal"); log != all.end() && log->second.empty()) all.erase(log);
  return all;
}

/// call_0 and so on, of one run; the txn of the last.
std::string open_calls(const Daemon& daemon, int count) {
  const auto client = daemon.client();
  std::string txn;
  for (int i = 0; i < count; ++i) {
    const Json body{{"server", "mcp:stdio:files"},          {"tool", "read_file"},
                    {"arguments", Json::object()},          {"open_id", fmt::format("open_{}", i)},
                    {"call_id", fmt::format("call_{}", i)}, {"run_id", "run-1"}};
    // A disk that hangs is said to hang; the same request again does no harm.
    REQUIRE(eventually([&] {
      const auto minted = client.post("/v1/calls", body);
      if (minted) txn = minted->at("txn");
      return minted.has_value();
    }));
  }
  return txn;
}

struct Damage {
  const char* name;
  std::function<void(const fs::path& db)> make;
};

void overwrite(const fs::path& db, std::int64_t page, std::int64_t page_size) {
  auto bytes = read_file(db);
  const auto at = static_cast<std::size_t>((page - 1) * page_size);
  REQUIRE(bytes.size() >= at + static_cast<std::size_t>(page_size));
  bytes.replace(at, static_cast<std::size_t>(page_size), static_cast<std::size_t>(page_size), '\xA5');
  write_file(db, bytes);
}

const std::vector<Damage>& damages() {
  static const std::vector<Damage> all{
      {"a newer schema",
       [](const fs::path& db) { SQLite::Database(db, SQLite::OPEN_READWRITE).exec("PRAGMA user_version = 99"); }},
      {"half copied",
       [](const fs::path& db) {
         const auto bytes = read_file(db);
         write_file(db, bytes.substr(0, bytes.size() / 2 / 4096 * 4096));
       }},
      {"cut in its first page", [](const fs::path& db) { write_file(db, read_file(db).substr(0, 1000)); }},
      {"the events' first page is noise",
       [](const fs::path& db) {
         std::int64_t page = 0;
         {
           SQLite::Database open(db, SQLite::OPEN_READONLY);
           page = open.execAndGet("SELECT rootpage FROM sqlite_schema WHERE name = 'event'").getInt64();
         }
         overwrite(db, page, 4096);
       }},
      {"not a database", [](const fs::path& db) { write_file(db, std::string(8192, 'x')); }},
      {"not there", [](const fs::path& db) { fs::remove(db); }},
  };
  return all;
}

}  // namespace

TEST_CASE("on a damaged log every command says so, exits 3 and changes nothing") {
  Daemon daemon;
  const auto txn = open_calls(daemon, 60);
  REQUIRE(daemon.stop() == 0);
  const TempDir scratch;
  const auto whole = scratch.path() / "whole";
  fs::create_directory(whole);
  for (const char* name : {"jeton.db", "log.vkey", "checkpoint"}) fs::copy_file(daemon.state() / name, whole / name);

  const std::vector<std::vector<std::string>> commands{{"calls"},
                                                       {"calls", "--agent", "dev"},
                                                       {"show", "--", txn},
                                                       {"why", "call_1"},
                                                       {"export", "--format", "jsonl"},
                                                       {"export", "--format", "csv"},
                                                       {"verify"},
                                                       {"proof", "1"},
                                                       {"copy", (scratch.path() / "copied").string()}};
  int number = 0;
  for (const auto& damage : damages()) {
    const auto state = scratch.path() / std::to_string(++number);
    fs::copy(whole, state);
    damage.make(state / "jeton.db");
    const auto before = contents(state);
    for (auto words : commands) {
      const auto shown = words.front();
      words.insert(words.begin(), {program("jeton"), "log"});
      words.insert(words.begin() + 3, {"--state", state.string()});
      const auto ran = run({.command = words, .env = {{"HOME", scratch.path().string()}}});
      INFO(damage.name << ": " << shown << "\n" << ran.out << ran.err);
      CHECK(ran.status == 3);
      CHECK_THAT(ran.err, Catch::Contains("jeton: error: log_unavailable: "));
      CHECK(ran.err.size() < 600);
      CHECK((contents(state) == before));
      CHECK_FALSE(fs::exists(scratch.path() / "copied" / "jeton.db"));
    }
  }
}

TEST_CASE("reading a log of which no daemon runs changes nothing") {
  Daemon daemon;
  (void)open_calls(daemon, 1);
  REQUIRE(daemon.stop() == 0);
  const auto before = contents(daemon.state());
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"calls"}, {"calls", "--agent", "dev"}, {"why", "call_0"}, {"export", "--format", "jsonl"}, {"verify"}}) {
    std::vector<std::string> command{program("jeton"), "log"};
    command.insert(command.end(), words.begin(), words.end());
    command.insert(command.end(), {"--state", daemon.state().string()});
    const auto ran = run({.command = command, .env = {{"HOME", daemon.home().string()}}});
    INFO(words.front() << ran.err);
    CHECK(ran.status == 0);
    CHECK((contents(daemon.state()) == before));
  }
}

}  // namespace jeton::outside
