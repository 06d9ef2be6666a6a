// A real daemon with a server of each algorithm: minted, verified on every side, and added while it runs.
#include <chrono>
#include <csignal>

#include <fmt/core.h>
#include <unistd.h>

#include "jeton/offline_verifier.hpp"
#include "jeton/verifier.hpp"
#include "support/catch.hpp"
#include "support/daemon.hpp"
#include "support/memory_replay_store.hpp"

namespace jeton::outside {
namespace {

std::string url_of(std::string_view alg) { return fmt::format("https://{}.example/mcp", alg); }

/// The account of this test is the agent and every tool server.
std::string config_of(const std::vector<std::string>& algs) {
  auto text = fmt::format(
      "trust_domain = \"acme.example\"\n[[agent]]\nname = \"billing\"\nmatch = [\"unix:uid:{0}\"]\n", ::geteuid());
  for (const auto& alg : algs)
    text += fmt::format(
        "[[server]]\nurl = \"{1}\"\nmatch = [\"unix:uid:{2}\"]\nalg = \"{0}\"\n"
        "[[grant]]\nname = \"{0}\"\nagent = \"billing\"\nserver = \"{1}\"\ntools = [\"open\"]\n",
        alg, url_of(alg), ::geteuid());
  return text;
}

const Json arguments{{"door", 7}};

/// A token for this server; the first RS256 key takes its time.
std::string minted(const Client& client, const std::string& server) {
  ToolCall call;
  call.tool = "open";
  call.arguments = arguments;
  call.server = server;
  std::string token;
  REQUIRE(eventually(
      [&] {
        auto scope = client.open(call);
        if (!scope) REQUIRE(scope.error().code == Code::overloaded);
        if (scope) token = scope->mint(server).value().token.expose_for_transport();
        return scope.has_value();
      },
      std::chrono::seconds(60)));
  return token;
}

std::string alg_of(const std::string& token) {
  return std::string(name_of(UnverifiedToken::parse(token).value().algorithm_before_verification()));
}

Json keys_by_alg(const Client& client) {
  Json count = Json::object();
  const auto document = client.jwks().value();
  for (const auto& key : document.at("keys"))
    count[key.at("alg").get<std::string>()] = count.value(key.at("alg").get<std::string>(), 0) + 1;
  return count;
}

}  // namespace

TEST_CASE("a token of every algorithm is minted, verified offline and redeemed by a real daemon") {
  const Daemon daemon({.config = config_of({"EdDSA", "ES256", "RS256"})});
  const auto client = daemon.client();
  for (const auto* alg : {"EdDSA", "ES256", "RS256"}) {
    CAPTURE(alg);
    const auto server = url_of(alg);
    const auto token = minted(client, server);
    CHECK(alg_of(token) == alg);

    const auto offline = OfflineVerifier::make(
        {server, client.issuer(), client.jwks().value(), std::make_shared<testing::MemoryReplayStore>()});
    REQUIRE(offline);
    CHECK(offline->redeem(token, "open", arguments));
    const auto verifier = Verifier::connect(server, daemon.client_options());
    REQUIRE(verifier);
    CHECK(verifier->verify(token, "open", arguments));
    CHECK(verifier->redeem(token, "open", arguments));
    CHECK(verifier->redeem(token, "open", arguments).error().code == Code::already_redeemed);
  }
  const auto keys = keys_by_alg(client);
  CHECK(keys.at("EdDSA") == 2);
  CHECK(keys.at("ES256") == 2);
  CHECK(keys.at("RS256").get<int>() >= 1);
  const auto status = client.status().value();
  CHECK(status.at("algorithms") == Json{{"EdDSA", true}, {"ES256", true}, {"RS256", true}});
  CHECK(status.at("seccomp") == true);
  CHECK(status.at("memory_not_locked").size() == 2);
}

TEST_CASE("without a server of RS256 no such key is made and nothing is said about memory") {
  const Daemon daemon({.config = config_of({"EdDSA"})});
  const auto status = daemon.client().status().value();
  CHECK(status.at("algorithms") == Json{{"EdDSA", true}});
  CHECK(status.at("memory_not_locked") == Json::array());
  CHECK(keys_by_alg(daemon.client()) == Json{{"EdDSA", 2}});
}

TEST_CASE("a server of RS256 that a reload brings is served once its key is made, and others all along") {
  const Daemon daemon({.config = config_of({"EdDSA"})});
  const auto client = daemon.client();
  const auto before = minted(client, url_of("EdDSA"));
  write_file(daemon.home() / "jeton.toml", config_of({"ES256", "RS256"}));
  REQUIRE(::kill(daemon.pid(), SIGHUP) == 0);
  REQUIRE(eventually([&] { return !client.status().value().at("algorithms").contains("EdDSA"); }));

  CHECK(alg_of(minted(client, url_of("ES256"))) == "ES256");
  const auto token = minted(client, url_of("RS256"));
  CHECK(alg_of(token) == "RS256");
  const auto verifier = Verifier::connect(url_of("RS256"), daemon.client_options());
  REQUIRE(verifier);
  CHECK(verifier->redeem(token, "open", arguments));
  // The key of the tokens that were out is still shown.
  const auto keys = KeySet::from_jwks(client.jwks().value());
  REQUIRE(keys);
  CHECK(keys->find(UnverifiedToken::parse(before)->kid()) != nullptr);
}

TEST_CASE("a daemon that is stopped while it makes its RS256 keys stops at once") {
  Daemon daemon({.config = config_of({"RS256"})});
  CHECK(daemon.stop() == 0);
}

}  // namespace jeton::outside
