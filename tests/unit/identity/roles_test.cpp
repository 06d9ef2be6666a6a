// Which parts a caller may play, and what is the name of a server.
#include "identity/roles.hpp"

#include "support/catch.hpp"

namespace {

using jeton::Caller;
using jeton::is_server_name;
using jeton::Roles;
using jeton::SelectorSet;

SelectorSet match(const std::vector<std::string>& selectors) {
  auto set = SelectorSet::parse(selectors);
  REQUIRE(set);
  return *std::move(set);
}

Caller uid(uid_t number) { return Caller{.uid = number, .gid = number, .socket = "/run/jeton/agent.sock"}; }

constexpr const char* crm = "https://crm.example/mcp";
constexpr const char* files = "mcp:stdio:files";

Roles::Entries entries() {
  Roles::Entries all;
  all.agents = {{"billing", "spiffe://acme.example/agent/billing", match({"unix:uid:1001"})},
                {"twin", "spiffe://acme.example/agent/twin", match({"unix:uid:1001"})}};
  all.servers = {{crm, match({"unix:uid:1002"})}, {files, std::nullopt}};
  all.operators = {match({"unix:uid:0"})};
  return all;
}

}  // namespace

TEST_CASE("a stranger plays no part") {
  const Roles roles(entries());
  CHECK(roles.agent_of(uid(4242)) == nullptr);
  CHECK_FALSE(roles.is_operator(uid(4242)));
  CHECK_FALSE(roles.is_reviewer(uid(4242)));
  CHECK_FALSE(roles.knows(uid(4242)));
  CHECK(roles.names_of(uid(4242)).empty());
}

TEST_CASE("only the account of a server may act for it") {
  const Roles roles(entries());
  const auto* server = roles.server_named(crm);
  REQUIRE(server != nullptr);
  CHECK_FALSE(roles.may_act_for(*server, uid(1001)));
  CHECK_FALSE(roles.may_act_for(*server, uid(0)));
  CHECK(roles.may_act_for(*server, uid(1002)));
}

TEST_CASE("a server without match may be served by any attested peer but makes nobody known") {
  const Roles roles(entries());
  const auto* server = roles.server_named(files);
  REQUIRE(server != nullptr);
  CHECK_FALSE(server->match);
  CHECK(roles.may_act_for(*server, uid(4242)));
  CHECK_FALSE(roles.knows(uid(4242)));
}

TEST_CASE("an unconfigured server has no entry") {
  const Roles roles(entries());
  CHECK(roles.server_named("https://crm.example/mcp/") == nullptr);
  CHECK(roles.server_named("https://CRM.example/mcp") == nullptr);
  CHECK(roles.server_named("*") == nullptr);
  CHECK(roles.server_named("") == nullptr);
}

TEST_CASE("the stand-in for any server takes valid names alone") {
  auto all = entries();
  all.any_server = jeton::ServerEntry{"*", match({"unix:uid:1000"})};
  const Roles roles(all);
  CHECK(roles.server_named("nonsense") == nullptr);
  CHECK(roles.server_named("*") == nullptr);
  REQUIRE(roles.server_named("https://other.example/mcp") != nullptr);
  CHECK(roles.server_named("https://other.example/mcp")->url == "*");
  CHECK(roles.server_named(crm)->url == crm);
  CHECK(roles.names_of(uid(1000)) == std::vector<std::string>{"server:*"});
  CHECK(roles.knows(uid(1000)));
}

TEST_CASE("of several agents that match the first in file order is the one") {
  const Roles roles(entries());
  const auto* agent = roles.agent_of(uid(1001));
  REQUIRE(agent != nullptr);
  CHECK(agent->name == "billing");
}

TEST_CASE("reviewers are the operators until some are named") {
  auto all = entries();
  CHECK(Roles(all).is_reviewer(uid(0)));
  all.reviewers = {match({"unix:uid:1003"})};
  CHECK_FALSE(Roles(all).is_reviewer(uid(0)));
  CHECK(Roles(all).is_operator(uid(0)));
  CHECK(Roles(all).is_reviewer(uid(1003)));
  CHECK_FALSE(Roles(all).is_operator(uid(1003)));
}

TEST_CASE("a status names every part of the caller") {
  const Roles roles(entries());
  CHECK(roles.names_of(uid(1001)) == std::vector<std::string>{"agent:billing"});
  CHECK(roles.names_of(uid(1002)) == std::vector<std::string>{"server:https://crm.example/mcp"});
  CHECK(roles.names_of(uid(0)) == std::vector<std::string>{"operator", "reviewer"});
  CHECK(roles.knows(uid(1002)));
}

TEST_CASE("an executable is worth hashing only where its hash could decide") {
  const std::string hash(64, 'a');
  auto all = entries();
  CHECK_FALSE(Roles(all).wants_sha256_of(uid(1001)));
  const auto with = [&](auto place) {
    auto changed = entries();
    place(changed);
    return Roles(changed);
  };
  const auto hashed = match({"unix:uid:1005", "unix:sha256:" + hash});
  const std::vector<Roles> each = {
      with([&](auto& e) {
        e.agents.push_back({"x", "", hashed});
      }),
      with([&](auto& e) {
        e.servers.push_back({"https://x.example", hashed});
      }),
      with([&](auto& e) { e.operators.push_back(hashed); }),
      with([&](auto& e) { e.reviewers.push_back(hashed); }),
      with([&](auto& e) {
        e.any_server = jeton::ServerEntry{"*", hashed};
      }),
  };
  for (const auto& roles : each) {
    CHECK(roles.wants_sha256_of(uid(1005)));
    CHECK_FALSE(roles.wants_sha256_of(uid(1001)));
  }
}

TEST_CASE("what is no name of a server is refused") {
  const std::vector<std::string> names = {"",
                                          "*",
                                          "https://",
                                          "http:///path",
                                          "https://?q",
                                          "crm.example",
                                          "ftp://crm.example",
                                          "HTTPS://crm.example",
                                          "https://crm.example/#part",
                                          "https://user@crm.example/",
                                          "https://crm.example:pw@evil.example/",
                                          "https://crm.example:/",
                                          "https://crm.example:65536/",
                                          "https://crm.example:80x",
                                          "https://crm.example:123456",
                                          "https://[::1",
                                          "https://[]/",
                                          "https://[::g]/",
                                          "https://[::1]x",
                                          "https://crm example/",
                                          "https://crm.example/a b",
                                          "https://crm.example/\n",
                                          "https://crm.example\\@evil.example",
                                          "https://caf\xC3\xA9.example",
                                          "mcp:stdio:",
                                          "mcp:stdio:a b",
                                          "mcp:sse:files",
                                          "https://crm.example/" + std::string(2029, 'x')};
  for (const auto& name : names) {
    CAPTURE(name);
    CHECK_FALSE(is_server_name(name));
  }
}

TEST_CASE("urls and local stdio servers are names of servers") {
  const std::vector<std::string> names = {"https://crm.example/mcp",
                                          "https://crm.example",
                                          "http://127.0.0.1:8080/mcp",
                                          "https://[::1]:8443/x",
                                          "https://crm.example/mcp?tenant=1",
                                          "https://crm.example?tenant=1",
                                          "https://a_b.example:65535",
                                          "mcp:stdio:files",
                                          "mcp:stdio:@scope/files",
                                          "https://crm.example/%20~user/(a);b=c,d",
                                          "https://crm.example/" + std::string(2028, 'x')};
  for (const auto& name : names) {
    CAPTURE(name);
    CHECK(is_server_name(name));
  }
}
