// How rules about arguments choose between grants, and how a decision is explained.
#include "policy/grants.hpp"
#include "support/catch.hpp"

namespace {

using jeton::ArgumentConditions;
using jeton::ArgumentRule;
using jeton::Code;
using jeton::Grant;
using jeton::Grants;
using jeton::Json;
using jeton::Question;

constexpr const char* crm = "https://crm.example/mcp";
constexpr const char* shop = "https://shop.example/mcp";

Grant grant(std::string name, std::vector<ArgumentConditions> rules, std::vector<std::string> tools = {"refund"}) {
  Grant out{"billing", crm, std::move(tools), {.grant = std::move(name)}};
  for (const auto& rule : rules) out.arguments.push_back(ArgumentRule::compile(rule).value());
  return out;
}

const ArgumentConditions small{.pointer = "/amount", .max = 100.0};
const ArgumentConditions reports{.pointer = "/path", .path_under = "/srv/reports"};

/// The grant that decides, or the refusal's message.
std::string decided(const Grants& grants, const Json& arguments, std::optional<std::string> server = crm) {
  const auto permit = grants.decide({"billing", std::move(server), "refund", &arguments});
  return permit ? permit->grant : permit.error().message;
}

}  // namespace

TEST_CASE("a call whose arguments fail the only grant is refused and told rule and limit and not the value") {
  const Grants grants({grant("refunds", {{.pointer = "/order", .prefix = "SECRET-"}, small})});
  const Json arguments{{"order", "SECRET-1"}, {"amount", 123456}};
  const auto decision = grants.decide({"billing", crm, "refund", &arguments});
  REQUIRE_FALSE(decision);
  CHECK(decision.error().code == Code::no_grant);
  CHECK(decision.error().message ==
        "agent billing may not call refund on https://crm.example/mcp with these arguments; "
        "grant \"refunds\": rule 2 at /amount: max 100 does not hold");

  // Of the other conditions the name alone is told: their limits may be what nobody should learn.
  CHECK(decided(grants, {{"order", "hunter2"}, {"amount", 1}}) ==
        "agent billing may not call refund on https://crm.example/mcp with these arguments; "
        "grant \"refunds\": rule 1 at /order: prefix does not hold");
}

TEST_CASE("a digest alone never matches a grant with rules and is told to send the arguments") {
  const Grants grants({grant("refunds", {small})});
  const auto decision = grants.decide({"billing", crm, "refund"});
  REQUIRE_FALSE(decision);
  CHECK(decision.error().code == Code::no_grant);
  CHECK(decision.error().message ==
        "agent billing may not call refund on https://crm.example/mcp with only a digest; "
        "grant \"refunds\" has argument rules: send the arguments, not their digest");
}

TEST_CASE("grants that only a rule keeps from matching are named before those of other tools") {
  const Grants grants({grant("one", {}, {"x"}), grant("two", {}, {"y"}), grant("three", {}, {"z"}),
                       grant("four", {reports}), grant("five", {small})});
  CHECK(decided(grants, {{"amount", 101}}) ==
        "agent billing may not call refund on https://crm.example/mcp with these arguments; "
        "grant \"four\": rule 1 at /path: there is no such argument; "
        "grant \"five\": rule 1 at /amount: max 100 does not hold");
}

TEST_CASE("a grant whose rules fail is passed over and the next one decides") {
  const Grants grants({grant("small", {small}), grant("reports", {reports}), grant("any", {})});
  CHECK(decided(grants, {{"amount", 100}}) == "small");
  CHECK(decided(grants, {{"amount", 101}, {"path", "/srv/reports/a"}}) == "reports");
  CHECK(decided(grants, {{"amount", 101}, {"path", "/srv/reports/../a"}}) == "any");
  CHECK(decided(grants, Json::object()) == "any");

  // A digest passes over both as well.
  const auto by_digest = grants.decide({"billing", crm, "refund"});
  REQUIRE(by_digest);
  CHECK(by_digest->grant == "any");
}

TEST_CASE("without a server some grant must cover the tool and the arguments") {
  auto elsewhere = grant("elsewhere", {{.pointer = "/amount", .min = 1000.0}});
  elsewhere.server = shop;
  const Grants grants({grant("small", {small}), elsewhere});
  CHECK(decided(grants, {{"amount", 5}}, std::nullopt) == "small");
  CHECK(decided(grants, {{"amount", 1000}}, std::nullopt) == "elsewhere");
  CHECK(
      decided(grants, {{"amount", 500}}, std::nullopt).starts_with("agent billing may not call refund on any server"));
}

TEST_CASE("a hostile pointer in a rule does not break the line of a refusal") {
  const Grants grants({grant("g", {{.pointer = "/a\n\x1b[2J", .max = 1.0}})});
  CHECK(decided(grants, Json::object()).find("rule 1 at /a\\x0a\\x1b[2J: there is no") != std::string::npos);
}

TEST_CASE("an explanation names each grant in file order with the first reason against it") {
  auto of_support = grant("helping", {});
  of_support.agent = "support";
  auto of_shop = grant("carts", {});
  of_shop.server = shop;
  const Grants grants({of_support, of_shop, grant("lookups", {}, {"lookup_*"}), grant("small", {small}),
                       grant("any", {}), grant("late", {})});
  const Json arguments{{"amount", 101}};

  const auto explained = grants.explain({"billing", crm, "refund", &arguments});

  std::vector<std::string> lines;
  for (const auto& [name, reason] : explained.lines) lines.push_back(name + ": " + reason);
  CHECK(lines == std::vector<std::string>{"helping: is for agent support", "carts: is for server " + std::string(shop),
                                          "lookups: covers lookup_*", "small: rule 1 at /amount: max 100 does not hold",
                                          "any: ", "late: "});
  REQUIRE(explained.decision);
  CHECK(explained.decision->grant == "any");
}

TEST_CASE("an explanation decides as the decision does") {
  const Grants grants({grant("small", {small}), grant("reports", {reports})});
  for (const Json& arguments : {Json{{"amount", 1}}, Json{{"amount", 101}}, Json{{"path", "/srv/reports"}}}) {
    const Question question{"billing", crm, "refund", &arguments};
    const auto explained = grants.explain(question);
    const auto decision = grants.decide(question);
    REQUIRE(explained.decision.has_value() == decision.has_value());
    if (decision) CHECK(explained.decision->grant == decision->grant);
    if (!decision) CHECK(explained.decision.error().message == decision.error().message);
  }
  CHECK(Grants({}).explain({"billing", crm, "refund"}).lines.empty());
}
