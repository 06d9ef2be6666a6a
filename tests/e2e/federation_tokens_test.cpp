// Federation tokens of a real daemon: minted, on record before they leave, pinned across a restart, exported.
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jeton/base64url.hpp"
#include "jeton/key.hpp"
#include "support/catch.hpp"
#include "support/daemon.hpp"
#include "support/ledger.hpp"

namespace jeton::outside {
namespace {

const std::string issuer = "https://jeton.acme.example";
const std::string sts = "https://sts.example/role/backup";

/// RS256 alone where `party` says so: its key is made beside the loop.
std::string config(const std::string& alg = "ES256") {
  return fmt::format(
      "trust_domain = \"acme.example\"\nissuer = \"{1}\"\n"
      "[[agent]]\nname = \"backup\"\nmatch = [\"unix:uid:{0}\"]\n"
      "[[server]]\nurl = \"mcp:stdio:files\"\n"
      "[[grant]]\nname = \"reads\"\nagent = \"backup\"\nserver = \"mcp:stdio:files\"\ntools = [\"read\"]\n"
      "[[relying_party]]\nname = \"bucket\"\naudience = \"{2}\"\nagents = [\"backup\"]\nalg = \"{3}\"\n",
      ::geteuid(), issuer, sts, alg);
}

Ran jeton(const Daemon& daemon, std::vector<std::string> words, const std::string& input = "") {
  words.insert(words.begin(), program("jeton"));
  words.insert(words.end(), {"--socket", daemon.socket(), "--state", daemon.state()});
  return run({.command = words, .input = input});
}

Json document(const Daemon& daemon, const std::string& path) {
  RawClient raw(daemon.socket());
  REQUIRE(raw.send(fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n", path)));
  const auto answer = raw.answer();
  REQUIRE(answer);
  return answer->status == 200 ? Json::parse(answer->body) : Json{{"keys", Json::array()}};
}

Json claims_of(const std::string& token) {
  const auto first = token.find('.'), second = token.find('.', first + 1);
  const auto bytes = from_base64url(token.substr(first + 1, second - first - 1));
  REQUIRE(bytes);
  return Json::parse(*bytes);
}

/// As a relying party does that knows nothing but a key set.
bool verifies(const std::string& token, const Json& jwks) {
  const auto keys = KeySet::from_jwks(jwks);
  REQUIRE(keys);
  const auto dot = token.rfind('.');
  const auto header = from_base64url(token.substr(0, token.find('.')));
  const auto signature = from_base64url(token.substr(dot + 1));
  REQUIRE((header && signature));
  const auto* key = keys->find(Json::parse(*header).at("kid").get<std::string>());
  return key != nullptr && key->verifies(token.substr(0, dot), *signature);
}

}  // namespace

TEST_CASE("a federation token is minted for a named agent and is on record and verifies by its own key set alone") {
  const Daemon daemon({.config = config()});
  const auto ran = jeton(daemon, {"federate", "bucket"});
  INFO(ran.err);
  REQUIRE(ran.status == 0);
  const auto token = ran.out.substr(0, ran.out.find('\n'));
  CHECK(ran.out == token + "\n");
  CHECK(ran.err.empty());  // stderr is no terminal

  const auto claims = claims_of(token);
  CHECK(claims["iss"] == issuer + "/federation");
  CHECK(claims["aud"] == sts);
  CHECK(claims["sub"] == "spiffe://acme.example/agent/backup");
  CHECK(claims["exp"].get<std::int64_t>() - claims["iat"].get<std::int64_t>() == 300);

  CHECK(verifies(token, document(daemon, "/federation/jwks")));
  CHECK_FALSE(verifies(token, document(daemon, "/v1/jwks")));
  const auto openid = document(daemon, "/federation/.well-known/openid-configuration");
  CHECK(openid.at("issuer") == claims["iss"]);

  const Ledger ledger(daemon.state());
  CHECK(
      ledger.count(fmt::format("event = 'federation.minted' AND jti = {} AND agent = {} AND server = {} AND \"grant\" "
                               "= 'bucket' AND expires_at = {}",
                               sql_text(claims["jti"].get<std::string>()), sql_text(claims["sub"].get<std::string>()),
                               sql_text(sts), claims["exp"].get<std::int64_t>())) == 1);
  CHECK(jeton(daemon, {"log", "verify"}).status == 0);
  const auto why = jeton(daemon, {"log", "why", "--cache", (daemon.home() / "cache").string(), "-"}, token);
  CHECK_THAT(why.out, Catch::Contains("federation token for " + sts) && Catch::Contains("not single-use"));
}

TEST_CASE("a killed daemon signs federation tokens with the same key and call tokens with another") {
  Daemon daemon({.config = config("RS256")});
  // The first RSA key takes its time; whoever asks before it is there is told to ask again.
  Ran first;
  REQUIRE(eventually([&] {
    first = jeton(daemon, {"federate", "bucket"});
    return first.status == 0;
  }));
  const auto pinned = document(daemon, "/federation/jwks");
  const auto call_keys = document(daemon, "/v1/jwks");
  daemon.kill9();
  daemon.restart();
  CHECK(document(daemon, "/federation/jwks") == pinned);
  CHECK(document(daemon, "/v1/jwks") != call_keys);
  const auto second = jeton(daemon, {"federate", "bucket"});
  REQUIRE(second.status == 0);
  for (const auto& ran : {first, second}) CHECK(verifies(ran.out.substr(0, ran.out.find('\n')), pinned));
  struct stat info {};
  REQUIRE(::stat((daemon.state() / "federation-rs256.key").c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0600);
}

TEST_CASE("the kill switch stops federation tokens and an agent that is not named never gets one") {
  const Daemon daemon({.config = config()});
  CHECK(jeton(daemon, {"agent", "disable", "backup"}).status == 0);
  const auto refused = jeton(daemon, {"federate", "bucket", "--json"});
  CHECK(refused.status == 4);
  CHECK(Json::parse(refused.out).at("code") == "agent_disabled");
  CHECK(jeton(daemon, {"agent", "enable", "backup"}).status == 0);
  CHECK(jeton(daemon, {"federate", "bucket"}).status == 0);
  const auto unknown = jeton(daemon, {"federate", "elsewhere", "--json"});
  CHECK(Json::parse(unknown.out).at("code") == "unknown_server");
  const Ledger ledger(daemon.state());
  CHECK(ledger.count("event = 'request.refused' AND detail = 'federation' AND code = 'agent_disabled'") == 1);
  CHECK(ledger.count("event = 'federation.minted'") == 1);
}

TEST_CASE("federation is off without a relying party and status says where its key lies with one") {
  const auto whole = config();
  Daemon off({.config = whole.substr(0, whole.find("[[relying_party]]"))});
  CHECK(document(off, "/federation/jwks").at("keys").empty());
  CHECK_FALSE(std::filesystem::exists(off.state() / "federation-es256.key"));
  CHECK(jeton(off, {"federate", "bucket"}).status == 4);
  CHECK(off.client().status()->at("federation") == Json::array());
  CHECK(off.stop() == 0);

  Daemon on({.config = whole});
  const auto parties = on.client().status()->at("federation");
  REQUIRE(parties.size() == 1);
  CHECK(parties[0].at("name") == "bucket");
  CHECK(parties[0].at("audience") == sts);
  CHECK(parties[0].at("alg") == "ES256");
  CHECK(parties[0].at("agents") == Json::array({"backup"}));
  CHECK(parties[0].at("ready") == true);
  CHECK(parties[0].at("reusable") == true);
  CHECK(parties[0].at("key_storage") == "file, mode 0600");
  CHECK(parties[0].at("kid") == document(on, "/federation/jwks").at("keys").at(0).at("kid"));
  CHECK_THAT(jeton(on, {"status"}).out, Catch::Contains("reusable tokens for " + sts));

  // A key that others could have read stops the start.
  CHECK(on.stop() == 0);
  REQUIRE(::chmod((on.state() / "federation-es256.key").c_str(), 0644) == 0);
  CHECK_THROWS_WITH(on.restart(), Catch::Contains("federation-es256.key") && Catch::Contains("readable by others"));
}

TEST_CASE("a federation token goes into a private file and its keys into static ones") {
  const Daemon daemon({.config = config()});
  const auto file = daemon.home() / "token";
  const auto ran = jeton(daemon, {"federate", "bucket", "--out", file, "--json"});
  REQUIRE(ran.status == 0);
  CHECK_FALSE(Json::parse(ran.out).contains("token"));
  CHECK(Json::parse(ran.out).at("reusable") == true);
  struct stat info {};
  REQUIRE(::stat(file.c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0600);
  const auto token = read_file(file);
  CHECK(claims_of(token).at("aud") == sts);

  const auto web = daemon.home() / "web";
  const auto exported = jeton(daemon, {"jwks", "export", "--federation", "--issuer", issuer, "--out", web, "--json"});
  INFO(exported.out);
  REQUIRE(exported.status == 0);
  CHECK_FALSE(Json::parse(exported.out).contains("good_until"));
  const auto jwks = Json::parse(read_file(web / "federation/jwks"));
  CHECK(jwks == document(daemon, "/federation/jwks"));
  CHECK(verifies(token, jwks));
  CHECK(Json::parse(read_file(web / "federation/.well-known/openid-configuration")).at("issuer") ==
        issuer + "/federation");
  CHECK_FALSE(std::filesystem::exists(web / "jwks"));
}

TEST_CASE("a federation token goes through no link and into no device and none is minted for such a place") {
  const Daemon daemon({.config = config()});
  const auto dir = daemon.home() / "out";
  std::filesystem::create_directories(dir / "directory" / "full");
  const auto other = dir / "of somebody";
  write_file(other, "a diary");
  std::filesystem::create_symlink(other, dir / "link");
  std::filesystem::create_symlink("/dev/null", dir / "to a device");
  std::filesystem::create_symlink(other, dir / "file.new");

  for (const auto& place : {dir / "link", dir / "to a device", dir / "directory", dir / "file",
                            std::filesystem::path("/dev/null"), dir / "nowhere" / "file"}) {
    CAPTURE(place);
    const auto refused = jeton(daemon, {"federate", "bucket", "--out", place, "--json"});
    CHECK(refused.status == 4);
    CHECK(Json::parse(refused.out).at("code") == "bad_request");
  }
  CHECK(read_file(other) == "a diary");
  CHECK(std::filesystem::is_symlink(dir / "link"));
  CHECK(std::filesystem::is_symlink(dir / "file.new"));
  CHECK(std::filesystem::is_character_file("/dev/null"));
  CHECK(std::distance(std::filesystem::directory_iterator(dir), {}) == 5);
  CHECK(Ledger(daemon.state()).count("event = 'federation.minted'") == 0);
}

}  // namespace jeton::outside
