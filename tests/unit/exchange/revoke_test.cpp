// Taking back: who may, what it ends, and what stays closed.
#include "support/exchange_fixture.hpp"

namespace {

namespace t = jeton::testing;
using jeton::EventKind;
using jeton::OpenRequest;
using jeton::RevokeRequest;
using jeton::Role;
using jeton::Verb;
using t::binding;
using t::code_of;
using t::Company;

const std::string billing_id = "spiffe://acme.example/agent/billing";

RevokeRequest by_jti(const jeton::Jti& jti) { return {.jti = jti}; }
RevokeRequest by_txn(const jeton::Txn& txn) { return {.txn = txn}; }
RevokeRequest by_run(const std::string& run_id) { return {.run_id = run_id}; }
RevokeRequest by_agent(const std::string& name) { return {.agent = name}; }

OpenRequest of_run(const std::string& run_id, const std::string& server = t::crm) {
  OpenRequest request{binding("refund")};
  request.server = server;
  request.run_id = run_id;
  return request;
}

/// A refund opened as part of a run.
jeton::Minted minted_in(Company& company, const std::string& run_id, uid_t uid = t::billing) {
  auto opened = company.open(uid, of_run(run_id));
  REQUIRE(opened);
  return std::move(*opened->minted);
}

}  // namespace

TEST_CASE("who has no part or another one revokes nothing") {
  Company company;
  const auto minted = company.minted_refund();
  for (const auto& request : {by_jti(minted.jti), by_txn(minted.txn), by_run("r"), by_agent("billing")}) {
    CHECK(code_of(company.revoke(t::stranger, request)) == "unknown_agent");
    CHECK(code_of(company.revoke(t::crm_account, request)) == "wrong_role");
    const auto& event = company.memory.events().back();
    CHECK(event.kind == EventKind::request_refused);
    CHECK(event.verb == Verb::revoke);
  }
  CHECK(company.redeem_refund(minted));
}

TEST_CASE("an agent cannot revoke what is another agents and that story stays clean") {
  Company company;
  const auto minted = company.minted_refund();
  CHECK(code_of(company.revoke(t::support, by_jti(minted.jti))) == "unknown_call");
  CHECK(code_of(company.revoke(t::support, by_txn(minted.txn))) == "unknown_call");
  CHECK(code_of(company.revoke(t::support, by_agent("billing"))) == "wrong_role");
  CHECK(code_of(company.revoke(t::support, by_agent("nobody"))) == "wrong_role");
  CHECK(company.memory.story(minted.txn).size() == 1);
  for (const auto& event : company.memory.events())
    if (event.kind == EventKind::request_refused) CHECK_FALSE((event.txn || event.jti));
  REQUIRE(company.redeem_refund(minted));
  CHECK(code_of(company.revoke(t::support, by_jti(minted.jti))) == "unknown_call");
}

TEST_CASE("a call or an agent that nobody knows cannot be revoked by an operator either") {
  Company company;
  CHECK(code_of(company.revoke(t::operator_uid, by_txn(jeton::Txn::random()))) == "unknown_call");
  CHECK(code_of(company.revoke(t::operator_uid, by_agent("nobody"))) == "unknown_agent");
  CHECK(company.memory.events().back().role == Role::operator_);
}

TEST_CASE("a revoked token is refused and its event says who and whose") {
  for (const uid_t uid : {t::billing, t::operator_uid}) {
    Company company;
    const auto minted = company.minted_refund();
    const auto revoked = company.revoke(uid, by_jti(minted.jti));
    REQUIRE(revoked);
    CHECK(revoked->revoked == 1);
    const auto& event = company.memory.events().back();
    CHECK(event.log_index == revoked->log_index);
    CHECK(event.kind == EventKind::token_revoked);
    CHECK(event.txn == minted.txn);
    CHECK(event.jti == minted.jti);
    CHECK(event.agent == billing_id);
    CHECK(event.uid == uid);
    CHECK(event.role == (uid == t::operator_uid ? Role::operator_ : Role::agent));
    CHECK(code_of(company.redeem_refund(minted)) == "revoked");
  }
}

TEST_CASE("a call whose token was revoked alone may try again and is told so") {
  Company company;
  const auto first = company.minted_refund();
  REQUIRE(company.revoke(t::billing, by_jti(first.jti)));
  const auto second = company.mint(t::billing, first.txn, t::crm, binding("refund"));
  REQUIRE(second);
  CHECK(second->previous == jeton::Previous::revoked);
  CHECK(company.count(EventKind::token_superseded) == 0);
  CHECK(company.redeem_refund(*second));
}

TEST_CASE("what is not live is revoked without an event and the answer names the event that ended it") {
  Company company;
  const auto again = [&](const jeton::Jti& jti) {
    const auto size = company.memory.size();
    const auto revoked = company.revoke(t::billing, by_jti(jti));
    REQUIRE(revoked);
    CHECK(revoked->revoked == 0);
    CHECK(company.memory.size() == size);
    return revoked->log_index;
  };
  const auto spent = company.minted_refund();
  const auto redeemed = company.redeem_refund(spent);
  CHECK(again(spent.jti) == redeemed->log_index);

  const auto old = company.minted_refund();
  REQUIRE(company.mint(t::billing, old.txn, t::crm, binding("refund")));
  CHECK(again(old.jti) == company.memory.size() - 2);

  const auto twice = company.minted_refund();
  const auto ended = company.revoke(t::billing, by_jti(twice.jti));
  CHECK(ended->revoked == 1);
  CHECK(again(twice.jti) == ended->log_index);

  const auto expired = company.minted_refund();
  company.clock.pass_s(31);
  CHECK(again(expired.jti) == expired.log_index);
  company.process->exchange.settle({});  // forgets it
  CHECK(again(expired.jti) == std::nullopt);
  CHECK(again(spent.jti) == redeemed->log_index);
  CHECK(again(jeton::Jti::random()) == std::nullopt);
}

TEST_CASE("a revoked call is closed for good across restarts") {
  Company company;
  auto request = of_run("r");
  request.open_id = "same";
  const auto opened = company.open(t::billing, request);
  const auto revoked = company.revoke(t::billing, by_txn(opened->txn));
  REQUIRE(revoked);
  CHECK(revoked->revoked == 1);
  const auto& closing = company.memory.events().back();
  CHECK(closing.log_index == revoked->log_index);
  CHECK(closing.kind == EventKind::token_revoked);
  CHECK(closing.txn == opened->txn);
  CHECK_FALSE(closing.jti);
  CHECK(closing.agent == billing_id);
  CHECK(company.count(EventKind::token_revoked) == 2);
  CHECK(code_of(company.redeem_refund(*opened->minted)) == "revoked");
  for (int process = 0; process < 2; ++process) {
    CHECK(code_of(company.mint(t::billing, opened->txn, t::crm, binding("refund"))) == "revoked");
    CHECK(code_of(company.open(t::billing, request)) == "revoked");
    const auto again = company.revoke(t::operator_uid, by_txn(opened->txn));
    CHECK(again->revoked == 0);
    CHECK(again->log_index == revoked->log_index);
    company.restart();
  }
  CHECK(company.count(EventKind::token_revoked) == 2);
  CHECK(company.finish(t::billing, {opened->txn, jeton::Outcome::cancelled}));
}

TEST_CASE("a call that was opened without a server can be closed before its first token") {
  Company company;
  const auto opened = company.open(t::billing, OpenRequest{binding("refund")});
  CHECK(company.revoke(t::billing, by_txn(opened->txn))->revoked == 0);
  CHECK(code_of(company.mint(t::billing, opened->txn, t::crm, binding("refund"))) == "revoked");
}

TEST_CASE("an agent that revokes a run ends its own calls of it and nobody elses") {
  Company company;
  const auto one = minted_in(company, "r"), two = minted_in(company, "r"), other = minted_in(company, "s");
  const auto theirs = minted_in(company, "r", t::support);
  const auto open = company.open(t::billing, [] {
    OpenRequest request{binding("refund")};
    request.run_id = "r";
    return request;
  }());
  const auto revoked = company.revoke(t::billing, by_run("r"));
  REQUIRE(revoked);
  CHECK(revoked->revoked == 2);
  const auto& closing = company.memory.events().back();
  CHECK(closing.run_id == "r");
  CHECK(closing.agent == billing_id);
  CHECK_FALSE((closing.txn || closing.jti));
  for (const auto* token : {&one, &two}) CHECK(code_of(company.redeem_refund(*token)) == "revoked");
  CHECK(company.redeem_refund(other));
  CHECK(company.redeem_refund(theirs));
  for (int process = 0; process < 2; ++process) {
    CHECK(code_of(company.open(t::billing, of_run("r"))) == "revoked");
    CHECK(code_of(company.mint(t::billing, one.txn, t::crm, binding("refund"))) == "revoked");
    CHECK(code_of(company.mint(t::billing, open->txn, t::crm, binding("refund"))) == "revoked");
    CHECK(company.open(t::support, of_run("r")));
    CHECK(company.open(t::billing, of_run("s")));
    CHECK(company.revoke(t::billing, by_run("r"))->log_index == revoked->log_index);
    company.restart();
  }
}

TEST_CASE("an operator revokes a run of every agent") {
  Company company;
  const auto ours = minted_in(company, "r"), theirs = minted_in(company, "r", t::support);
  REQUIRE(company.revoke(t::billing, by_run("r")));
  const auto revoked = company.revoke(t::operator_uid, by_run("r"));
  CHECK(revoked->revoked == 1);
  CHECK_FALSE(company.memory.events().back().agent);
  CHECK(code_of(company.redeem_refund(theirs)) == "revoked");
  CHECK(code_of(company.open(t::support, of_run("r"))) == "revoked");
  company.restart();
  CHECK(code_of(company.open(t::both, of_run("r"))) == "revoked");
  // What is closed for everybody is closed for each: no event, and the operator's is named.
  CHECK(company.revoke(t::support, by_run("r"))->log_index == revoked->log_index);
}

TEST_CASE("an agent may close only so many runs and an operator closes the next") {
  Company company;
  for (std::size_t i = 0; i < jeton::Controls::runs_per_agent_max; ++i)
    REQUIRE(company.revoke(t::billing, by_run("r" + std::to_string(i))));
  company.restart();
  const auto minted = minted_in(company, "next");
  CHECK(code_of(company.revoke(t::billing, by_run("next"))) == "rate_limited");
  CHECK(company.revoke(t::billing, by_run("r0"))->revoked == 0);
  CHECK(company.revoke(t::support, by_run("next")));
  CHECK(company.revoke(t::operator_uid, by_run("next"))->revoked == 1);
}

TEST_CASE("revoking an agent ends its live tokens and closes nothing") {
  for (const uid_t uid : {t::billing, t::operator_uid}) {
    Company company;
    const auto spent = company.minted_refund(), one = company.minted_refund(), two = company.minted_refund();
    const auto theirs = minted_in(company, "r", t::support);
    REQUIRE(company.redeem_refund(spent));
    const auto revoked = company.revoke(uid, by_agent("billing"));
    CHECK(revoked->revoked == 2);
    CHECK(revoked->log_index == company.memory.size() - 1);
    for (const auto* token : {&one, &two}) CHECK(code_of(company.redeem_refund(*token)) == "revoked");
    CHECK(company.redeem_refund(theirs));
    CHECK(company.redeem_refund(company.minted_refund()));
    CHECK(company.mint(t::billing, one.txn, t::crm, binding("refund")));
    CHECK(company.revoke(uid, by_agent("support")).has_value() == (uid == t::operator_uid));
  }
}

TEST_CASE("opens without a server are counted by the limit of the grant that covers them") {
  Company company;  // reads: three a minute
  const OpenRequest open{binding("read")};
  for (int i = 0; i < 3; ++i) CHECK(company.open(t::billing, open));
  CHECK(code_of(company.open(t::billing, open)) == "rate_limited");
  CHECK(company.memory.events().back().verb == Verb::open);
  for (int i = 0; i < 3; ++i) CHECK(company.open(t::billing, t::files, binding("read")));
  company.clock.pass_s(60);
  auto repeated = open;
  repeated.open_id = "same";
  for (int i = 0; i < 9; ++i) CHECK(company.open(t::billing, repeated));
}
