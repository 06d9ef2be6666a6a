// How a call went: who may say so, whose word counts, and what contradicting words leave behind.
#include "support/exchange_fixture.hpp"

namespace {

namespace t = jeton::testing;
using jeton::EventKind;
using jeton::FinishRequest;
using jeton::Minted;
using jeton::Outcome;
using jeton::Receipt;
using jeton::Role;
using t::binding;
using t::code_of;
using t::Company;

/// A refund that was minted and redeemed.
struct Redeemed {
  Company company;
  Minted minted = company.minted_refund();
  jeton::Redeemed answer = company.redeem_refund(minted).value();

  [[nodiscard]] Receipt receipt() const { return {minted.jti, answer.redeemed_at, answer.log_index}; }
  const jeton::Event& last() { return company.memory.events().back(); }
};

}  // namespace

TEST_CASE("only the opener and the redeemer may report and nobody learns more than that") {
  Redeemed call;
  auto& company = call.company;
  const auto report = [&](uid_t uid, std::optional<jeton::Jti> jti) {
    return code_of(company.finish(uid, {call.minted.txn, Outcome::ok, jti}));
  };
  CHECK(report(t::stranger, call.minted.jti) == "unknown_agent");
  CHECK(report(t::support, call.minted.jti) == "unknown_call");
  CHECK(report(t::mail_account, call.minted.jti) == "wrong_role");
  CHECK(report(t::operator_uid, call.minted.jti) == "wrong_role");
  CHECK(report(t::crm_account, std::nullopt) == "wrong_role");
  CHECK(report(t::crm_account, jeton::Jti::random()) == "wrong_role");
  CHECK(code_of(company.finish(t::billing, {jeton::Txn::random(), Outcome::ok})) == "unknown_call");
  CHECK(company.count(EventKind::call_outcome) == 0);
  for (const auto& event : company.memory.events()) CHECK((event.kind != EventKind::request_refused || !event.txn));
}

TEST_CASE("a server that did not redeem the token may not report on it") {
  Company company;
  const auto minted = company.minted_refund();
  CHECK(code_of(company.finish(t::crm_account, {minted.txn, Outcome::ok, minted.jti})) == "wrong_role");
}

TEST_CASE("only who may act for an offline server reports what it redeemed and only with its jti") {
  Company company;
  const auto minted = company.open(t::billing, t::vault, binding("open"))->minted;
  REQUIRE(minted);
  const auto report = [&](uid_t uid, std::optional<jeton::Jti> jti) {
    return code_of(company.finish(uid, {minted->txn, Outcome::ok, jti}));
  };
  CHECK(report(t::stranger, minted->jti) == "unknown_agent");
  CHECK(report(t::crm_account, minted->jti) == "wrong_role");
  CHECK(report(t::operator_uid, minted->jti) == "wrong_role");
  CHECK(report(t::support, minted->jti) == "unknown_call");
  CHECK(report(t::vault_account, std::nullopt) == "wrong_role");
  CHECK(report(t::vault_account, jeton::Jti::random()) == "wrong_role");
  CHECK(company.count(EventKind::call_outcome) == 0);
  CHECK(report(t::vault_account, minted->jti) == "ok");
}

TEST_CASE("the outcome of an offline server is the report of its redemption") {
  Company company;
  const auto minted = company.open(t::billing, t::vault, binding("open"))->minted;
  REQUIRE(minted);
  const FinishRequest request{minted->txn, Outcome::tool_error, minted->jti, "locked", 7};
  const auto first = company.finish(t::vault_account, request);
  REQUIRE(first);
  const auto event = company.memory.events().back();
  CHECK(event.role == Role::server);
  CHECK(event.server == t::vault);
  CHECK(event.jti == minted->jti);
  CHECK(event.agent == "spiffe://acme.example/agent/billing");
  const auto call = jeton::Call::from(company.memory.story(minted->txn));
  CHECK(call->attempts().back().state == jeton::Attempt::State::reported);

  // The same again is a no-op, a different one cites the first, and the first counts.
  CHECK(company.finish(t::vault_account, request)->log_index == first->log_index);
  REQUIRE(company.finish(t::vault_account, {minted->txn, Outcome::ok, minted->jti}));
  CHECK(company.memory.events().back().cites == first->log_index);
  CHECK(jeton::Call::from(company.memory.story(minted->txn))->redeemers_outcome(minted->jti)->outcome ==
        Outcome::tool_error);
}

TEST_CASE("a reported redemption counts against the call and is never superseded") {
  Company company;
  const auto opened = company.open(t::billing, t::vault, binding("open"));
  REQUIRE(company.finish(t::vault_account, {opened->txn, Outcome::ok, opened->minted->jti}));
  CHECK(code_of(company.mint(t::billing, opened->txn, t::vault, binding("open"))) == "too_many_attempts");

  const auto looked = company.open(t::billing, t::vault, binding("look"));
  REQUIRE(company.finish(t::vault_account, {looked->txn, Outcome::ok, looked->minted->jti}));
  const auto next = company.mint(t::billing, looked->txn, t::vault, binding("look"));
  REQUIRE(next);
  CHECK(next->previous == jeton::Previous::redeemed);
  CHECK(company.count(EventKind::token_superseded) == 0);
}

TEST_CASE("an offline server may report a token that was superseded before it heard of that") {
  Company company;
  const auto opened = company.open(t::billing, t::vault, binding("open"));
  REQUIRE(company.mint(t::billing, opened->txn, t::vault, binding("open")));
  REQUIRE(company.count(EventKind::token_superseded) == 1);
  CHECK(code_of(company.finish(t::vault_account, {opened->txn, Outcome::ok, opened->minted->jti})) == "ok");
  const auto call = jeton::Call::from(company.memory.story(opened->txn));
  CHECK(call->attempts().front().state == jeton::Attempt::State::reported);
  CHECK(call->redemptions() == 1);
}

TEST_CASE("the reporter is the role of the caller") {
  Redeemed call;
  const auto by_opener = call.company.finish(t::billing, {call.minted.txn, Outcome::ok, std::nullopt, "done", 12});
  REQUIRE(by_opener);
  CHECK(call.last().kind == EventKind::call_outcome);
  CHECK(call.last().role == Role::agent);
  CHECK(call.last().outcome == Outcome::ok);
  CHECK(call.last().detail == "done");
  CHECK(call.last().duration_ms == 12);
  CHECK_FALSE(call.last().receipt);
  REQUIRE(call.company.finish(t::crm_account, {call.minted.txn, Outcome::tool_error, call.minted.jti}));
  CHECK(call.last().role == Role::server);
  CHECK(call.last().jti == call.minted.jti);
  CHECK_FALSE(call.last().cites);  // reporters that disagree are found by readers, each was its role's first
}

TEST_CASE("an opener may report on a call that was never minted or redeemed") {
  Company company;
  const auto opened = company.open(t::billing, jeton::OpenRequest{binding("refund")});
  CHECK(company.finish(t::billing, {opened->txn, Outcome::cancelled}));
  const auto minted = company.minted_refund();
  CHECK(company.finish(t::billing, {minted.txn, Outcome::transport_error, minted.jti}));
}

TEST_CASE("the same report again is a no-op even after a restart") {
  Redeemed call;
  const FinishRequest request{call.minted.txn, Outcome::ok, call.minted.jti, "done", 5};
  for (const auto uid : {t::billing, t::crm_account}) {
    const auto first = call.company.finish(uid, request);
    REQUIRE(first);
    const auto size = call.company.memory.size();
    CHECK(call.company.finish(uid, request)->log_index == first->log_index);
    call.company.restart();
    CHECK(call.company.finish(uid, request)->log_index == first->log_index);
    CHECK(call.company.memory.size() == size);
  }
}

TEST_CASE("a different report is an event that cites the first which still counts") {
  Redeemed call;
  for (const auto uid : {t::billing, t::crm_account}) {
    const auto first = call.company.finish(uid, {call.minted.txn, Outcome::ok, call.minted.jti});
    const auto second = call.company.finish(uid, {call.minted.txn, Outcome::tool_error, call.minted.jti});
    REQUIRE(second);
    CHECK(second->log_index > first->log_index);
    CHECK(call.last().cites == first->log_index);
    const auto third = call.company.finish(uid, {call.minted.txn, Outcome::cancelled, call.minted.jti});
    REQUIRE(third);
    CHECK(call.last().cites == first->log_index);
    // Words said before, first or not, are no news.
    CHECK(call.company.finish(uid, {call.minted.txn, Outcome::tool_error, call.minted.jti})->log_index ==
          second->log_index);
    CHECK(call.company.finish(uid, {call.minted.txn, Outcome::ok, call.minted.jti})->log_index == first->log_index);
  }
  const auto story = jeton::Call::from(call.company.memory.story(call.minted.txn));
  CHECK(story->openers_outcome()->outcome == Outcome::ok);
  CHECK(story->redeemers_outcome(call.minted.jti)->outcome == Outcome::ok);
}

TEST_CASE("where one account is both an outcome with jti and without receipt is that of the redeemer") {
  Company company;
  const auto call = binding("echo");
  const auto opened = company.open(t::both, t::echo_server, call);
  const auto& jti = opened->minted->jti;
  const auto redeemed = company.redeem(t::both, opened->minted->token, t::echo_server, call, "id");
  REQUIRE(redeemed);
  const auto role_of_report = [&](FinishRequest request) {
    REQUIRE(company.finish(t::both, request));
    return company.memory.events().back().role;
  };
  CHECK(role_of_report({opened->txn, Outcome::ok, jti}) == Role::server);
  CHECK(role_of_report({opened->txn, Outcome::ok, jti, std::nullopt, std::nullopt,
                        Receipt{jti, redeemed->redeemed_at, redeemed->log_index}}) == Role::agent);
  CHECK(role_of_report({opened->txn, Outcome::unknown}) == Role::agent);
  CHECK(company.memory.events().back().cites);
}

TEST_CASE("before it is redeemed a jti is just something an opener mentions") {
  Company company;
  const auto opened = company.open(t::both, t::echo_server, binding("echo"));
  REQUIRE(company.finish(t::both, {opened->txn, Outcome::unknown, opened->minted->jti}));
  CHECK(company.memory.events().back().role == Role::agent);
}

TEST_CASE("the right receipt matches and every other one is an alert") {
  Redeemed call;
  const auto check_of = [&](const Receipt& receipt) {
    FinishRequest request{call.minted.txn, Outcome::ok};
    request.duration_ms = static_cast<std::int64_t>(call.company.memory.size());  // each report is a new one
    request.receipt = receipt;
    REQUIRE(call.company.finish(t::billing, request));
    return call.last().receipt;
  };
  auto receipt = call.receipt();
  CHECK(check_of(receipt) == jeton::ReceiptCheck::match);
  receipt.log_index += 1;
  CHECK(check_of(receipt) == jeton::ReceiptCheck::mismatch);
  receipt = call.receipt();
  receipt.redeemed_at -= 1;
  CHECK(check_of(receipt) == jeton::ReceiptCheck::mismatch);
  receipt = call.receipt();
  receipt.jti = jeton::Jti::random();
  CHECK(check_of(receipt) == jeton::ReceiptCheck::mismatch);
}

TEST_CASE("a receipt of a token that nobody redeemed is an alert") {
  Company company;
  const auto minted = company.minted_refund();
  FinishRequest request{minted.txn, Outcome::ok};
  request.receipt = Receipt{minted.jti, 1'790'000'000, minted.log_index};
  REQUIRE(company.finish(t::billing, request));
  CHECK(company.memory.events().back().receipt == jeton::ReceiptCheck::mismatch);
}

TEST_CASE("contradicting reports of one call are bounded") {
  Redeemed call;
  for (std::int64_t i = 0; i < 32; ++i)
    REQUIRE(call.company.finish(t::billing, {call.minted.txn, Outcome::ok, std::nullopt, std::nullopt, i}));
  const auto refused = call.company.finish(t::billing, {call.minted.txn, Outcome::ok, std::nullopt, std::nullopt, 32});
  CHECK(code_of(refused) == "rate_limited");
  CHECK(call.last().kind == EventKind::request_refused);
  CHECK(call.last().verb == jeton::Verb::finish);
  CHECK(call.last().txn == call.minted.txn);
  CHECK(call.company.finish(t::billing, {call.minted.txn, Outcome::ok, std::nullopt, std::nullopt, 7}));
}

TEST_CASE("the opener cannot keep the redeemer from reporting") {
  Redeemed call;
  for (std::int64_t i = 0; i < 32; ++i)
    REQUIRE(call.company.finish(t::billing, {call.minted.txn, Outcome::ok, std::nullopt, std::nullopt, i}));
  CHECK(code_of(call.company.finish(t::crm_account, {call.minted.txn, Outcome::tool_error, call.minted.jti})) == "ok");
}

TEST_CASE("an account that redeemed for a server without match may report") {
  Company company;
  const auto opened = company.open(t::billing, t::files, binding("read"));
  REQUIRE(company.redeem(t::stranger, opened->minted->token, t::files, binding("read"), "id"));
  CHECK(company.finish(t::stranger, {opened->txn, Outcome::ok, opened->minted->jti}));
  CHECK(company.memory.events().back().role == Role::server);
  CHECK(code_of(company.finish(1234, {opened->txn, Outcome::ok, opened->minted->jti})) == "unknown_agent");
}
