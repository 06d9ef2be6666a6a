// A tool server that verifies offline beside a real daemon: what the log learns of it, and what does not reach it.
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <stdexcept>

#include "jeton/offline_verifier.hpp"
#include "jeton/verifier.hpp"
#include "support/catch.hpp"
#include "support/daemon.hpp"
#include "support/ledger.hpp"

namespace jeton::outside {
namespace {

const std::string server = "https://vault.example/mcp";

/// The account of this test is the agent and the tool server.
std::string offline_config() {
  return fmt::format(
      "trust_domain = \"acme.example\"\n"
      "[[agent]]\nname = \"billing\"\nmatch = [\"unix:uid:{0}\"]\n"
      "[[server]]\nurl = \"{1}\"\nmatch = [\"unix:uid:{0}\"]\nverify = \"offline\"\n"
      "[[grant]]\nname = \"vaults\"\nagent = \"billing\"\nserver = \"{1}\"\ntools = [\"open\"]\n",
      ::geteuid(), server);
}

ToolCall opening() {
  ToolCall call;
  call.tool = "open";
  call.arguments = {{"door", 7}};
  call.server = server;
  return call;
}

/// The tool server's verifier, with a replay store beside the daemon's state.
OfflineVerifier verifier_of(const Daemon& daemon, const Client& client) {
  const auto place = daemon.home() / "vault";
  ::mkdir(place.c_str(), 0700);
  auto store = open_sqlite_replay_store(place / "replay.db");
  if (!store) throw std::runtime_error(store.error().message);
  auto verifier = OfflineVerifier::make({server, client.issuer(), client.jwks().value(), std::move(*store)});
  if (!verifier) throw std::runtime_error(verifier.error().message);
  return *verifier;
}

std::string redeemed(const OfflineVerifier& verifier, const MintedToken& minted, const std::string& id = "first") {
  const auto answer = verifier.redeem(minted.token.expose_for_transport(), "open", opening().arguments, id);
  if (!answer) return std::string(name_of(answer.error().code));
  return answer->repeated ? "repeated" : "redeemed";
}

std::string told(const Daemon& daemon, std::vector<std::string> command) {
  command.insert(command.begin(), program("jeton"));
  command.insert(command.end(), {"--socket", daemon.socket().string(), "--state", daemon.state().string()});
  const auto ran = run({command});
  REQUIRE(ran.status == 0);
  return ran.out + ran.err;
}

}  // namespace

TEST_CASE("a call redeemed offline is refused at the daemon and reported and shown as reported") {
  // given: a token, redeemed by the tool server alone
  const Daemon daemon({.config = offline_config()});
  const auto client = daemon.client();
  const auto verifier = verifier_of(daemon, client);
  auto scope = client.open(opening());
  REQUIRE(scope);
  const auto minted = scope->mint(server);
  REQUIRE(minted);
  const auto token = minted->token.expose_for_transport();
  const auto online = Verifier::connect(server, daemon.client_options());
  REQUIRE(online);
  CHECK(online->redeem(token, "open", opening().arguments).error().code == Code::wrong_role);
  const auto redemption = verifier.redeem(token, "open", opening().arguments);
  REQUIRE(redemption);
  CHECK(redeemed(verifier, *minted, "second") == "already_redeemed");

  // when: it reports, twice over
  const auto reported = verifier.report(client, *redemption, {Outcome::ok, "opened", 12});
  REQUIRE(reported);
  CHECK(verifier.report(client, *redemption, {Outcome::ok, "opened", 12}) == *reported);
  CHECK(scope->finish(Outcome::ok));

  // then: the log has its word, and every reader says whose it is
  const Ledger ledger(daemon.state());
  CHECK(ledger.count("event = 'token.redeemed'") == 0);
  CHECK(ledger.one(fmt::format("SELECT role || ' ' || server || ' ' || outcome FROM events WHERE log_index = {}",
                               *reported)) == "server " + server + " ok");
  const auto calls = Json::parse(told(daemon, {"log", "calls", "--json"}));
  CHECK(calls["calls"][0]["state"] == "reported");
  CHECK(calls["calls"][0]["server_outcome"] == "ok");
  const auto status = told(daemon, {"status"});
  CHECK_THAT(status, Catch::Contains("offline_servers") && Catch::Contains("do not reach them"));
}

TEST_CASE("the story of a call redeemed offline says that its redemption was reported") {
  const Daemon daemon({.config = offline_config()});
  const auto client = daemon.client();
  const auto verifier = verifier_of(daemon, client);
  auto scope = client.open(opening());
  REQUIRE(scope);
  const auto minted = scope->mint(server);
  const auto redemption = verifier.redeem(minted->token.expose_for_transport(), "open", opening().arguments);
  REQUIRE(redemption);
  REQUIRE(verifier.report(client, *redemption, {}));
  const auto ran =
      run({{program("jeton"), "log", "show", "--state", daemon.state().string(), "--", scope->txn().text()}});
  CHECK(ran.status == 0);
  CHECK_THAT(ran.out, Catch::Contains("redemption reported, ok"));
  CHECK(scope->finish(Outcome::ok));
}

TEST_CASE("a superseded token is still accepted offline") {
  // This is a limit that the documents name, not a promise.
  const Daemon daemon({.config = offline_config()});
  const auto client = daemon.client();
  const auto verifier = verifier_of(daemon, client);
  auto scope = client.open(opening());
  REQUIRE(scope);
  const auto first = scope->mint(server);
  REQUIRE(first);
  const auto second = scope->mint(server);
  REQUIRE(second);
  REQUIRE(Ledger(daemon.state()).count("event = 'token.superseded'") == 1);
  CHECK(redeemed(verifier, *first, "first") == "redeemed");
  CHECK(redeemed(verifier, *second, "second") == "redeemed");
  CHECK(redeemed(verifier, *first, "third") == "already_redeemed");
  CHECK(scope->finish(Outcome::ok));
}

TEST_CASE("offline a restart of jetond ends its tokens only when the new keys are fetched") {
  // This is a limit that the documents name, not a promise.
  Daemon daemon({.config = offline_config()});
  const auto client = daemon.client();
  const auto verifier = verifier_of(daemon, client);
  auto scope = client.open(opening());
  REQUIRE(scope);
  const auto first = scope->mint(server);
  const auto second = scope->mint(server);
  REQUIRE(second);

  daemon.kill9();
  daemon.restart();

  CHECK(redeemed(verifier, *first) == "redeemed");
  REQUIRE(verifier.fetch_keys(daemon.client()));
  CHECK(redeemed(verifier, *second) == "unknown_key");
  CHECK(scope->finish(Outcome::ok));
}

}  // namespace jeton::outside
