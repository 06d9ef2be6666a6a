// Which grant decides, what a refused caller is told, and what a glob matches.
#include "policy/grants.hpp"

#include "support/catch.hpp"

namespace {

using jeton::Code;
using jeton::glob_matches;
using jeton::Grant;
using jeton::Grants;

constexpr const char* crm = "https://crm.example/mcp";
constexpr const char* shop = "https://shop.example/mcp";

Grant grant(std::string name, std::string agent, std::string server, std::vector<std::string> tools) {
  return {std::move(agent), std::move(server), std::move(tools), {.grant = std::move(name)}};
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("what no grant covers is refused and the hint lists what is granted nearby") {
  // given: one grant for this agent and server, and one for another server
  const Grants grants(
      {grant("refunds", "billing", crm, {"refund", "lookup_*"}), grant("carts", "billing", shop, {"buy"})});

  // when: the agent asks for another tool
  const auto decision = grants.decide({"billing", crm, "delete_customer"});

  // then: refused, in one line that says what to do
  REQUIRE_FALSE(decision);
  CHECK(decision.error().code == Code::no_grant);
  CHECK(decision.error().message ==
        "agent billing may not call delete_customer on https://crm.example/mcp; "
        "grant \"refunds\" covers refund, lookup_*");
}

TEST_CASE("without any grant for agent and server the hint says to add one") {
  const Grants grants({grant("refunds", "billing", crm, {"refund"})});
  const auto other_agent = grants.decide({"reports", crm, "refund"});
  REQUIRE_FALSE(other_agent);
  CHECK(has(other_agent.error().message, "no grant names this agent and server; add one to jeton.toml"));

  const auto other_server = grants.decide({"billing", shop, "refund"});
  REQUIRE_FALSE(other_server);
  CHECK(has(other_server.error().message, "on https://shop.example/mcp; no grant names"));

  const auto any_server = grants.decide({"reports", std::nullopt, "refund"});
  REQUIRE_FALSE(any_server);
  CHECK(any_server.error().message ==
        "agent reports may not call refund on any server; no grant names this agent; add one to jeton.toml");
}

TEST_CASE("no grants at all means no") { CHECK_FALSE(Grants({}).decide({"billing", crm, "refund"})); }

TEST_CASE("names are compared exactly and case counts") {
  const Grants grants({grant("refunds", "billing", crm, {"refund"})});
  CHECK_FALSE(grants.decide({"Billing", crm, "refund"}));
  CHECK_FALSE(grants.decide({"billing", crm, "Refund"}));
  CHECK_FALSE(grants.decide({"billing", "https://crm.example/mcp/", "refund"}));
  CHECK_FALSE(grants.decide({"*", crm, "refund"}));
  CHECK_FALSE(grants.decide({"billing", "*", "refund"}));
}

TEST_CASE("a refusal shows a hostile tool name escaped and cut") {
  // given: a tool name with a line break, a control sequence and great length
  const std::string tool = "x\n\x1b[2J" + std::string(10000, 'y');

  const auto decision = Grants({grant("g", "billing", crm, {"refund"})}).decide({"billing", crm, tool});

  // then: one short printable line
  REQUIRE_FALSE(decision);
  CHECK(has(decision.error().message, "x\\x0a\\x1b[2Jyyy"));
  CHECK(has(decision.error().message, "y... on"));
  CHECK(decision.error().message.size() < 400);
}

TEST_CASE("a hint stays short however much is granted") {
  std::vector<Grant> many;
  const std::vector<std::string> tools(50, "tool");
  for (int i = 0; i < 50; ++i) many.push_back(grant("g" + std::to_string(i), "billing", crm, tools));
  const auto decision = Grants(many).decide({"billing", crm, "other"});
  REQUIRE_FALSE(decision);
  CHECK(has(decision.error().message, "tool, ..."));
  CHECK(has(decision.error().message, "; ..."));
  CHECK(decision.error().message.size() < 500);
}

TEST_CASE("the first grant in file order that covers the call decides") {
  auto narrow = grant("narrow", "billing", crm, {"refund"});
  narrow.permit.max_redemptions = 3;
  narrow.permit.rate_per_min = 60;
  const Grants grants({grant("elsewhere", "billing", shop, {"*"}), narrow, grant("wide", "billing", crm, {"*"})});

  const auto refund = grants.decide({"billing", crm, "refund"});
  REQUIRE(refund);
  CHECK(refund->grant == "narrow");
  CHECK(refund->max_redemptions == 3);
  CHECK(refund->rate_per_min == 60);

  const auto other = grants.decide({"billing", crm, "anything"});
  REQUIRE(other);
  CHECK(other->grant == "wide");
}

TEST_CASE("without a server the first grant of the agent that covers the tool answers") {
  const Grants grants({grant("carts", "shopper", shop, {"refund"}), grant("buys", "billing", shop, {"buy"}),
                       grant("refunds", "billing", crm, {"refund"})});
  const auto decision = grants.decide({"billing", std::nullopt, "refund"});
  REQUIRE(decision);
  CHECK(decision->grant == "refunds");

  const auto refused = grants.decide({"billing", std::nullopt, "delete"});
  REQUIRE_FALSE(refused);
  CHECK(has(refused.error().message, "on any server; grant \"buys\" covers buy; grant \"refunds\" covers refund"));
}

TEST_CASE("a star for the server stands for every server") {
  const Grants grants({grant("dev", "dev", "*", {"*"})});
  CHECK(grants.decide({"dev", crm, "anything"}));
  CHECK(grants.decide({"dev", "mcp:stdio:files", "read"}));
  CHECK_FALSE(grants.decide({"other", crm, "anything"}));
}

TEST_CASE("a glob refuses what it does not cover wholly") {
  const std::vector<std::pair<std::string, std::string>> pairs = {{"", "a"},
                                                                  {"a", ""},
                                                                  {"?", ""},
                                                                  {"*?", ""},
                                                                  {"refund", "refunds"},
                                                                  {"refund", "arefund"},
                                                                  {"refund", "Refund"},
                                                                  {"lookup_*", "lookup"},
                                                                  {"*_x", "a_xy"},
                                                                  {"a*b*c", "acb"},
                                                                  {"a?c", "ac"},
                                                                  {"a?c", "abbc"},
                                                                  {"?", "ab"},
                                                                  {"??", "\xC3\xA9"},
                                                                  {"*??", "\xE2\x82\xAC"},
                                                                  {"[ab]", "a"},
                                                                  {"a\\*", "a*"},
                                                                  {"{a,b}", "a"},
                                                                  {"a.c", "abc"}};
  for (const auto& [pattern, text] : pairs) {
    CAPTURE(pattern, text);
    CHECK_FALSE(glob_matches(pattern, text));
  }
}

TEST_CASE("a glob matches runs with a star and one character with a question mark") {
  const std::vector<std::pair<std::string, std::string>> pairs = {{"", ""},
                                                                  {"*", ""},
                                                                  {"*", "anything"},
                                                                  {"**", "x"},
                                                                  {"refund", "refund"},
                                                                  {"lookup_*", "lookup_"},
                                                                  {"lookup_*", "lookup_customer"},
                                                                  {"*_x", "a_x_x"},
                                                                  {"a*b*c", "a_b_b_c_c"},
                                                                  {"a?c", "abc"},
                                                                  {"?", "\xC3\xA9"},
                                                                  {"?", "\xF0\x9F\x98\x80"},
                                                                  {"*?", "\xE2\x82\xAC"},
                                                                  {"*ab", "aab"},
                                                                  {"caf?", "caf\xC3\xA9"},
                                                                  {"[ab]", "[ab]"},
                                                                  {"a.b", "a.b"},
                                                                  {"*a?b*",
                                                                   "xxa\xC3\xA9"
                                                                   "byy"}};
  for (const auto& [pattern, text] : pairs) {
    CAPTURE(pattern, text);
    CHECK(glob_matches(pattern, text));
  }
}

TEST_CASE("a hostile pair of glob and name takes no exponential time") {
  // given: many stars over a long run without the last character
  std::string pattern;
  for (int i = 0; i < 60; ++i) pattern += "*a";
  pattern += "b";

  // then: an answer at all is the proof: backtracking over every star would not end
  CHECK_FALSE(glob_matches(pattern, std::string(4000, 'a')));
}
