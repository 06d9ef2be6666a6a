// Relying parties of a configuration: what may be written, what is refused, and what a doctor says about them.
#include <algorithm>

#include "app/doctor.hpp"
#include "app/private_daemon.hpp"
#include "support/catch.hpp"

namespace {

using jeton::Algorithm;
using jeton::Config;
using jeton::Json;
using jeton::Urgency;

const std::string without_issuer = R"(trust_domain = "acme.example"
[[agent]]
name = "backup"
match = ["unix:uid:1001"]
[[server]]
url = "https://crm.example/mcp"
match = ["unix:uid:1002"]
)";
// 8 lines; an entry starts at line 9.
const std::string base = "issuer = \"https://jeton.acme.example/a\"\n" + without_issuer;
const std::string party = R"([[relying_party]]
name = "bucket"
audience = "https://sts.example/"
agents = ["backup"]
)";

Config parsed(const std::string& text) {
  CAPTURE(text);
  auto config = jeton::parse_config(text, "jeton.toml", 990);
  if (!config) FAIL(config.error().message);
  return *std::move(config);
}

void check_refused(const std::string& text, int line, const std::string& key, const std::string& fragment) {
  CAPTURE(text);
  const auto config = jeton::parse_config(text, "jeton.toml", 990);
  REQUIRE_FALSE(config);
  const auto& message = config.error().message;
  CHECK_THAT(message, Catch::StartsWith("jeton.toml:" + std::to_string(line) + ": " + key + ": "));
  CHECK_THAT(message, Catch::Contains(fragment) && Catch::Contains(";"));
}

std::string with(const std::string& name, const std::string& audience, const std::string& agents = "[\"backup\"]") {
  return "[[relying_party]]\nname = \"" + name + "\"\naudience = \"" + audience + "\"\nagents = " + agents + "\n";
}

}  // namespace

TEST_CASE("a relying party has the defaults that the table says") {
  const auto config = parsed(base + party);
  REQUIRE(config.roles.relying_parties.size() == 1);
  const auto& one = config.roles.relying_parties.front();
  CHECK(one.name == "bucket");
  CHECK(one.audience == "https://sts.example/");
  CHECK(one.agents == std::vector<std::string>{"backup"});
  CHECK(one.algorithm == Algorithm::rs256);
  CHECK(one.ttl_s == 300);
  CHECK(one.rate_per_min == 6);
  CHECK(parsed(base).roles.relying_parties.empty());

  const auto other = parsed(base + party + "alg = \"ES256\"\nttl_s = 900\nrate_per_min = 1\n");
  CHECK(other.roles.relying_parties.front().algorithm == Algorithm::es256);
  CHECK(other.roles.relying_parties.front().ttl_s == 900);
  CHECK(other.roles.relying_parties.front().rate_per_min == 1);
}

TEST_CASE("a relying party of another form is refused") {
  check_refused(base + party + "alg = \"EdDSA\"\n", 13, "relying_party.alg", "RS256");
  check_refused(base + party + "ttl_s = 901\n", 13, "relying_party.ttl_s", "900");
  check_refused(base + party + "ttl_s = 0\n", 13, "relying_party.ttl_s", "1");
  check_refused(base + party + "rate_per_min = 0\n", 13, "relying_party.rate_per_min", "1");
  check_refused(base + party + "keys = \"x\"\n", 13, "relying_party.keys", "");
  check_refused(base + with("bucket", std::string(257, 'a')), 11, "relying_party.audience", "256");
  CHECK(parsed(base + with("bucket", std::string(256, 'a'))).roles.relying_parties.size() == 1);
  check_refused(base + with("bucket", ""), 11, "relying_party.audience", "audience");
  check_refused(base + with("bucket", "two words"), 11, "relying_party.audience", "audience");
  check_refused(base + with("bucket", "https://sts.example/", "[]"), 12, "relying_party.agents", "empty");
  check_refused(base + with("bucket", "https://sts.example/", "[\"nobody\"]"), 12, "relying_party.agents", "[[agent]]");
  check_refused(base + party + party, 14, "relying_party.name", "earlier");
}

TEST_CASE("a relying party needs an issuer that others can trust") {
  check_refused(without_issuer + party, 9, "relying_party.name", "issuer");
}

TEST_CASE("no federation token is for a tool server or for this daemon itself") {
  check_refused(base + with("bucket", "https://crm.example/mcp"), 11, "relying_party.audience", "[[server]]");
  for (const char* own : {"", "/oauth2/token", "/federation"})
    check_refused(base + with("bucket", std::string("https://jeton.acme.example/a") + own), 11,
                  "relying_party.audience", "itself");
}

TEST_CASE("a federation token is never an identity here") {
  for (const char* own : {"https://jeton.acme.example/a", "https://jeton.acme.example/a/federation"})
    check_refused(base + "[[trusted_issuer]]\nname = \"x\"\nissuer = \"" + own +
                      "\"\njwks = \"/etc/x\"\nagent = \"backup\"\nclaims = [\"sub=x\"]\n",
                  11, "trusted_issuer.issuer", "own issuer");
}

TEST_CASE("a daemon for one agent has no relying party") {
  const auto config = for_one_agent(parsed(base + party), "backup", "/run/private/agent.sock");
  REQUIRE(config);
  CHECK(config->roles.relying_parties.empty());
}

TEST_CASE("the issuer of federation tokens is below that of call tokens") {
  CHECK(jeton::federation_issuer("https://a.example") == "https://a.example/federation");
  CHECK(jeton::federation_issuer("https://a.example/") == "https://a.example/federation");
  CHECK(jeton::federation_issuer("https://a.example/b") == "https://a.example/b/federation");
}

TEST_CASE("a doctor says that federation is on and which of its keys lie unsealed") {
  const auto urgencies = [](const Json& parties) {
    std::vector<Urgency> all;
    for (const auto& finding : jeton::examine_federation({{"federation", parties}})) {
      CHECK_FALSE(finding.why.empty());
      CHECK_FALSE(finding.to_type.empty());
      CHECK_THAT(finding.what, Catch::Contains("bucket") || Catch::Contains("RS256"));
      all.push_back(finding.urgency);
    }
    return all;
  };
  Json one{{"name", "bucket"}, {"alg", "RS256"}, {"key_storage", "systemd credential"}};
  CHECK(urgencies(Json::array({one})) == std::vector<Urgency>{Urgency::note});
  one["key_storage"] = "file, mode 0600";
  CHECK(urgencies(Json::array({one, one})) == std::vector<Urgency>{Urgency::note, Urgency::warning});
  CHECK(urgencies(Json::array()).empty());
  CHECK(jeton::examine_federation(Json::object()).empty());
}
