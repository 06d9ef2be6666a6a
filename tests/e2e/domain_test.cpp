// A trust domain from its root key to a redemption by somebody who pins that key and nothing else.
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jeton/offline_verifier.hpp"
#include "support/catch.hpp"
#include "support/daemon.hpp"

namespace jeton::outside {
namespace {

const std::string server = "https://vault.example/mcp";
const std::string issuer = "https://jeton.acme.example";

std::string config() {
  return fmt::format(
      "trust_domain = \"acme.example\"\nissuer = \"{2}\"\n"
      "[[agent]]\nname = \"billing\"\nmatch = [\"unix:uid:{0}\"]\n"
      "[[server]]\nurl = \"{1}\"\nmatch = [\"unix:uid:{0}\"]\nverify = \"offline\"\n"
      "[[grant]]\nname = \"vaults\"\nagent = \"billing\"\nserver = \"{1}\"\ntools = [\"open\"]\n",
      ::geteuid(), server, issuer);
}

Ran jeton(const std::vector<std::string>& words, const std::string& input = "") {
  std::vector<std::string> command{program("jeton")};
  command.insert(command.end(), words.begin(), words.end());
  return run({.command = command, .input = input});
}

/// One line of stdout.
std::string said(const std::vector<std::string>& words, const std::string& input = "") {
  const auto ran = jeton(words, input);
  INFO(ran.err);
  REQUIRE(ran.status == 0);
  return ran.out.substr(0, ran.out.find('\n'));
}

/// The domain's operator, on a machine without a daemon.
struct Operator {
  TempDir place;
  std::string key = (place.path() / "root").string();
  std::string pinned = said({"domain", "init", "--trust-domain", "acme.example", "--out", key});

  [[nodiscard]] std::string sign(const std::string& request) const {
    return said({"domain", "sign", "--key", key, "-"}, request + "\n");
  }
};

void certify(const Daemon& daemon, const Operator& by) {
  const auto request = said({"domain", "request", "--state", daemon.state()});
  (void)said({"domain", "install", "--vkey", by.pinned, "--state", daemon.state(), by.sign(request)});
  const auto client = daemon.client();
  REQUIRE(eventually([&] { return client.status()->at("domain").contains("root"); }));
}

ToolCall opening() {
  ToolCall call;
  call.tool = "open";
  call.arguments = {{"door", 7}};
  call.server = server;
  return call;
}

/// Whoever pins the domain's key, with a key set that came from anywhere.
OfflineVerifier verifier_of(const std::filesystem::path& place, const std::string& pinned, const Json& jwks) {
  ::mkdir(place.c_str(), 0700);
  auto store = open_sqlite_replay_store(place / "replay.db");
  REQUIRE(store);
  OfflineSetup setup{server, "", jwks, std::move(*store)};
  setup.root = DomainRoot::parse(pinned).value();
  auto verifier = OfflineVerifier::make(std::move(setup));
  REQUIRE(verifier);
  return *verifier;
}

}  // namespace

TEST_CASE("a verifier that pins the domain's key redeems what a certified daemon minted and knows no other key") {
  // given: a daemon whose request the operator signed
  const Operator by;
  Daemon daemon({.config = config()});
  const auto client = daemon.client();
  CHECK_FALSE(client.jwks()->at("keys").at(0).contains("jeton_chain"));
  certify(daemon, by);

  // when: it mints, and the verifier has its keys and the pinned one
  const auto verifier = verifier_of(daemon.home() / "vault", by.pinned, client.jwks().value());
  auto scope = client.open(opening());
  REQUIRE(scope);
  const auto minted = scope->mint(server);
  REQUIRE(minted);

  // then: its token is redeemed; and so is one after a restart, with the new keys of the same identity
  CHECK(verifier.redeem(minted->token.expose_for_transport(), "open", opening().arguments));
  CHECK(scope->finish(Outcome::ok));
  CHECK(daemon.stop() == 0);
  daemon.restart();
  const auto again = daemon.client();
  auto second = again.open(opening());
  REQUIRE(second);
  const auto token = second->mint(server);
  REQUIRE(token);
  const auto refused = verifier.redeem(token->token.expose_for_transport(), "open", opening().arguments);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::unknown_key);
  REQUIRE(verifier.fetch_keys(again));
  CHECK(verifier.redeem(token->token.expose_for_transport(), "open", opening().arguments));
  CHECK(second->finish(Outcome::ok));
}

TEST_CASE("a daemon whose certificate another root signed is refused by whoever pins the right one") {
  const Operator ours, theirs;
  const Daemon daemon({.config = config()});
  certify(daemon, theirs);
  const auto root = DomainRoot::parse(ours.pinned).value();
  const auto set = KeySet::from_certified_jwks(daemon.client().jwks().value(), root, SystemClock().wall_us());
  REQUIRE_FALSE(set);
  CHECK(set.error().code == Code::unknown_key);
  // And install tells who is careful.
  const auto request = said({"domain", "request", "--state", daemon.state()});
  const auto ran = jeton({"domain", "install", "--vkey", ours.pinned, "--state", daemon.state(), theirs.sign(request)});
  CHECK(ran.status == 4);
}

TEST_CASE("both key documents carry the chain and a root that signs elsewhere never meets a daemon") {
  const Operator by;
  const Daemon daemon({.config = config()});
  certify(daemon, by);
  for (const char* path : {"/v1/jwks", "/oauth2/jwks"}) {
    RawClient raw(daemon.socket());
    REQUIRE(raw.send(fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n", path)));
    const auto answer = raw.answer();
    REQUIRE(answer);
    CHECK(answer->status == 200);
    const auto document = Json::parse(answer->body);
    for (const auto& key : document.at("keys")) CHECK(key.at("jeton_chain").size() == 2);
  }
  // The root key's bytes are nowhere in the daemon's state.
  const auto root = read_file(by.key);
  const auto seed = root.substr(root.size() - 32);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(daemon.state()))
    if (entry.is_regular_file()) CHECK(read_file(entry.path()).find(seed) == std::string::npos);
}

TEST_CASE("an identity key that others may read stops the start") {
  Daemon daemon({.config = config()});
  CHECK(daemon.stop() == 0);
  REQUIRE(::chmod((daemon.state() / "identity.key").c_str(), 0644) == 0);
  CHECK_THROWS_WITH(daemon.restart(), Catch::Contains("identity.key") && Catch::Contains("readable by others"));
}

TEST_CASE("exported keys are static files that verify what the daemon mints until they say") {
  const Operator by;
  const Daemon daemon({.config = config()});
  certify(daemon, by);
  const auto web = daemon.home() / "web";
  const auto exported =
      jeton({"jwks", "export", "--issuer", issuer, "--out", web, "--socket", daemon.socket(), "--json"});
  REQUIRE(exported.status == 0);
  const auto report = Json::parse(exported.out);
  const auto now = SystemClock().wall_us() / us_per_s;
  CHECK(report.at("good_until") > now + 2 * 3600 - 60);
  CHECK(report.at("good_until") <= now + 2 * 3600);
  const auto openid = Json::parse(read_file(web / ".well-known/openid-configuration"));
  CHECK(openid.at("issuer") == issuer);
  CHECK(openid.at("jwks_uri") == issuer + "/jwks");
  CHECK(Json::parse(read_file(web / ".well-known/oauth-authorization-server")).at("issuer") == issuer);
  struct stat info {};
  REQUIRE(::stat((web / "jwks").c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0644);

  const auto client = daemon.client();
  const auto verifier = verifier_of(daemon.home() / "vault", by.pinned, Json::parse(read_file(web / "jwks")));
  auto scope = client.open(opening());
  REQUIRE(scope);
  const auto minted = scope->mint(server);
  REQUIRE(minted);
  CHECK(verifier.redeem(minted->token.expose_for_transport(), "open", opening().arguments));
  CHECK(scope->finish(Outcome::ok));

  // Run again over what is there; refused for another issuer and over a state directory.
  CHECK(jeton({"jwks", "export", "--issuer", issuer, "--out", web, "--socket", daemon.socket()}).status == 0);
  CHECK_FALSE(std::filesystem::exists(web / "jwks.new"));
  CHECK(jeton({"jwks", "export", "--issuer", "https://other.example", "--out", web, "--socket", daemon.socket()})
            .status == 4);
  CHECK(jeton({"jwks", "export", "--issuer", issuer, "--out", daemon.state(), "--socket", daemon.socket()}).status ==
        2);
}

}  // namespace jeton::outside
