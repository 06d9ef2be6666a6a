// What is left of a configuration in a daemon for one agent.
#include "app/private_daemon.hpp"

#include "support/catch.hpp"

namespace {

constexpr const char* text = R"(
trust_domain = "acme.example"
[[agent]]
name = "billing"
match = ["unix:uid:1001"]
[[agent]]
name = "reports"
match = ["jeton:socket:/run/reports/agent.sock"]
[[server]]
url = "mcp:stdio:files"
[[server]]
url = "https://crm.example/mcp"
match = ["jeton:socket:/run/crm/agent.sock"]
[[operator]]
match = ["unix:uid:1001"]
[[grant]]
name = "reads"
agent = "billing"
server = "mcp:stdio:files"
tools = ["read"]
[[grant]]
name = "others"
agent = "reports"
server = "mcp:stdio:files"
tools = ["*"]
)";

jeton::Result<jeton::Config> private_config(const std::string& agent) {
  auto config = jeton::parse_config(text, "jeton.toml", 990);
  REQUIRE(config);
  return for_one_agent(std::move(*config), agent, "/run/private/agent.sock");
}

jeton::Caller caller(uid_t uid, const std::string& socket) {
  return {.uid = uid, .gid = uid, .pid = 7, .socket = socket};
}

}  // namespace

TEST_CASE("a private daemon serves one agent: whoever can open its socket") {
  const auto config = private_config("billing");
  REQUIRE(config);
  const jeton::Roles roles(config->roles);
  const auto* agent = roles.agent_of(caller(4242, "/run/private/agent.sock"));
  REQUIRE(agent != nullptr);
  CHECK(agent->spiffe_id == "spiffe://acme.example/agent/billing");
  CHECK(roles.agent_of(caller(1001, "/run/jeton/agent.sock")) == nullptr);
  REQUIRE(config->grants.size() == 1);
  CHECK(config->grants[0].permit.grant == "reads");
  CHECK(config->own_sockets() == std::vector<std::string>{"/run/private/agent.sock"});
}

TEST_CASE("the agent of a private daemon is no operator of it, whatever the configuration says") {
  const auto config = private_config("billing");
  REQUIRE(config);
  const jeton::Roles roles(config->roles);
  CHECK_FALSE(roles.is_operator(caller(1001, "/run/private/agent.sock")));
  CHECK_FALSE(roles.is_operator(caller(990, "/run/private/agent.sock")));
  CHECK(roles.is_operator(caller(0, "/run/private/agent.sock")));
}

TEST_CASE("a server with a socket of its own is nobody at a private daemon") {
  const auto config = private_config("billing");
  REQUIRE(config);
  const jeton::Roles roles(config->roles);
  const auto* crm = roles.server_named("https://crm.example/mcp");
  REQUIRE(crm != nullptr);
  CHECK_FALSE(roles.may_act_for(*crm, caller(1001, "/run/private/agent.sock")));
  CHECK(roles.may_act_for(*roles.server_named("mcp:stdio:files"), caller(1001, "/run/private/agent.sock")));
}

TEST_CASE("a private daemon for an agent that is not configured is refused with the nearest name") {
  const auto config = private_config("biling");
  REQUIRE_FALSE(config);
  CHECK(config.error().code == jeton::Code::bad_request);
  CHECK_THAT(config.error().message, Catch::Contains("\"billing\" is"));
}

TEST_CASE("in a private daemon nobody proves itself but by the socket and users' tokens stay good") {
  auto config = jeton::parse_config(std::string(text) + R"(
[[agent]]
name = "remote"
keys = "/etc/jeton/remote.jwks"
[[server]]
url = "https://shop.example/mcp"
certificate = ["DNS:shop.example"]
[[trusted_issuer]]
name = "ci"
issuer = "https://ci.example"
jwks = "https://ci.example/jwks"
agent = "reports"
sub_prefix = "x:"
[[trusted_issuer]]
name = "people"
issuer = "https://login.example"
jwks = "https://login.example/jwks"
delegates_to = ["billing", "reports"]
)",
                                    "jeton.toml", 990);
  REQUIRE(config);
  const auto own = for_one_agent(std::move(*config), "billing", "/run/private/agent.sock");
  REQUIRE(own);
  for (const auto& agent : own->roles.agents) CHECK_FALSE(agent.proof.is_given());
  for (const auto& server : own->roles.servers) CHECK_FALSE(server.proof.is_given());
  const jeton::Roles roles(own->roles);
  CHECK_FALSE(
      roles.may_act_for(*roles.server_named("https://shop.example/mcp"), caller(4242, "/run/private/agent.sock")));
  REQUIRE(own->trusted_issuers.size() == 1);
  CHECK(own->trusted_issuers[0].name == "people");
  CHECK(own->trusted_issuers[0].delegates_to == std::vector<std::string>{"spiffe://acme.example/agent/billing"});
}
