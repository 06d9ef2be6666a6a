// Does what is done to an agent, a call or a run reach those that act for it?
#include "support/exchange_fixture.hpp"

namespace jeton::testing {
namespace {

/// billing's refunds at crm, two a minute; whoever redeemed one there may go on as support.
struct Passing {
  explicit Passing(std::int64_t billings_rate = 2)
      : grants{{{"billing", crm, {"refund"}, {"refunds", 30, 8, 1, billings_rate}},
                {"support", crm, {"refund"}, {"helping", 30, 8, 1, std::nullopt}}}} {
    auto entries = company_roles().entries();
    entries.servers[0].delegates_to = {"support"};
    roles.emplace(entries);
    company.process.emplace(company.memory, grants, *roles, company.secret, company.clock);
  }
  Result<Opened> open(uid_t uid, const Delegation& delegation, std::optional<std::string> run = std::nullopt) {
    OpenRequest request{binding("refund")};
    request.server = crm;
    request.delegation = delegation;
    request.run_id = std::move(run);
    return company.open(uid, request);
  }
  Opened parent(std::optional<std::string> run = std::nullopt) {
    auto opened = open(billing, {}, std::move(run));
    REQUIRE(opened);
    REQUIRE(company.redeem_refund(*opened->minted));
    return std::move(*opened);
  }
  static Delegation by(const Opened& parent) { return {.parent_token = parent.minted->token.expose_for_transport()}; }
  Opened child(const Opened& parent) {
    auto opened = open(support, by(parent));
    REQUIRE(opened);
    return std::move(*opened);
  }
  bool may_ask_engine(uid_t uid, const CallBinding& call) {
    OpenRequest request{call};
    request.server = crm;
    return company.process->exchange.question(caller_of(uid), request, false).has_value();
  }

  Company company;
  const Grants grants;
  std::optional<Roles> roles;
};

}  // namespace

TEST_CASE("disabling an agent ends the live tokens of those that act for it") {
  Passing given;
  const auto child = given.child(given.parent());

  REQUIRE(given.company.disable(operator_uid, "billing"));

  CHECK(code_of(given.company.redeem_refund(*child.minted)) == "revoked");
}

TEST_CASE("revoking an agent or its call or its run ends the live tokens of those that act for it") {
  Passing given;
  const auto parent = given.parent("night");
  const auto child = given.child(parent);
  const RevokeRequest what = GENERATE_COPY(RevokeRequest{.txn = parent.txn}, RevokeRequest{.run_id = "night"},
                                           RevokeRequest{.agent = "billing"});

  const auto revoked = given.company.revoke(operator_uid, what);

  REQUIRE(revoked);
  CHECK(revoked->revoked == 1);
  CHECK(code_of(given.company.redeem_refund(*child.minted)) == "revoked");
}

TEST_CASE("an agent that revokes its own call ends what acts for it and nothing of the other agent's own") {
  Passing given;
  const auto parent = given.parent();
  const auto child = given.child(parent);
  const auto its_own = given.open(support, {});
  REQUIRE(its_own);

  const auto revoked = given.company.revoke(billing, {.txn = parent.txn});

  REQUIRE(revoked);
  CHECK(revoked->revoked == 1);
  CHECK(code_of(given.company.redeem_refund(*child.minted)) == "revoked");
  CHECK(given.company.redeem_refund(*its_own->minted));
}

TEST_CASE("calls that are made for an agent count in its own minute") {
  Passing given;
  const auto parent = given.parent();
  REQUIRE(given.open(support, Passing::by(parent)));

  const auto third = given.open(support, Passing::by(parent));

  REQUIRE_FALSE(third);
  CHECK(third.error().code == Code::rate_limited);
  CHECK(third.error().message.find("agent billing, for which this call is made: grant \"refunds\"") == 0);
  CHECK(code_of(given.open(billing, {})) == "rate_limited");
  CHECK(given.open(support, {}));
}

TEST_CASE("what the rate refuses reaches no engine") {
  Passing given;
  REQUIRE(given.may_ask_engine(billing, binding("refund")));
  REQUIRE(given.open(billing, {}));
  REQUIRE(given.open(billing, {}));

  CHECK_FALSE(given.may_ask_engine(billing, binding("refund")));
}

TEST_CASE("a later attempt with a forged subject token is refused") {
  Passing given(8);
  const auto parent = given.parent();
  const auto child = given.child(parent);
  const auto again_with = [&](const std::string& token) {
    return given.company.durably([&] {
      return given.company.process->exchange.mint(caller_of(support),
                                                  {child.txn, crm, binding("refund"), {.parent_token = token}});
    });
  };
  auto forged = parent.minted->token.expose_for_transport();
  auto& changed = forged[forged.size() - 10];
  changed = changed == 'A' ? 'B' : 'A';

  CHECK(code_of(again_with(forged)) == "call_mismatch");
  CHECK(again_with(parent.minted->token.expose_for_transport()));
}

}  // namespace jeton::testing
