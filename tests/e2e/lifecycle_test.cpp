// Starting, stopping, and every reason not to start.
#include <csignal>

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/catch.hpp"
#include "support/daemon.hpp"
#include "support/ledger.hpp"
#include "support/notify_socket.hpp"

namespace jeton::outside {
namespace {

/// A jetond that is expected to end by itself.
Ran jetond(std::vector<std::string> arguments, Environment env = {}) {
  arguments.insert(arguments.begin(), program("jetond"));
  return run({.command = std::move(arguments), .env = std::move(env)});
}

Ran jetond_with(const std::string& config, const TempDir& home) {
  write_file(home.path() / "jeton.toml", config);
  return jetond({"--config", home.path() / "jeton.toml", "--state", home.path(), "--socket", home.path() / "s"});
}

}  // namespace

TEST_CASE("a second daemon on the same state ends and names the first") {
  const Daemon first;
  const auto second = jetond({"--dev", "--state", first.state(), "--socket", first.home() / "second.sock"});
  CHECK(second.status == 2);
  CHECK(second.out.empty());
  CHECK_THAT(second.err,
             Catch::Contains(fmt::format("pid {}", first.pid())) && Catch::Contains(first.state().string()));
  CHECK(first.client().status());
  CHECK_FALSE(std::filesystem::exists(first.home() / "second.sock"));
}

TEST_CASE("two daemons with two states are two issuers") {
  const Daemon one, other;
  CHECK(one.client().issuer() != other.client().issuer());
  const auto minted =
      one.client().post("/v1/calls", {{"server", "mcp:stdio:x"}, {"tool", "t"}, {"arguments", Json::object()}});
  REQUIRE(minted);
  const auto elsewhere = other.client().post("/v1/redeem", {{"token", minted->at("token")},
                                                            {"server", "mcp:stdio:x"},
                                                            {"tool", "t"},
                                                            {"arguments", Json::object()},
                                                            {"redemption_id", "r"}});
  REQUIRE_FALSE(elsewhere);
  CHECK(elsewhere.error().code == Code::unknown_key);
}

TEST_CASE("a socket that a live daemon answers on is not taken over and a dead ones is") {
  Daemon first;
  const TempDir other;
  const auto taking = jetond({"--dev", "--state", other.path() / "state", "--socket", first.socket()});
  CHECK(taking.status == 2);
  CHECK_THAT(taking.err, Catch::Contains("another process listens on it"));
  CHECK(first.client().status());

  first.kill9();
  REQUIRE(std::filesystem::exists(first.socket()));
  first.restart();
  CHECK(first.client().status());
}

TEST_CASE("what stands in the sockets place and is no socket is left alone") {
  const TempDir home;
  write_file(home.path() / "precious", "data");
  const auto refused = jetond({"--dev", "--state", home.path() / "state", "--socket", home.path() / "precious"});
  CHECK(refused.status == 2);
  CHECK(read_file(home.path() / "precious") == "data");
}

TEST_CASE("sigterm ends the daemon with 0 and its last event says so") {
  Daemon daemon;
  const auto client = daemon.client();  // an idle connection must not hold the stop up
  RawClient half(daemon.socket());
  half.send("POST /v1/calls HTTP/1.1\r\nContent-Length: 100\r\n\r\n{");
  CHECK(daemon.stop() == 0);
  const Ledger ledger(daemon.state());
  CHECK(ledger.one("SELECT event FROM events ORDER BY log_index DESC LIMIT 1") == "sidecar.stopped");
  CHECK(ledger.one("SELECT event FROM events ORDER BY log_index LIMIT 1") == "sidecar.started");
  CHECK_FALSE(std::filesystem::exists(daemon.socket()));

  daemon.restart();
  CHECK(ledger.count("event = 'sidecar.started'") == 2);
  CHECK(ledger.count("event = 'sidecar.stopped'") == 1);
}

TEST_CASE("the ready line says where the daemon is") {
  const Daemon daemon;
  CHECK(daemon.ready_line() ==
        fmt::format("ready socket={} listen=none state={}", daemon.socket().string(), daemon.state().string()));
  struct stat info {};
  REQUIRE(::stat(daemon.socket().c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  for (const char* file : {"jeton.db", "log.key", "lock"}) {
    REQUIRE(::stat((daemon.state() / file).c_str(), &info) == 0);
    CHECK((info.st_mode & 077) == 0);
  }
}

TEST_CASE("a state directory that is not there or open to others is refused with what to do") {
  const TempDir home;
  write_file(home.path() / "jeton.toml", "trust_domain = \"acme.example\"\n");
  const auto config = (home.path() / "jeton.toml").string();
  const auto missing = jetond({"--config", config, "--state", home.path() / "none", "--socket", home.path() / "s"});
  CHECK(missing.status == 2);
  CHECK_THAT(missing.err, Catch::Contains("install -d -m 0700"));

  std::filesystem::create_directory(home.path() / "open");
  ::chmod((home.path() / "open").c_str(), 0777);
  const auto open = jetond({"--config", config, "--state", home.path() / "open", "--socket", home.path() / "s"});
  CHECK(open.status == 2);
  CHECK_THAT(open.err, Catch::Contains("chmod 0700"));
}

TEST_CASE("a command line that asks for what there is not ends with 2") {
  const TempDir home;
  const auto state = (home.path() / "state").string();
  CHECK(jetond({"--dev", "--state", state, "--listen", "localhost:8080"}).status == 2);
  CHECK(jetond({"--dev", "--config", "x"}).status == 2);
  CHECK(jetond({"--no-such-flag"}).status == 2);
  CHECK(jetond({"surplus"}).status == 2);
  CHECK_FALSE(std::filesystem::exists(state));
  CHECK(jetond({"--help"}).status == 0);
  const auto version = jetond({"--version"});
  CHECK(version.status == 0);
  CHECK(version.out.size() > 4);
  const Daemon none({.arguments = {"--listen", "none"}});
  CHECK(none.alive());
}

TEST_CASE("a mistake in the configuration is named with file and line and key") {
  const TempDir home;
  const auto unknown = jetond_with("trust_domain = \"acme.example\"\n\ndurabilty = \"full\"\n", home);
  CHECK(unknown.status == 2);
  CHECK_THAT(unknown.err, Catch::Contains((home.path() / "jeton.toml").string() + ":3: durabilty: "));
  const auto range = jetond_with("trust_domain = \"acme.example\"\n[limits]\nidle_s = 0\n", home);
  CHECK(range.status == 2);
  CHECK_THAT(range.err, Catch::Contains(":3: "));
  const auto syntax = jetond_with("trust_domain = \n", home);
  CHECK(syntax.status == 2);
  CHECK_THAT(syntax.err, Catch::Contains(":1: "));
  const auto missing = jetond({"--config", home.path() / "none.toml", "--state", home.path()});
  CHECK(missing.status == 2);
  CHECK_THAT(missing.err, Catch::Contains("there is no configuration"));
}

TEST_CASE("a log of a newer version is left as it is") {
  Daemon daemon;
  CHECK(daemon.stop() == 0);
  SQLite::Database(daemon.state() / "jeton.db", SQLite::OPEN_READWRITE).exec("PRAGMA user_version = 99");
  const auto before = read_file(daemon.state() / "jeton.db");
  auto words = daemon.command();
  const auto refused = run({.command = words});
  CHECK(refused.status == 3);
  CHECK_THAT(refused.err, Catch::Contains("schema 99"));
  CHECK(read_file(daemon.state() / "jeton.db") == before);
}

TEST_CASE("a file that is no log is left as it is") {
  const TempDir home;
  write_file(home.path() / "jeton.db",
             "these are my notes, not a database, and longer than a header of one hundred bytes is, "
             "so that it is read");
  const auto before = read_file(home.path() / "jeton.db");
  CHECK(jetond_with("trust_domain = \"acme.example\"\n", home).status == 3);
  CHECK(read_file(home.path() / "jeton.db") == before);
}

TEST_CASE("a log key that others can read or that is cut short is refused") {
  Daemon daemon;
  CHECK(daemon.stop() == 0);
  const auto key = daemon.state() / "log.key";
  REQUIRE(::chmod(key.c_str(), 0644) == 0);
  const auto readable = run({.command = daemon.command()});
  CHECK(readable.status == 3);
  CHECK_THAT(readable.err, Catch::Contains("log.key") && Catch::Contains("chmod 0600"));
  REQUIRE(::chmod(key.c_str(), 0600) == 0);
  const auto whole = read_file(key);
  write_file(key, whole.substr(0, whole.size() - 1));
  CHECK(run({.command = daemon.command()}).status == 3);
  write_file(key, whole);
  daemon.restart();
  CHECK(daemon.alive());
}

TEST_CASE("the service manager hears when the daemon is ready and when it stops") {
  const TempDir home;
  const NotifySocket manager(home.path() / "notify");
  Daemon daemon({.env = {{"NOTIFY_SOCKET", home.path() / "notify"}}});
  CHECK(manager.next() == "READY=1");
  CHECK(daemon.stop() == 0);
  CHECK(manager.next() == "STOPPING=1");
}

}  // namespace jeton::outside
