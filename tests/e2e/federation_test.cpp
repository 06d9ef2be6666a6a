// A job of somebody else's CI at a real, confined daemon: keys over HTTP, an assertion, a token, and what the log says.
#include <ctime>

#include <fmt/core.h>
#include <unistd.h>

#include "support/catch.hpp"
#include "support/daemon.hpp"
#include "support/foreign_issuer.hpp"
#include "support/ledger.hpp"
#include "support/loopback_server.hpp"

namespace jeton::outside {
namespace {

using jeton::testing::http_answer;
using jeton::testing::LoopbackServer;

constexpr const char* shop = "https://shop.example/mcp";

/// RFC 3986 section 2.1, for a form.
std::string escaped(const std::string& text) {
  std::string out;
  for (const unsigned char c : text) out += fmt::format("%{:02X}", c);
  return out;
}

std::string config_of(const std::string& jwks) {
  return fmt::format(
      "trust_domain = \"acme.example\"\nissuer = \"https://jeton.acme.example\"\n"
      "[[agent]]\nname = \"deploy\"\n[[server]]\nurl = \"{0}\"\nmatch = [\"unix:uid:{1}\"]\n"
      "[[trusted_issuer]]\nname = \"ci\"\nissuer = \"https://ci.example\"\njwks = \"{2}\"\nagent = \"deploy\"\n"
      "claims = [\"environment=production\"]\n"
      "[[grant]]\nname = \"deploys\"\nagent = \"deploy\"\nserver = \"{0}\"\ntools = [\"deploy\"]\n",
      shop, ::geteuid(), jwks);
}

Json job(const std::string& environment) {
  const auto now = static_cast<std::int64_t>(::time(nullptr));
  return {{"iss", "https://ci.example"},
          {"sub", "repo:acme/shop:environment:" + environment},
          {"aud", "https://jeton.acme.example"},
          {"iat", now},
          {"exp", now + 300},
          {"environment", environment}};
}

struct Given {
  std::string keys = jeton::testing::jwks_of({jeton::testing::jwk_of(jeton::testing::es256_key(), "a")});
  LoopbackServer issuer{[this](LoopbackServer::Peer& peer) { peer.send(http_answer(keys)); }};
  Daemon daemon{{.config = config_of(issuer.url())}};

  RawAnswer ask(const Json& claims, const SigningKey& key = jeton::testing::es256_key()) {
    const Json detail{{"type", "jeton_tool_call"},
                      {"locations", {shop}},
                      {"actions", {"tools/call"}},
                      {"identifier", "deploy"},
                      {"arguments", {{"version", "1.2"}}}};
    const auto body = "grant_type=" + escaped("urn:ietf:params:oauth:grant-type:jwt-bearer") +
                      "&resource=" + escaped(shop) + "&assertion=" + escaped(jeton::testing::jwt(claims, key, "a")) +
                      "&authorization_details=" + escaped(Json::array({detail}).dump());
    RawClient client(daemon.socket());
    client.send(post("/oauth2/token", body, "Content-Type: application/x-www-form-urlencoded\r\n"));
    const auto answer = client.answer();
    REQUIRE(answer);
    return *answer;
  }
};

}  // namespace

TEST_CASE("a job's token gets a token for its deployment from a real daemon and that of the next stage gets none") {
  Given given;
  given.issuer.start();
  CHECK(given.issuer.requests() == 0);
  const auto minted = given.ask(job("production"));
  INFO(minted.body);
  REQUIRE(minted.status == 200);
  const Ledger ledger(given.daemon.state());
  CHECK(ledger.one("SELECT agent FROM events WHERE event = 'token.minted'") == "spiffe://acme.example/agent/deploy");
  CHECK(ledger.one("SELECT auth FROM events WHERE event = 'token.minted'") == "federated_jwt");
  CHECK(ledger.one("SELECT auth_issuer FROM events WHERE event = 'token.minted'") == "https://ci.example");
  CHECK(ledger.one("SELECT auth_subject FROM events WHERE event = 'token.minted'") ==
        "repo:acme/shop:environment:production");

  const auto next_stage = given.ask(job("release"));
  CHECK(next_stage.status == 400);
  CHECK(Json::parse(next_stage.body).at("error") == "invalid_grant");
  CHECK_THAT(next_stage.body, Catch::Contains("environment"));
  auto over = job("production");
  over["iat"] = over["iat"].get<std::int64_t>() - 600;
  over["exp"] = over["exp"].get<std::int64_t>() - 600;
  CHECK_THAT(given.ask(over).body, Catch::Contains("expired"));
  CHECK_THAT(given.ask(job("production"), SigningKey::generate(Algorithm::es256)).body, Catch::Contains("signature"));
  CHECK(given.issuer.requests() == 1);
  CHECK(given.daemon.client().status()->at("seccomp") == true);
}

TEST_CASE("an issuer that never answers costs its own tokens their time and no other request anything") {
  LoopbackServer silent([](LoopbackServer::Peer& peer) { peer.wait_for_end(); });
  silent.start();
  const Daemon daemon({.config = config_of(silent.url())});
  RawClient waiting(daemon.socket());
  const auto assertion = jeton::testing::jwt(job("production"), jeton::testing::es256_key(), "a");
  waiting.send(
      post("/oauth2/token",
           "grant_type=" + escaped("urn:ietf:params:oauth:grant-type:jwt-bearer") + "&resource=" + escaped(shop) +
               "&assertion=" + escaped(assertion) + "&authorization_details=" +
               escaped(R"([{"type":"jeton_tool_call","actions":["tools/call"],"identifier":"buy","arguments":{}}])"),
           "Content-Type: application/x-www-form-urlencoded\r\n"));
  REQUIRE(eventually([&] { return silent.requests() == 1; }));
  CHECK(daemon.client().status());
  const auto answer = waiting.answer();
  REQUIRE(answer);
  CHECK(answer->status == 400);
  CHECK_THAT(answer->body, Catch::Contains("not at hand"));
  const auto issuers = daemon.client().status()->at("trusted_issuers");
  CHECK_THAT(issuers[0].at("fault").get<std::string>(), Catch::Contains("did not answer within 3000 ms"));
}

}  // namespace jeton::outside
