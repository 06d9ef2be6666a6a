// Rules about arguments on their way through a call: at the open, at each mint, with a digest alone.
#include "support/exchange_fixture.hpp"

namespace {

namespace t = jeton::testing;
using jeton::Json;
using jeton::OpenRequest;
using t::code_of;
using t::Company;

/// Refunds of at most 100, and anything on the second server.
jeton::Grants grants_with_rules() {
  const jeton::ArgumentConditions small{.pointer = "/amount", .max = 100.0};
  return jeton::Grants({{"billing",
                         t::crm,
                         {"refund"},
                         {"refunds", 30, 8, 2, std::nullopt},
                         {jeton::ArgumentRule::compile(small).value()}},
                        {"billing", t::mail, {"send"}, {"mails", 30, 8, 2, std::nullopt}}});
}

struct Ruled : Company {
  jeton::Grants rules = grants_with_rules();
  Ruled() { process.emplace(memory, rules, roles, secret, clock); }
};

/// A binding that came with its arguments.
jeton::CallBinding sent(const std::string& arguments, const std::string& tool = "refund") {
  auto binding = t::binding(tool, arguments);
  binding.arguments.emplace(Json::parse(arguments));
  return binding;
}

const std::string value_in_no_log = "987654321";

}  // namespace

TEST_CASE("arguments that break a rule open nothing and their value is nowhere") {
  Ruled company;
  const auto arguments = R"({"amount":)" + value_in_no_log + "}";
  const auto refused = company.open(t::billing, t::crm, sent(arguments));
  CHECK(code_of(refused) == "no_grant");
  CHECK(refused.error().message.find(value_in_no_log) == std::string::npos);
  CHECK(code_of(company.open(t::billing, OpenRequest{sent(arguments)})) == "no_grant");
  for (const auto& event : company.memory.events())
    CHECK(jeton::leaf_bytes(event).find(value_in_no_log) == std::string::npos);
}

TEST_CASE("a digest alone opens and mints nothing where the grant has rules and all else where it has none") {
  Ruled company;
  const auto by_digest = company.open(t::billing, t::crm, t::binding("refund"));
  CHECK(code_of(by_digest) == "no_grant");
  CHECK(by_digest.error().message.find("send the arguments") != std::string::npos);
  CHECK(code_of(company.open(t::billing, OpenRequest{t::binding("refund")})) == "no_grant");

  const auto opened = company.open(t::billing, t::crm, sent(R"({"amount":1})"));
  REQUIRE(opened);
  CHECK(code_of(company.mint(t::billing, opened->txn, t::crm, t::binding("refund"))) == "no_grant");
  CHECK(company.open(t::billing, t::mail, t::binding("send")));
}

TEST_CASE("a provisional open needs a grant for the tool and the arguments and each mint is decided anew") {
  Ruled company;
  const auto opened = company.open(t::billing, OpenRequest{sent(R"({"amount":100})")});
  REQUIRE(opened);
  CHECK(opened->provisional);
  CHECK(opened->grant == "refunds");
  CHECK(code_of(company.mint(t::billing, opened->txn, t::crm, sent(R"({"amount":101})"))) == "no_grant");
  CHECK(company.mint(t::billing, opened->txn, t::crm, sent(R"({"amount":100})")));
}

TEST_CASE("the next attempt is refused when the grants have changed and permitted when they change back") {
  Ruled company;
  const auto opened = company.open(t::billing, t::crm, sent(R"({"amount":1})"));
  REQUIRE(opened);

  company.rules = jeton::Grants({});
  CHECK(code_of(company.mint(t::billing, opened->txn, t::crm, sent(R"({"amount":1})"))) == "no_grant");
  // What is out stays good: a token of a grant that is gone lives until it expires.
  CHECK(company.redeem(t::crm_account, opened->minted->token, t::crm, t::binding("refund"), "id"));

  company.rules = grants_with_rules();
  const auto again = company.mint(t::billing, opened->txn, t::crm, sent(R"({"amount":1.0})"));
  REQUIRE(again);
  CHECK(again->attempt == 2);
}
