// Acting for somebody: authority passes only where it was proved, and only ever shrinks.
#include "support/exchange_fixture.hpp"

namespace {

using namespace jeton;
using namespace jeton::testing;

const std::string billing_id = "spiffe://acme.example/agent/billing";
const std::string support_id = "spiffe://acme.example/agent/support";
const std::string user_issuer = "https://idp.example";

/// The company, with an agent behind the crm: what is redeemed there, support may call on with.
struct Delegating : Company {
  Delegating() : Company() {
    auto entries = company_roles().entries();
    entries.servers[0].delegates_to = {"support"};
    delegating.emplace(entries);
    process.emplace(memory, all_grants, *delegating, secret, clock);
  }
  Subject alice(std::int64_t left_s = 3600) { return {"alice", user_issuer, clock.wall_us() / us_per_s + left_s}; }

  Result<Opened> open_for(uid_t uid, const Delegation& delegation, const std::string& tool = "refund",
                          std::optional<Txn> parent = std::nullopt, const std::string& server = crm) {
    OpenRequest request{binding(tool)};
    request.server = server;
    request.open_id = "open-" + std::to_string(++opened);
    request.delegation = delegation;
    request.parent_txn = parent;
    last = request;
    return open(uid, request);
  }
  static TokenClaims claims_of(const Token& token) {
    return UnverifiedToken::parse(token.expose_for_transport())->claims_before_verification();
  }
  /// A refund of billing's that was redeemed at the crm.
  Minted redeemed_parent(const Delegation& delegation = {}) {
    auto parent = open_for(billing, delegation);
    REQUIRE(parent);
    REQUIRE(redeem_refund(*parent->minted));
    return std::move(*parent->minted);
  }
  static Delegation by(const Minted& parent) { return {.parent_token = parent.token.expose_for_transport()}; }

  const Grants all_grants{{{"billing", crm, {"refund", "lookup_*"}, {"refunds", 30, 3, 1, std::nullopt}},
                           {"support", crm, {"refund", "close"}, {"helping", 60, 8, 2, std::nullopt}},
                           {"both", crm, {"refund"}, {"third", 30, 8, 1, std::nullopt}}}};
  std::optional<Roles> delegating;
  OpenRequest last{binding("refund")};
  int opened = 0;
};

}  // namespace

TEST_CASE("rfc8693_4_1_a_users_token_makes_the_user_the_subject_and_the_agent_the_actor") {
  Delegating company;
  const auto opened = company.open_for(billing, {.user = company.alice()});
  REQUIRE(opened);
  const auto claims = company.claims_of(opened->minted->token);
  CHECK(claims.sub == "alice");
  CHECK(claims.client_id == billing_id);
  CHECK(*claims.act == Json{{"sub", billing_id}});
  const auto& event = company.memory.events().back();
  CHECK(event.subject == "alice");
  CHECK(event.subject_issuer == user_issuer);
  CHECK(event.agent == billing_id);
}

TEST_CASE("a token for a user ends no later than the user's own") {
  Delegating company;
  const auto opened = company.open_for(billing, {.user = company.alice(7)});
  REQUIRE(opened);
  CHECK(opened->minted->expires_in == 7);
  company.clock.pass_s(7);
  CHECK(code_of(company.redeem_refund(*opened->minted)) == "expired");
}

TEST_CASE("a call for a user is over with the user's token, at its next attempt too") {
  Delegating company;
  const auto opened = company.open_for(billing, {.user = company.alice(7)});
  REQUIRE(opened);
  company.clock.pass_s(8);
  CHECK(code_of(company.mint(billing, opened->txn, crm, binding("refund"))) == "expired");
  CHECK(code_of(company.open_for(billing, {.user = company.alice(0)})) == "expired");
}

TEST_CASE("the next attempt of a call for a user is for the same user, after a restart too") {
  Delegating company;
  const auto opened = company.open_for(billing, {.user = company.alice()});
  REQUIRE(opened);
  company.process.emplace(company.memory, company.all_grants, *company.delegating, company.secret, company.clock);
  const auto next = company.mint(billing, opened->txn, crm, binding("refund"));
  REQUIRE(next);
  const auto claims = company.claims_of(next->token);
  CHECK(claims.sub == "alice");
  CHECK(*claims.act == Json{{"sub", billing_id}});
}

TEST_CASE("a repeated open for another user is call_mismatch") {
  Delegating company;
  REQUIRE(company.open_for(billing, {.user = company.alice()}));
  auto again = company.last;
  again.delegation.user->sub = "mallory";
  CHECK(code_of(company.open(billing, again)) == "call_mismatch");
  again.delegation.user = Subject{"alice", "https://other.example", company.alice().exp};
  CHECK(code_of(company.open(billing, again)) == "call_mismatch");
  again.delegation.user = company.alice();
  CHECK(company.open(billing, again));
}

TEST_CASE("a subject with bytes that could be read otherwise elsewhere is no subject") {
  Delegating company;
  for (const std::string& sub : {std::string("a b"), std::string("a%41"), std::string(), std::string(129, 'a'),
                                 std::string("\xC3\xBC"), std::string("a\0b", 3)}) {
    auto user = company.alice();
    user.sub = sub;
    CHECK(code_of(company.open_for(billing, {.user = user})) == "bad_token");
  }
}

TEST_CASE("a redeemed token lets the agent behind its server call on for whom it was minted") {
  Delegating company;
  const auto parent = company.redeemed_parent({.user = company.alice()});
  const auto child = company.open_for(support, company.by(parent));
  REQUIRE(child);
  const auto claims = company.claims_of(child->minted->token);
  CHECK(claims.sub == "alice");
  CHECK(claims.client_id == support_id);
  CHECK(*claims.act == Json{{"sub", support_id}, {"act", {{"sub", billing_id}}}});
  const auto& event = company.memory.events().back();
  CHECK(event.parent_txn == parent.txn);
  CHECK(event.subject == "alice");
  CHECK_FALSE(event.subject_issuer);
}

TEST_CASE("where the parent acted for itself the parent is the subject") {
  Delegating company;
  const auto parent = company.redeemed_parent();
  const auto child = company.open_for(support, company.by(parent));
  REQUIRE(child);
  const auto claims = company.claims_of(child->minted->token);
  CHECK(claims.sub == billing_id);
  CHECK(*claims.act == Json{{"sub", support_id}});
}

TEST_CASE("a token that was not redeemed passes nothing on") {
  Delegating company;
  const auto parent = company.open_for(billing, {});
  REQUIRE(parent);
  CHECK(code_of(company.open_for(support, company.by(*parent->minted))) == "unknown_call");
}

TEST_CASE("a redeemed token passes nothing on to an agent its server does not name") {
  Delegating company;
  const auto parent = company.redeemed_parent();
  CHECK(code_of(company.open_for(both, company.by(parent))) == "wrong_role");
}

TEST_CASE("a forged parent passes nothing on") {
  Delegating company;
  const auto parent = company.redeemed_parent();
  auto text = parent.token.expose_for_transport();
  text[text.size() - 10] = text[text.size() - 10] == 'A' ? 'B' : 'A';
  const auto code = code_of(company.open_for(support, {.parent_token = text}));
  CHECK((code == "bad_signature" || code == "bad_token"));
  CHECK(code_of(company.open_for(support, {.parent_token = "no token"})) == "bad_token");
}

TEST_CASE("a child needs the grants of both agents") {
  Delegating company;
  const auto parent = company.redeemed_parent();
  // support may close, billing may not; billing may look up, support may not.
  CHECK(code_of(company.open_for(support, company.by(parent), "close")) == "no_grant");
  CHECK(code_of(company.open_for(support, company.by(parent), "lookup_x")) == "no_grant");
  CHECK(company.open_for(support, company.by(parent), "refund"));
  CHECK(company.open_for(support, {}, "close"));
}

TEST_CASE("a child's limits are the narrower of both") {
  Delegating company;
  const auto parent = company.redeemed_parent();
  const auto child = company.open_for(support, company.by(parent));
  REQUIRE(child);
  CHECK(child->minted->expires_in <= 30);  // helping alone would give 60
  REQUIRE(company.redeem_refund(*child->minted, "once"));
  // helping alone would allow a second redemption
  CHECK(code_of(company.mint(support, child->txn, crm, binding("refund"))) == "too_many_attempts");
}

TEST_CASE("a child ends no later than its parent") {
  Delegating company;
  const auto parent = company.redeemed_parent();
  company.clock.pass_s(20);
  const auto child = company.open_for(support, company.by(parent));
  REQUIRE(child);
  CHECK(child->minted->expires_in == 10);
  company.clock.pass_s(10);
  CHECK(code_of(company.open_for(support, company.by(parent))) == "expired");
  CHECK(code_of(company.mint(support, child->txn, crm, binding("refund"))) == "expired");
}

TEST_CASE("a revoked or disabled parent passes nothing on, nor does a child that is minted again") {
  Delegating company;
  const auto parent = company.redeemed_parent();
  const auto child = company.open_for(support, company.by(parent));
  REQUIRE(child);
  REQUIRE(company.disable(operator_uid, "billing"));
  CHECK(code_of(company.open_for(support, company.by(parent))) == "agent_disabled");
  CHECK(code_of(company.mint(support, child->txn, crm, binding("refund"))) == "agent_disabled");
  REQUIRE(company.enable(operator_uid, "billing"));
  REQUIRE(company.revoke(operator_uid, {.txn = parent.txn}));
  CHECK(code_of(company.open_for(support, company.by(parent))) == "revoked");
  CHECK(code_of(company.mint(support, child->txn, crm, binding("refund"))) == "revoked");
}

TEST_CASE("parent_txn alone passes nothing on to another agent") {
  Delegating company;
  const auto parent = company.redeemed_parent({.user = company.alice()});
  const auto child = company.open_for(support, {}, "refund", parent.txn);
  REQUIRE(child);
  const auto claims = company.claims_of(child->minted->token);
  CHECK(claims.sub == support_id);
  CHECK_FALSE(claims.act);
}

TEST_CASE("inside its own call for a user an agent acts for that user") {
  Delegating company;
  const auto parent = company.redeemed_parent({.user = company.alice()});
  const auto child = company.open_for(billing, {}, "lookup_x", parent.txn);
  REQUIRE(child);
  const auto claims = company.claims_of(child->minted->token);
  CHECK(claims.sub == "alice");
  CHECK(*claims.act == Json{{"sub", billing_id}});
  company.clock.pass_s(31);
  CHECK(code_of(company.open_for(billing, {}, "lookup_x", parent.txn)) == "expired");
}

TEST_CASE("a subject token and a parent_txn that name two calls are call_mismatch") {
  Delegating company;
  const auto one = company.redeemed_parent();
  const auto two = company.redeemed_parent();
  CHECK(code_of(company.open_for(support, company.by(one), "refund", two.txn)) == "call_mismatch");
  CHECK(company.open_for(support, company.by(one), "refund", one.txn));
}

TEST_CASE("an attempt that brings another subject than the call's is call_mismatch") {
  Delegating company;
  const auto parent = company.redeemed_parent();
  const auto child = company.open_for(support, company.by(parent));
  REQUIRE(child);
  const auto mint = [&](uid_t uid, const Txn& txn, const Delegation& delegation) {
    return company.durably([&] {
      return company.process->exchange.mint(caller_of(uid), {txn, crm, binding("refund"), delegation});
    });
  };
  CHECK(code_of(mint(support, child->txn, {.user = company.alice()})) == "call_mismatch");
  CHECK(mint(support, child->txn, company.by(parent)));
  CHECK(code_of(mint(support, child->txn, company.by(company.redeemed_parent()))) == "call_mismatch");
}
