// Keys, certificates and trusted issuers of a configuration: what may be written, and what would let in too many.
#include "app/config.hpp"

#include <algorithm>

#include "support/catch.hpp"

namespace {

using jeton::Caller;
using jeton::Config;
using jeton::ProvenClient;
using jeton::Roles;

// 8 lines; what a test appends starts at line 9.
const std::string base = R"(trust_domain = "acme.example"
issuer = "https://jeton.acme.example"
[[agent]]
name = "deploy"
match = ["unix:uid:1001"]
[[server]]
url = "https://crm.example/mcp"
match = ["unix:uid:1002"]
)";
// 5 lines.
const std::string issuer = R"([[trusted_issuer]]
name = "ci"
issuer = "https://ci.example"
jwks = "https://ci.example/jwks"
agent = "deploy"
)";
const std::string x5t = "sha256:" + std::string(42, 'x') + "w";

struct Mistake {
  std::string text;
  int line;
  std::string key;
  std::string fragment;
};

void check_refused(const Mistake& mistake) {
  CAPTURE(mistake.text);
  const auto config = jeton::parse_config(mistake.text, "jeton.toml", 990);
  REQUIRE_FALSE(config);
  const auto& message = config.error().message;
  CHECK_THAT(message, Catch::StartsWith("jeton.toml:" + std::to_string(mistake.line) + ": " + mistake.key + ": "));
  CHECK_THAT(message, Catch::Contains(mistake.fragment) && Catch::Contains(";"));
  CHECK(std::none_of(message.begin(), message.end(), [](char c) { return c < ' ' || c > '~'; }));
}

Config parsed(const std::string& text) {
  CAPTURE(text);
  auto config = jeton::parse_config(text, "jeton.toml", 990);
  if (!config) FAIL(config.error().message);
  return *std::move(config);
}

Caller uid(uid_t number) { return Caller{.uid = number, .gid = number, .socket = "/run/jeton/agent.sock"}; }

}  // namespace

TEST_CASE("an entry of a trusted issuer that would let in too many or nobody is told with its line") {
  const auto entry = base + issuer;  // 13 lines
  const std::string rule = "claims = [\"environment=production\"]\n";
  const auto without = [&](const std::string& line) {
    auto text = base + issuer + rule;
    return text.erase(text.find(line, base.size()), line.size());
  };
  const std::vector<Mistake> mistakes{
      {entry, 13, "trusted_issuer.agent", "would be every workload of this issuer; write claims or sub_prefix"},
      {without("agent = \"deploy\"\n"), 9, "trusted_issuer.agent", "missing; write agent = \"...\", or delegates_to"},
      {without("name = \"ci\"\n"), 9, "trusted_issuer.name", "missing"},
      {without("issuer = \"https://ci.example\"\n"), 9, "trusted_issuer.issuer", "missing"},
      {without("jwks = \"https://ci.example/jwks\"\n"), 9, "trusted_issuer.jwks", "missing"},
      {base + "[trusted_issuer]\nname = \"x\"", 9, "trusted_issuer", "is a table; write [[trusted_issuer]]"},
      {entry + "claims = []", 14, "trusted_issuer.claims", "is empty"},
      {entry + "claims = [\"environment\"]", 14, "trusted_issuer.claims", "no equality; write CLAIM=VALUE"},
      {entry + "claims = [\n\"a=b\",\n\"iss=https://ci.example\"]", 16, "trusted_issuer.claims", "asks for iss"},
      {entry + "claims = [\"aud=x\"]", 14, "trusted_issuer.claims", "asks for aud"},
      {entry + "claims = [\"/a~2=b\"]", 14, "trusted_issuer.claims", "JSON Pointer"},
      {entry + "sub_prefix = \"\"", 14, "trusted_issuer.sub_prefix", "no beginning of a sub"},
      {entry + rule + "delegates_to = []", 15, "trusted_issuer.delegates_to", "is empty"},
      {entry + rule + "delegates_to = [\"deplyo\"]", 15, "trusted_issuer.delegates_to", "write \"deploy\""},
      {entry + rule + "algs = []", 15, "trusted_issuer.algs", "is empty"},
      {entry + rule + "algs = [\"HS256\"]", 15, "trusted_issuer.algs", "no algorithm here"},
      {entry + rule + "algs = [\"none\"]", 15, "trusted_issuer.algs", "no algorithm here"},
      {entry + rule + "max_age_s = 0", 15, "trusted_issuer.max_age_s", "write 1 to 604800"},
      {entry + rule + "audience = \"\"", 15, "trusted_issuer.audience", "no audience"},
      {entry + rule + "jwks_ca = \"ca.pem\"", 15, "trusted_issuer.jwks_ca", "write an absolute one"},
      {entry + rule + "jwks_uri = \"https://x\"", 15, "trusted_issuer.jwks_uri", "unknown key; write jwks"},
  };
  for (const auto& mistake : mistakes) check_refused(mistake);
  const auto with = [&](const std::string& key, const std::string& value) {
    auto text = base + issuer + rule;
    const auto at = text.find(key + " = ", base.size());
    return text.replace(at, text.find('\n', at) - at, key + " = \"" + value + "\"");
  };
  for (const char* url : {"http://ci.example/jwks", "http://10.0.0.1/jwks", "ftp://ci.example/jwks", "ci.example/jwks",
                          "jwks.json", "https://user@ci.example/jwks", "", "http://127.0.0.1.evil.example/"})
    check_refused({with("jwks", url), 12, "trusted_issuer.jwks", "is no place of keys"});
  check_refused({with("issuer", "https://jeton.acme.example"), 11, "trusted_issuer.issuer", "own issuer"});
  check_refused({with("issuer", "a b"), 11, "trusted_issuer.issuer", "is no issuer"});
  check_refused({with("issuer", "https://crm.example/mcp"), 11, "trusted_issuer.issuer", "an agent or a server"});
  check_refused({with("issuer", "spiffe://acme.example/agent/deploy"), 11, "trusted_issuer.issuer", "an agent or a"});
  check_refused({with("agent", "deplyo"), 13, "trusted_issuer.agent", "write \"deploy\" if that is meant"});
  check_refused({with("name", "a b"), 10, "trusted_issuer.name", "no entry's name"});
  check_refused({base + issuer + rule + issuer + rule, 16, "trusted_issuer.name", "earlier trusted_issuer"});
  auto second = base + issuer + rule + issuer + rule;
  second.replace(second.rfind("name = \"ci\""), 11, "name = \"c2\"");
  parsed(second);
  second.replace(second.rfind("/jwks\""), 6, "/keys\"");
  check_refused({second, 18, "trusted_issuer.jwks", "differs from an earlier entry of this issuer"});
  // A mistake in an agent is told before that it is not configured.
  check_refused(
      {"trust_domain = \"a\"\n" + issuer + rule + "[[agent]]\nname = \"a b\"", 9, "agent.name", "no agent's name"});
}

TEST_CASE("an entry of a trusted issuer is read as it is written") {
  const auto config = parsed(base + issuer +
                             "claims = [\"environment=production\", \"/a/b=c\"]\nsub_prefix = \"repo:acme/\"\n"
                             "audience = \"jeton\"\ndelegates_to = [\"deploy\"]\nalgs = [\"ES256\", \"Ed25519\"]\n"
                             "max_age_s = 600\njwks_ca = \"/etc/jeton/ca.pem\"\n");
  REQUIRE(config.trusted_issuers.size() == 1);
  const auto& entry = config.trusted_issuers[0];
  CHECK(entry.name == "ci");
  CHECK(entry.issuer == "https://ci.example");
  CHECK(entry.jwks == "https://ci.example/jwks");
  CHECK(entry.authorities == "/etc/jeton/ca.pem");
  CHECK(entry.audience == "jeton");
  CHECK(entry.claims.size() == 2);
  CHECK(entry.sub_prefix == "repo:acme/");
  CHECK(entry.agent == "spiffe://acme.example/agent/deploy");
  CHECK(entry.delegates_to == std::vector<std::string>{"spiffe://acme.example/agent/deploy"});
  CHECK(entry.algs == std::vector{jeton::Algorithm::es256, jeton::Algorithm::eddsa});
  CHECK(entry.max_age_s == 600);
  CHECK(config.fetches());

  const auto least = parsed(base +
                            "[[trusted_issuer]]\nname = \"people\"\nissuer = \"x\"\njwks = \"/etc/jeton/p.jwks\"\n"
                            "delegates_to = [\"deploy\"]\n");
  CHECK(least.trusted_issuers[0].algs.size() == 3);
  CHECK_FALSE(least.trusted_issuers[0].audience);
  CHECK_FALSE(least.trusted_issuers[0].agent);
  CHECK_FALSE(least.fetches());
  CHECK(parsed(base + issuer + "sub_prefix = \"x:\"\n").trusted_issuers.size() == 1);
  for (const char* url : {"http://127.0.0.1:8080/jwks", "http://localhost/jwks", "http://[::1]:9/jwks"}) {
    auto text = base + issuer + "sub_prefix = \"x:\"\n";
    CHECK(parsed(text.replace(text.find("https://ci.example/jwks"), 23, url)).fetches());
  }
}

TEST_CASE("an agent that proves itself otherwise needs no match and nobody on a socket is it") {
  const std::vector<std::string> proofs{
      "keys = \"/etc/jeton/remote.jwks\"\n",
      "certificate = [\"" + x5t + "\"]\n",
      "[[trusted_issuer]]\nname = \"ci\"\nissuer = \"https://ci.example\"\njwks = \"/etc/jeton/ci.jwks\"\nagent = "
      "\"remote\"\nsub_prefix = \"x:\"\n",
  };
  for (const auto& proof : proofs) {
    const auto config = parsed(base + "[[agent]]\nname = \"remote\"\n" + proof);
    const Roles roles(config.roles);
    for (const uid_t number : {uid_t{0}, uid_t{990}, uid_t{1001}, uid_t{4242}})
      CHECK((roles.agent_of(uid(number)) == nullptr || roles.agent_of(uid(number))->name == "deploy"));
    auto client = uid(4242);
    client.client = ProvenClient{ProvenClient::Part::agent, "spiffe://acme.example/agent/remote", "federated_jwt"};
    REQUIRE(roles.agent_of(client) != nullptr);
    CHECK(roles.agent_of(client)->name == "remote");
  }
  check_refused(
      {base + "[[agent]]\nname = \"remote\"\n", 9, "agent.match", "missing; write match = [\"...\"], or keys"});
  // Tokens of users are nobody's identity.
  check_refused({base +
                     "[[agent]]\nname = \"remote\"\n[[trusted_issuer]]\nname = \"p\"\nissuer = \"x\"\njwks = \"/p\"\n"
                     "delegates_to = [\"remote\"]\n",
                 9, "agent.match", "missing"});
}

TEST_CASE("a server that proves itself and has no match is redeemed for by no local peer") {
  for (const std::string proof : {"keys = \"/etc/jeton/shop.jwks\"\n", "certificate = [\"DNS:shop.example\"]\n"}) {
    const auto config = parsed(base + "[[server]]\nurl = \"https://shop.example/mcp\"\n" + proof);
    const Roles roles(config.roles);
    const auto* server = roles.server_named("https://shop.example/mcp");
    REQUIRE(server != nullptr);
    CHECK(server->match);
    CHECK_FALSE(roles.has_open_server());
    for (const uid_t number : {uid_t{0}, uid_t{990}, uid_t{1001}, uid_t{1002}, uid_t{4242}}) {
      CHECK_FALSE(roles.may_act_for(*server, uid(number)));
      CHECK_FALSE(roles.knows(uid(4242)));
    }
    auto client = uid(4242);
    client.client = ProvenClient{ProvenClient::Part::server, "https://shop.example/mcp", "private_key_jwt"};
    CHECK(roles.may_act_for(*server, client));
    client.client->name = "https://crm.example/mcp";
    CHECK_FALSE(roles.may_act_for(*server, client));
  }
  const auto open = parsed(base + "[[server]]\nurl = \"mcp:stdio:files\"\n");
  CHECK(Roles(open.roles).has_open_server());
  const auto offline = parsed(base + "[[server]]\nurl = \"https://v.example\"\nkeys = \"/k\"\nverify = \"offline\"\n");
  CHECK(offline.roles.servers.back().offline);
}

TEST_CASE("a key file or a certificate that names nothing is told with its line") {
  const auto agent = base + "[[agent]]\nname = \"remote\"\n";  // 10 lines
  const std::vector<Mistake> mistakes{
      {agent + "keys = \"remote.jwks\"", 11, "agent.keys", "write an absolute one"},
      {agent + "keys = \"https://ci.example/jwks\"", 11, "agent.keys", "write an absolute one"},
      {agent + "keys = [\"/a\"]", 11, "agent.keys", "write a string"},
      {agent + "certificate = []", 11, "agent.certificate", "is empty"},
      {agent + "certificate = \"" + x5t + "\"", 11, "agent.certificate", "write a list"},
      {agent + "certificate = [\"sha256:abc\"]", 11, "agent.certificate", "names no certificate"},
      {agent + "certificate = [\"sha256:" + std::string(43, 'x') + "\"]", 11, "agent.certificate", "names no"},
      {agent + "certificate = [\"" + x5t + "=\"]", 11, "agent.certificate", "names no certificate"},
      {agent + "certificate = [\"SHA256:" + std::string(43, 'A') + "\"]", 11, "agent.certificate", "names no"},
      {agent + "certificate = [\"DNS:\"]", 11, "agent.certificate", "names no certificate"},
      {agent + "certificate = [\"DNS:*.example\"]", 11, "agent.certificate", "names no certificate"},
      {agent + "certificate = [\"DNS:Shop.example\"]", 11, "agent.certificate", "lower case"},
      {agent + "certificate = [\"URI:x\"]", 11, "agent.certificate", "names no certificate"},
      {agent + "certificate = [\"CN=deploy\"]", 11, "agent.certificate", "names no certificate"},
      {agent + "certificate = [\n\"" + x5t + "\"]\n[[agent]]\nname = \"twin\"\ncertificate = [\n\"" + x5t + "\"]", 16,
       "agent.certificate", "of an earlier entry"},
      {agent + "certificate = [\"DNS:a\"]\n[[server]]\nurl = \"https://a/\"\ncertificate = [\"DNS:a\"]", 14,
       "server.certificate", "of an earlier entry"},
  };
  for (const auto& mistake : mistakes) check_refused(mistake);
  const auto config = parsed(agent + "certificate = [\"" + x5t + "\", \"URI:spiffe://acme.example/x\", \"DNS:a.b-c\"]");
  CHECK(config.roles.agents.back().proof.certificates.size() == 3);
}

TEST_CASE("a grant's window is two times in UTC in their order") {
  const auto grant =
      base + "[[grant]]\nname = \"g\"\nagent = \"deploy\"\nserver = \"https://crm.example/mcp\"\ntools = [\"x\"]\n";
  const std::vector<Mistake> mistakes{
      {grant + "not_before = 2026-12-01T01:00:00Z", 14, "grant.not_before", "is a date or time; write a string"},
      {grant + "not_before = \"2026-12-01\"", 14, "grant.not_before", "no time in UTC"},
      {grant + "not_before = \"2026-12-01T01:00:00+01:00\"", 14, "grant.not_before", "no time in UTC"},
      {grant + "not_before = \"2026-12-01T01:00:00\"", 14, "grant.not_before", "no time in UTC"},
      {grant + "not_after = \"2026-02-30T01:00:00Z\"", 14, "grant.not_after", "no time in UTC"},
      {grant + "not_before = \"2026-12-01T03:00Z\"\nnot_after = \"2026-12-01T03:00:00Z\"", 15, "grant.not_after",
       "is not after not_before"},
  };
  for (const auto& mistake : mistakes) check_refused(mistake);
  const auto config = parsed(grant + "not_before = \"2026-12-01T01:00Z\"\nnot_after = \"2026-12-01T03:00:00Z\"\n");
  CHECK(config.grants[0].window.not_before_s == 1'796'086'800);
  CHECK(config.grants[0].window.not_after_s == 1'796'094'000);
}
