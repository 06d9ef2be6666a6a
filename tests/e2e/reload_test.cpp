// SIGHUP against a real daemon: what changes at once, what is rejected, and what the log and the manager hear.
#include <csignal>

#include <fmt/core.h>
#include <unistd.h>

#include "support/catch.hpp"
#include "support/daemon.hpp"
#include "support/ledger.hpp"
#include "support/notify_socket.hpp"

namespace jeton::outside {
namespace {

const std::string server = "mcp:stdio:crm";

/// This account is agent `agent` and may refund up to `max`.
std::string config_of(const std::string& agent, int max, const std::string& top = "") {
  return fmt::format(
      "{}trust_domain = \"acme.example\"\n[[agent]]\nname = \"{}\"\nmatch = [\"unix:uid:{}\"]\n"
      "[[server]]\nurl = \"{}\"\n[[grant]]\nname = \"refunds\"\nagent = \"{}\"\nserver = \"{}\"\n"
      "tools = [\"refund\"]\n[[grant.argument]]\npointer = \"/amount\"\nmax = {}\n",
      top, agent, ::geteuid(), server, agent, server, max);
}

Json refund(int amount) { return {{"server", server}, {"tool", "refund"}, {"arguments", {{"amount", amount}}}}; }

/// Writes the configuration, hangs up, and waits for the event that says what became of it.
void reload(const Daemon& daemon, const std::string& config, const std::string& expected) {
  const Ledger ledger(daemon.state());
  const auto where = fmt::format("event = '{}'", expected);
  const auto before = ledger.count(where);
  write_file(daemon.home() / "jeton.toml", config);
  ::kill(daemon.pid(), SIGHUP);
  REQUIRE(eventually([&] { return ledger.count(where) == before + 1; }));
}

std::string code_of(const Result<Json>& answer) { return answer ? "ok" : std::string(name_of(answer.error().code)); }

}  // namespace

TEST_CASE("a bad configuration is rejected at sighup with its line and the old one stays") {
  const Daemon daemon({.config = config_of("billing", 100)});
  const auto client = daemon.client();
  reload(daemon, config_of("billing", 500) + "maxlength = 5\n", "config.rejected");
  CHECK(code_of(client.post("/v1/calls", refund(500))) == "no_grant");
  CHECK(code_of(client.post("/v1/calls", refund(100))) == "ok");
  const Ledger ledger(daemon.state());
  CHECK(ledger.one("SELECT detail FROM events WHERE event = 'config.rejected'") == "line_15");
  CHECK(eventually([&] { return daemon.said().find("write max_length") != std::string::npos; }));
}

TEST_CASE("a key that needs a restart is rejected at sighup and the operator is told") {
  const Daemon daemon({.config = config_of("billing", 100)});
  reload(daemon, config_of("billing", 500, "durability = \"normal\"\n"), "config.rejected");
  CHECK(code_of(daemon.client().post("/v1/calls", refund(500))) == "no_grant");
  CHECK(eventually([&] { return daemon.said().find("durability needs a restart to change") != std::string::npos; }));
}

TEST_CASE("no configuration brings a disabled agent back") {
  const Daemon daemon({.config = config_of("billing", 100)});
  const auto client = daemon.client();
  const auto early = client.post("/v1/calls", refund(100));
  REQUIRE(early);
  REQUIRE(client.post("/v1/agents/billing/disable", Json::object()));
  reload(daemon, config_of("billing", 500), "config.loaded");
  CHECK(code_of(client.post("/v1/calls", refund(100))) == "agent_disabled");
  // Taken out and put in again it is the same agent.
  reload(daemon, config_of("other", 500), "config.loaded");
  CHECK(code_of(client.post("/v1/calls", refund(100))) == "ok");
  reload(daemon, config_of("billing", 100), "config.loaded");
  CHECK(code_of(client.post("/v1/calls", refund(100))) == "agent_disabled");
  auto redemption = refund(100);
  redemption["token"] = early->at("token");
  redemption["redemption_id"] = "once";
  CHECK(code_of(client.post("/v1/redeem", redemption)) == "revoked");
  REQUIRE(client.post("/v1/agents/billing/enable", Json::object()));
  CHECK(code_of(client.post("/v1/calls", refund(100))) == "ok");
}

TEST_CASE("a good configuration holds for the next request of a connection that was open before") {
  // given: a connection whose peer is agent billing
  const Daemon daemon({.config = config_of("billing", 100)});
  RawClient client(daemon.socket());
  const auto roles = [&client] {
    client.send("GET /v1/status HTTP/1.1\r\n\r\n");
    return Json::parse(client.answer()->body).at("roles").dump();
  };
  const auto asked = [&client](int amount) {
    client.send(post("/v1/calls", refund(amount).dump()));
    return client.answer().value();
  };
  CHECK(roles().find("agent:billing") != std::string::npos);
  CHECK(asked(500).code() == "no_grant");
  const auto minted = Json::parse(asked(100).body);

  // when: the same account becomes another agent, with another limit
  reload(daemon, config_of("support", 500), "config.loaded");

  // then: on the same connection, from the next request on; what is out stays good
  CHECK(roles().find("agent:support") != std::string::npos);
  CHECK(asked(500).status == 200);
  CHECK(asked(501).code() == "no_grant");
  const auto next_attempt = fmt::format("/v1/calls/{}/tokens", minted.at("txn").get<std::string>());
  client.send(post(next_attempt, refund(100).dump()));
  CHECK(client.answer()->code() == "unknown_call");
  auto redeem = refund(100);
  redeem["token"] = minted.at("token");
  redeem["redemption_id"] = "r";
  client.send(post("/v1/redeem", redeem.dump()));
  CHECK(client.answer()->status == 200);
}

TEST_CASE("limits of a new configuration hold without a restart") {
  const Daemon daemon({.config = config_of("billing", 100)});
  RawClient client(daemon.socket());
  auto large = refund(1);
  large["arguments"]["note"] = std::string(2000, 'x');
  client.send(post("/v1/calls", large.dump()));
  CHECK(client.answer()->status == 200);
  reload(daemon, config_of("billing", 100) + "[limits]\nbody_bytes = 1024\narguments_bytes = 512\n", "config.loaded");
  // The connection was waiting under the old limits; a new one reads under the new.
  RawClient later(daemon.socket());
  later.send(post("/v1/calls", large.dump()));
  CHECK(later.answer()->code() == "bad_request");
  CHECK(daemon.client().status()->at("limits").at("body_bytes") == 1024);
}

TEST_CASE("dev ignores sighup and says so") {
  const Daemon daemon;
  ::kill(daemon.pid(), SIGHUP);
  CHECK(eventually([&] { return daemon.said().find("SIGHUP ignored") != std::string::npos; }));
  CHECK(daemon.client().status());
  CHECK(Ledger(daemon.state()).count("event LIKE 'config.%'") == 1);
}

TEST_CASE("the service manager hears when a reload begins and when it is over") {
  const TempDir home;
  const NotifySocket manager(home.path() / "notify");
  const Daemon daemon({.config = config_of("billing", 100), .env = {{"NOTIFY_SOCKET", home.path() / "notify"}}});
  CHECK(manager.next() == "READY=1");
  reload(daemon, config_of("billing", 200), "config.loaded");
  CHECK_THAT(manager.next(), Catch::StartsWith("RELOADING=1\nMONOTONIC_USEC="));
  CHECK(manager.next() == "READY=1");
  reload(daemon, "nonsense", "config.rejected");
  CHECK_THAT(manager.next(), Catch::StartsWith("RELOADING=1\n"));
  CHECK(manager.next() == "READY=1");
}

}  // namespace jeton::outside
