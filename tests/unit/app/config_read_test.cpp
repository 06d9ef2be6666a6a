// Every mistake in a configuration's text is told with line and key; what is right is read as written.
#include <algorithm>

#include "app/config.hpp"
#include "support/catch.hpp"

namespace {

using jeton::Caller;
using jeton::Code;
using jeton::Config;
using jeton::config_keys;
using jeton::parse_config;
using jeton::Roles;

constexpr uid_t daemon_uid = 990;

// 14 lines; what a test appends starts at line 15.
const std::string base = R"(trust_domain = "acme.example"
[[agent]]
name = "billing"
match = ["unix:uid:1001"]
[[server]]
url = "https://crm.example/mcp"
match = ["unix:uid:1002"]
[[grant]]
name = "refunds"
agent = "billing"
server = "https://crm.example/mcp"
tools = [
  "refund",
]
)";

const std::string grant =
    "[[grant]]\nname=\"g\"\nagent=\"billing\"\nserver=\"https://crm.example/mcp\"\ntools=[\"x\"]\n";

jeton::Result<Config> parse(const std::string& text) { return parse_config(text, "jeton.toml", daemon_uid); }

struct Mistake {
  std::string text;
  int line;
  std::string key;
  std::string fragment;  ///< of what is wrong or what to write
};

void check_refused(const Mistake& mistake) {
  CAPTURE(mistake.text);
  const auto config = parse(mistake.text);
  REQUIRE_FALSE(config);
  CHECK(config.error().code == Code::bad_request);
  const auto& message = config.error().message;
  CHECK_THAT(message, Catch::StartsWith("jeton.toml:" + std::to_string(mistake.line) + ": " + mistake.key + ": "));
  CHECK_THAT(message, Catch::Contains(mistake.fragment));
  CHECK_THAT(message, Catch::Contains(";"));
  CHECK(std::none_of(message.begin(), message.end(), [](char c) { return c < ' ' || c > '~'; }));
}

Caller uid(uid_t number) { return Caller{.uid = number, .gid = number, .socket = "/run/jeton/agent.sock"}; }

}  // namespace

TEST_CASE("a mistake at the top of a configuration is told with its line and key") {
  const std::vector<Mistake> mistakes = {
      {"", 1, "trust_domain", "missing; write trust_domain"},
      {"\n\ntrust_domain = 5", 3, "trust_domain", "is an integer; write a string"},
      {"trust_domain = \"\"", 1, "trust_domain", "is no trust domain"},
      {"trust_domain = \"Acme.example\"", 1, "trust_domain", "a-z"},
      {"trust_domain = \"acme/example\"", 1, "trust_domain", "is no trust domain"},
      {"trust_domain = \"" + std::string(256, 'a') + "\"", 1, "trust_domain", "255"},
      {"trust_domain = \"a\"\ntrust_domain = \"b\"", 2, "syntax", "cannot redefine"},
      {"trust_domain = \"a\"\nsocket = ", 2, "syntax", "write TOML"},
      {"trust_domain = \"a\"\n\"\xFF\" = 1", 2, "syntax", "utf-8"},
      {"trust_domain = \"a\"\nissuer = \"http://jeton.example\"", 2, "issuer", "https URL"},
      {"trust_domain = \"a\"\nissuer = \"https://jeton.example?a=b\"", 2, "issuer", "without query"},
      {"trust_domain = \"a\"\nissuer = \"https://jeton.example#a\"", 2, "issuer", "fragment"},
      {"trust_domain = \"a\"\nissuer = \"mcp:stdio:x\"", 2, "issuer", "https URL"},
      {"trust_domain = \"a\"\nissuer = \"\"", 2, "issuer", "https URL"},
      {"trust_domain = \"a\"\ndurability = \"Full\"", 2, "durability", "write \"full\" or \"normal\""},
      {"trust_domain = \"a\"\nlog_level = \"loud\"", 2, "log_level", "write \"debug\", \"info\""},
      {"trust_domain = \"a\"\nlandlock = \"yes\"", 2, "landlock", "write \"auto\", \"on\" or \"off\""},
      {"trust_domain = \"a\"\nreserve_bytes = -1", 2, "reserve_bytes", "write 0 or more"},
      {"trust_domain = \"a\"\nreserve_bytes = 1.5", 2, "reserve_bytes", "number with a fraction; write an integer"},
      {"trust_domain = \"a\"\nreserve_bytes = 9223372036854775808", 2, "syntax", "64 bits"},
      {"trust_domain = \"a\"\nlog_bytes_max = 67108864", 2, "log_bytes_max", "write more than 67108864"},
      {"trust_domain = \"a\"\nretain_days = 40000", 2, "retain_days", "36500"},
      {"trust_domain = \"a\"\nsocket = \"run/x.sock\"", 2, "socket", "absolute path"},
      {"trust_domain = \"a\"\nsocket = \"/run/x/\"", 2, "socket", "absolute path"},
      {"trust_domain = \"a\"\nsocket = \"/run/\\u0000x\"", 2, "socket", "absolute path"},
      {"trust_domain = \"a\"\nsocket = \"/" + std::string(107, 'x') + "\"", 2, "socket", "107 bytes"},
      {"trust_domain = \"a\"\nsocket = true", 2, "socket", "is a boolean; write a string"},
      {"trust_domain = \"a\"\nsocket = 2024-01-01", 2, "socket", "is a date or time; write a string"},
  };
  for (const auto& mistake : mistakes) check_refused(mistake);
}

TEST_CASE("an unknown key is refused with what was probably meant") {
  const std::vector<Mistake> mistakes = {
      {base + "ttl = 5", 15, "grant.ttl", "write ttl_s"},
      {base + "max_redemption = 5", 15, "grant.max_redemption", "write max_redemptions"},
      {base + "[[agnet]]", 15, "agnet", "write [[agent]]"},
      {base + "[limit]", 15, "limit", "write [limits]"},
      {base + "[limits]\nidle = 5", 16, "limits.idle", "write idle_s"},
      {base + "[limits]\nzzzzzzzzzz = 5", 16, "limits.zzzzzzzzzz", "write one of body_bytes, "},
      {"trust = \"a\"", 1, "trust", "write trust_domain"},
      {"trustdomain = \"a\"", 1, "trustdomain", "write trust_domain"},
      {"trust_domain = \"a\"\nrate_per_min = 5", 2, "rate_per_min", "write it under [[grant]]"},
      {base + "durability = \"normal\"", 15, "grant.durability", "write it above the first [section]"},
      {base + "[[operator]]\nname = \"x\"\nmatch = [\"unix:uid:0\"]", 16, "operator.name", "unknown key"},
      {base + "[dev]", 15, "dev", "unknown key"},
      {base + "\"a\\nb\" = 5", 15, "grant.a?b", "unknown key"},
      {base + "\"" + std::string(5000, 'k') + "\" = 5", 15, "grant." + std::string(120, 'k') + "...", "unknown key"},
  };
  for (const auto& mistake : mistakes) check_refused(mistake);
}

TEST_CASE("what this version does not have is refused and never ignored") {
  const std::vector<Mistake> mistakes = {
      {base + "[[server]]\nurl = \"mcp:stdio:x\"\ncnf = \"required\"", 17, "server.cnf", "unknown key"},
  };
  for (const auto& mistake : mistakes) check_refused(mistake);
}

TEST_CASE("a server's alg is one of three words and EdDSA where it is not given") {
  const auto server = base + "[[server]]\nurl = \"mcp:stdio:x\"\n";
  for (const auto* other : {"none", "HS256", "Ed25519", "eddsa", "ES384", "RS512", "PS256", "ES256 ", ""}) {
    CAPTURE(other);
    check_refused({server + "alg = \"" + other + "\"", 17, "server.alg", "write \"EdDSA\", \"ES256\" or \"RS256\""});
  }
  check_refused({server + "alg = [\"ES256\"]", 17, "server.alg", "write a string"});
  const auto algorithm = [](const std::string& text) {
    const auto config = jeton::parse_config(text, "x.toml", 990);
    REQUIRE(config);
    return config->roles.servers.back().algorithm;
  };
  CHECK(algorithm(server) == jeton::Algorithm::eddsa);
  for (const auto one : jeton::all_algorithms)
    CHECK(algorithm(server + "alg = \"" + std::string(jeton::name_of(one)) + "\"") == one);
}

TEST_CASE("a grant that records needs the key of a reviewer and says how to make one") {
  const auto key = jeton::OpeningKey::generate().sealing_key().text();
  const auto with_key = "reviewer_key = \"" + key + "\"\n" + base;
  const std::vector<Mistake> mistakes = {
      {base + "record_arguments = true", 15, "grant.record_arguments", "type  jeton log args --make-key FILE"},
      {with_key + "record_arguments = 1", 16, "grant.record_arguments", "write true or false"},
      {"reviewer_key = \"" + key.substr(1) + "\"\n" + base, 1, "reviewer_key", "jeton log args --make-key FILE"},
      {"reviewer_key = \"" + std::string(43, 'A') + "\"\n" + base, 1, "reviewer_key", "is no reviewer's key"},
  };
  for (const auto& mistake : mistakes) check_refused(mistake);

  const auto recording = parse(with_key + "record_arguments = true\n" + grant);
  REQUIRE(recording);
  REQUIRE(recording->grants.at(0).permit.seal_to);
  CHECK(recording->grants.at(0).permit.seal_to->text() == key);
  CHECK_FALSE(recording->grants.at(1).permit.seal_to);
  const auto not_recording = parse(base + "record_arguments = false");
  REQUIRE(not_recording);
  CHECK_FALSE(not_recording->grants.at(0).permit.seal_to);
}

TEST_CASE("an offline server needs match and a verify that is one of two words") {
  const auto server = base + "[[server]]\nurl = \"mcp:stdio:x\"\n";
  const std::vector<Mistake> mistakes = {
      {server + "verify = \"offline\"", 17, "server.verify", "needs match"},
      {server + "verify = \"Offline\"", 17, "server.verify", "write \"online\" or \"offline\""},
      {server + "verify = true", 17, "server.verify", "write a string"},
  };
  for (const auto& mistake : mistakes) check_refused(mistake);
  const auto offline = [&](const std::string& text) {
    const auto config = jeton::parse_config(text, "x.toml", 990);
    REQUIRE(config);
    return config->roles.servers.back().offline;
  };
  CHECK(offline(server + "match = [\"unix:uid:7\"]\nverify = \"offline\""));
  CHECK_FALSE(offline(server + "verify = \"online\""));
  CHECK_FALSE(offline(server));
}

TEST_CASE("a server passes calls on only where it redeems here and is somebody") {
  const auto server = base + "[[server]]\nurl = \"mcp:stdio:x\"\ndelegates_to = [\"billing\"]\n";
  const std::vector<Mistake> mistakes = {
      {server, 17, "server.delegates_to", "write match"},
      {server + "match = [\"unix:uid:7\"]\nverify = \"offline\"", 17, "server.delegates_to", "verify = \"online\""},
  };
  for (const auto& mistake : mistakes) check_refused(mistake);
  CHECK(jeton::parse_config(server + "match = [\"unix:uid:7\"]", "x.toml", 990));
}

TEST_CASE("a mistake in an agent or a server is told with its line and key") {
  const std::vector<Mistake> mistakes = {
      {base + "[agent]", 15, "syntax", "cannot redefine"},
      {"trust_domain = \"a\"\n[agent]\nname = \"x\"", 2, "agent", "is a table; write [[agent]]"},
      {"trust_domain = \"a\"\nagent = []", 2, "agent", "is an empty list"},
      {"trust_domain = \"a\"\noperator = []", 2, "operator", "is an empty list"},
      {"trust_domain = \"a\"\nagent = [\n 5]", 3, "agent", "is an integer; write [[agent]]"},
      {base + "\n[[agent]]\nmatch = [\"unix:uid:1\"]", 16, "agent.name", "missing; write name = \"...\""},
      {base + "\n[[agent]]\nname = \"x\"", 16, "agent.match", "missing; write match = [\"...\"]"},
      {base + "[[agent]]\nname = \"..\"\nmatch = [\"unix:uid:1\"]", 16, "agent.name", "is no agent's name"},
      {base + "[[agent]]\nname = \"a/b\"\nmatch = [\"unix:uid:1\"]", 16, "agent.name", "is no agent's name"},
      {base + "[[agent]]\nname = \"*\"\nmatch = [\"unix:uid:1\"]", 16, "agent.name", "is no agent's name"},
      {base + "[[agent]]\nname = \"" + std::string(65, 'x') + "\"\nmatch = [\"unix:uid:1\"]", 16, "agent.name", "64"},
      {base + "[[agent]]\nname = \"billing\"\nmatch = [\"unix:uid:1\"]", 16, "agent.name", "earlier agent"},
      {base + "[[agent]]\nname = \"x\"\nmatch = \"unix:uid:1\"", 17, "agent.match", "is a string; write a list"},
      {base + "[[agent]]\nname = \"x\"\nmatch = [\n\"unix:uid:1\",\n5]", 19, "agent.match", "holds an integer"},
      {base + "[[agent]]\nname = \"x\"\nmatch = []", 17, "agent.match", ""},
      {base + "[[agent]]\nname = \"x\"\nmatch = [\"unix:path:/bin/sh\"]", 17, "agent.match", ""},
      {base + "[[agent]]\nname = \"x\"\nmatch = [\n\"unix:uid:1\",\n\"unix:colour:red\"]", 19, "agent.match", ""},
      {base + "[[server]]\nurl = \"crm.example\"", 16, "server.url", "is no server's name"},
      {base + "[[server]]\nurl = \"*\"", 16, "server.url", "is no server's name"},
      {base + "[[server]]\nurl = \"https://crm.example/mcp\"", 16, "server.url", "earlier server"},
      {base + "[[server]]", 15, "server.url", "missing"},
      {base + "[[server]]\nurl = \"mcp:stdio:x\"\nmatch = []", 17, "server.match", ""},
      {base + "[[operator]]", 15, "operator.match", "missing"},
      {base + "[[reviewer]]\nmatch = [\"unix:gid:5\"]", 16, "reviewer.match", ""},
  };
  for (const auto& mistake : mistakes) check_refused(mistake);
}

TEST_CASE("a mistake in a grant or a limit is told with its line and key") {
  const std::vector<Mistake> mistakes = {
      {base + "[[grant]]", 15, "grant.name", "missing"},
      {base + "[[grant]]\nname = \"refunds\"\nagent = \"billing\"", 15, "grant.server", "missing"},
      {base + "name = \"a b\"", 15, "syntax", "cannot redefine"},
      {base + "[[grant]]\nname = \"a b\"\nagent=\"billing\"\nserver=\"https://crm.example/mcp\"\ntools=[\"x\"]", 16,
       "grant.name", "is no grant's name"},
      {base + "[[grant]]\nname = \"refunds\"\nagent=\"billing\"\nserver=\"https://crm.example/mcp\"\ntools=[\"x\"]", 16,
       "grant.name", "earlier grant"},
      {base + "[[grant]]\nname = \"g\"\nagent=\"biling\"\nserver=\"https://crm.example/mcp\"\ntools=[\"x\"]", 17,
       "grant.agent", "is not configured; write \"billing\""},
      {base + "[[grant]]\nname = \"g\"\nagent=\"reports\"\nserver=\"https://crm.example/mcp\"\ntools=[\"x\"]", 17,
       "grant.agent", "add [[agent]]"},
      {base + "[[grant]]\nname = \"g\"\nagent=\"*\"\nserver=\"https://crm.example/mcp\"\ntools=[\"x\"]", 17,
       "grant.agent", "is not configured"},
      {base + "[[grant]]\nname = \"g\"\nagent=\"billing\"\nserver=\"*\"\ntools=[\"x\"]", 18, "grant.server",
       "is not configured"},
      {base + "[[grant]]\nname=\"g\"\nagent=\"billing\"\nserver=\"https://crm.example/mcp/\"\ntools=[\"x\"]", 18,
       "grant.server", "write \"https://crm.example/mcp\""},
      {base + "[[grant]]\nname = \"g\"\nagent=\"billing\"\nserver=\"https://crm.example/mcp\"\ntools=[]", 19,
       "grant.tools", "is empty"},
      {base + "[[grant]]\nname = \"g\"\nagent=\"billing\"\nserver=\"https://crm.example/mcp\"\ntools=[\n\"x\",\n\"\"]",
       21, "grant.tools", "no glob"},
      {base + "ttl_s = 0", 15, "grant.ttl_s", "write 1 to 120"},
      {base + "ttl_s = 121", 15, "grant.ttl_s", "write 1 to 120"},
      {base + "ttl_s = \"30\"", 15, "grant.ttl_s", "is a string; write an integer"},
      {base + "max_attempts = 0", 15, "grant.max_attempts", "write 1 to 1000"},
      {base + "max_attempts = 1001", 15, "grant.max_attempts", "write 1 to 1000"},
      {base + "max_redemptions = 0", 15, "grant.max_redemptions", "write 1 to 1000"},
      {base + "max_redemptions = 9", 15, "grant.max_redemptions", "more than the 8 attempts"},
      {base + "max_redemptions = 2\nmax_attempts = 1", 15, "grant.max_redemptions", "more than the 1 attempts"},
      {base + "rate_per_min = 0", 15, "grant.rate_per_min", "write 1 to 1000000"},
      {base + "rate_per_min = 1000001", 15, "grant.rate_per_min", "write 1 to 1000000"},
      {base + "[limits]\nidle_s = 0", 16, "limits.idle_s", "write 1 to 3600"},
      {base + "[limits]\nbody_bytes = 1000000000000", 16, "limits.body_bytes", "write 1024 to 67108864"},
      {base + "[limits]\nbody_bytes = 2048\narguments_bytes = 2049", 17, "limits.arguments_bytes", "at most 2048"},
      {base + "[[limits]]", 15, "limits", "is a list; write [limits]"},
  };
  for (const auto& mistake : mistakes) check_refused(mistake);
}

TEST_CASE("of several mistakes the one nearest to the top is told") {
  check_refused(
      {base + "ttl_s = 0\n[[agent]]\nname = \"/\"\nmatch = [\"nonsense\"]", 17, "agent.name", "agent's name"});
  check_refused({base + "max_attempts = 0\nttl_s = 0", 15, "grant.max_attempts", "1 to 1000"});
  // A grant above its misnamed agent is not to blame.
  check_refused({"trust_domain = \"a\"\n" + grant + "[[agent]]\nname = \"a b\"\nmatch = [\"unix:uid:1\"]", 8,
                 "agent.name", "agent's name"});
}

TEST_CASE("what is left out has its default") {
  const auto config = parse(base);
  REQUIRE(config);
  CHECK(config->durability == jeton::Durability::full);
  CHECK(config->reserve_bytes == 67108864);
  CHECK_FALSE(config->issuer);
  CHECK_FALSE(config->socket);
  CHECK_FALSE(config->dev);
  REQUIRE(config->grants.size() == 1);
  const auto& permit = config->grants[0].permit;
  CHECK(permit.grant == "refunds");
  CHECK(permit.ttl_s == 30);
  CHECK(permit.max_attempts == 8);
  CHECK(permit.max_redemptions == 1);
  CHECK_FALSE(permit.rate_per_min);

  // The operators are the daemon's account and root, and they review.
  const Roles roles(config->roles);
  for (const uid_t number : {daemon_uid, uid_t{0}}) {
    CHECK(roles.is_operator(uid(number)));
    CHECK(roles.is_reviewer(uid(number)));
  }
  CHECK_FALSE(roles.is_operator(uid(1001)));
}

TEST_CASE("named operators replace the default ones") {
  const auto config = parse(base + "[[operator]]\nmatch = [\"unix:uid:7\"]");
  REQUIRE(config);
  const Roles roles(config->roles);
  CHECK(roles.is_operator(uid(7)));
  CHECK_FALSE(roles.is_operator(uid(0)));
  CHECK_FALSE(roles.is_operator(uid(daemon_uid)));
}

TEST_CASE("entries keep the order of the file and may be written in any order") {
  const auto config = parse("trust_domain = \"acme.example\"\n" + grant +
                            "[[server]]\nurl = \"https://crm.example/mcp\"\n"
                            "[[agent]]\nname = \"twin\"\nmatch = [\"unix:uid:1001\"]\n"
                            "[[agent]]\nname = \"billing\"\nmatch = [\"unix:uid:1001\"]\n");
  REQUIRE(config);
  CHECK(config->grants[0].agent == "billing");
  CHECK_FALSE(config->roles.servers[0].match);
  const Roles roles(config->roles);
  REQUIRE(roles.agent_of(uid(1001)) != nullptr);
  CHECK(roles.agent_of(uid(1001))->name == "twin");
}

TEST_CASE("the same bytes have the same hash and other bytes another") {
  CHECK(parse(base)->sha256 == parse(base)->sha256);
  CHECK(parse(base)->sha256 != parse(base + "\n")->sha256);
  CHECK(parse(base)->sha256.size() == 64);
}

TEST_CASE("the defaults in the table of keys are the ones that apply") {
  // given: one configuration that leaves everything out and one that writes every default down
  const auto bare = parse(base);
  std::string top;
  std::string limits = "[limits]\n";
  std::string in_server = "[[server]]\nurl = \"mcp:stdio:x\"\n";
  std::string in_grant;
  for (const auto& key : config_keys()) {
    // Those of a table that need not be there are looked at where that table is.
    if (key.default_value.empty() || key.section == "policy" || key.section == "trusted_issuer" ||
        key.section == "relying_party")
      continue;
    auto& section = key.section.empty()       ? top
                    : key.section == "limits" ? limits
                    : key.section == "server" ? in_server
                                              : in_grant;
    section += std::string(key.key) + " = " + std::string(key.default_value) + "\n";
  }
  const auto written = parse(top + base + in_grant + in_server + limits);

  // then: they say the same
  REQUIRE(bare);
  REQUIRE(written);
  CHECK(bare->reserve_bytes == written->reserve_bytes);
  CHECK(bare->log_bytes_max == written->log_bytes_max);
  CHECK(bare->retain_days == written->retain_days);
  CHECK(bare->durability == written->durability);
  CHECK(bare->log_level == written->log_level);
  CHECK(bare->landlock == written->landlock);
  CHECK(bare->limits == written->limits);
  CHECK(bare->roles.servers[0].offline == written->roles.servers[1].offline);
  CHECK(bare->grants[0].permit.ttl_s == written->grants[0].permit.ttl_s);
  CHECK(bare->grants[0].permit.max_attempts == written->grants[0].permit.max_attempts);
  CHECK(bare->grants[0].permit.max_redemptions == written->grants[0].permit.max_redemptions);
}

TEST_CASE("every key can be set and is not ignored") {
  const auto config = parse(
      "issuer = \"https://jeton.example/a\"\ndurability = \"normal\"\nlandlock = \"on\"\nlog_level = \"debug\"\n"
      "reserve_bytes = 0\nlog_bytes_max = 5000000\nretain_days = 90\nsocket = \"/run/j.sock\"\n" +
      base +
      "ttl_s = 120\nmax_attempts = 1000\nmax_redemptions = 1000\nrate_per_min = 1000000\n"
      "[limits]\nbody_bytes = 2001\narguments_bytes = 2000\nheader_bytes = 2002\nconnections_per_uid = 3\n"
      "connections_per_address = 5\nconnections = 4\nidle_s = 6\nrequest_s = 7\n"
      "[[reviewer]]\nmatch = [\"unix:uid:1003\"]\n");
  REQUIRE(config);
  CHECK(config->issuer == "https://jeton.example/a");
  CHECK(config->durability == jeton::Durability::normal);
  CHECK(config->log_level == jeton::Level::debug);
  CHECK(config->landlock == jeton::Landlock::on);
  CHECK(config->reserve_bytes == 0);
  CHECK(config->log_bytes_max == 5000000);
  CHECK(config->retain_days == 90);
  CHECK(config->socket == "/run/j.sock");
  CHECK(config->limits == jeton::Limits{2001, 2000, 2002, 3, 5, 4, 6, 7});
  const auto& permit = config->grants[0].permit;
  CHECK(permit.ttl_s == 120);
  CHECK(permit.max_attempts == 1000);
  CHECK(permit.max_redemptions == 1000);
  CHECK(permit.rate_per_min == 1000000);
  CHECK(Roles(config->roles).is_reviewer(uid(1003)));
  CHECK_FALSE(Roles(config->roles).is_reviewer(uid(0)));
}
