// A disk that hangs or fails: what is revoked meanwhile stays so, whatever the transaction that hung was about.
#include "support/exchange_fixture.hpp"

namespace {

namespace t = jeton::testing;
using jeton::EventKind;
using jeton::Previous;
using jeton::RevokeRequest;
using t::binding;
using t::code_of;
using t::Company;
using Disk = t::MemoryStore::Disk;

/// Runs `work` in a transaction that hangs, `meanwhile` as the stall guard does, and then the disk behaves like this.
void hang(Company& company, Disk then, const std::function<void(jeton::Exchange&)>& work,
          const std::function<void(jeton::Exchange&)>& meanwhile) {
  auto& exchange = company.process->exchange;
  company.memory.set_disk(then);
  const auto done = exchange.transact([&] { work(exchange); }, [&] { meanwhile(exchange); });
  CHECK(done.has_value() == (then == Disk::good));
  company.memory.set_disk(Disk::good);
}

/// The ways to take a token back; each is told whose, which call and which token.
std::vector<RevokeRequest> revocations_of(const jeton::Minted& token) {
  return {{.jti = token.jti}, {.txn = token.txn}, {.run_id = "r"}, {.agent = "billing"}};
}

jeton::Minted minted_in_run(Company& company) {
  jeton::OpenRequest request{binding("refund")};
  request.server = t::crm;
  request.run_id = "r";
  return std::move(company.open(t::billing, request)->minted.value());
}

jeton::RedeemRequest redemption_of(const jeton::Minted& token) {
  return {token.token.expose_for_transport(), t::crm, binding("refund"), "first"};
}

}  // namespace

TEST_CASE("a kill switch thrown while a redemption hangs holds when that fails") {
  Company company;
  const auto token = company.minted_refund();
  hang(
      company, Disk::fails_at_commit,
      [&](auto& exchange) { REQUIRE(exchange.redeem(t::caller_of(t::crm_account), redemption_of(token))); },
      [&](auto& exchange) {
        REQUIRE(exchange.switch_in_memory(t::caller_of(t::operator_uid), {"billing", true}, false));
      });
  CHECK(code_of(company.redeem_refund(token)) == "revoked");
  CHECK(company.count(EventKind::agent_disabled) == 1);
  CHECK(company.count(EventKind::token_revoked) == 1);
  CHECK(company.count(EventKind::token_redeemed) == 0);
}

TEST_CASE("what is revoked while its redemption hangs is not redeemed when that fails") {
  for (std::size_t way = 0; way < 4; ++way) {
    CAPTURE(way);
    Company company;
    const auto token = minted_in_run(company);
    hang(
        company, Disk::fails_at_commit,
        [&](auto& exchange) { REQUIRE(exchange.redeem(t::caller_of(t::crm_account), redemption_of(token))); },
        [&](auto& exchange) {
          REQUIRE(exchange.revoke_in_memory(t::caller_of(t::operator_uid), revocations_of(token)[way], false));
        });
    CHECK(code_of(company.redeem_refund(token)) == "revoked");
    CHECK(company.count(EventKind::token_redeemed) == 0);
  }
}

TEST_CASE("what is revoked while the next attempt hangs is not redeemed when that fails") {
  for (std::size_t way = 0; way < 4; ++way) {
    CAPTURE(way);
    Company company;
    const auto token = minted_in_run(company);
    hang(
        company, Disk::fails_at_commit,
        [&](auto& exchange) {
          const auto next = exchange.mint(t::caller_of(t::billing), {token.txn, t::crm, binding("refund")});
          REQUIRE(next->previous == Previous::unredeemed);
        },
        [&](auto& exchange) {
          REQUIRE(exchange.revoke_in_memory(t::caller_of(t::operator_uid), revocations_of(token)[way], false));
        });
    CHECK(code_of(company.redeem_refund(token)) == "revoked");
    CHECK(company.count(EventKind::token_superseded) == 0);
  }
}

TEST_CASE("a redemption that hung and then held is repeated though its token was revoked meanwhile") {
  Company company;
  const auto token = company.minted_refund();
  hang(
      company, Disk::good,
      [&](auto& exchange) { REQUIRE(exchange.redeem(t::caller_of(t::crm_account), redemption_of(token))); },
      [&](auto& exchange) {
        REQUIRE(exchange.revoke_in_memory(t::caller_of(t::operator_uid), {.jti = token.jti}, false));
      });
  const auto again = company.redeem_refund(token);
  REQUIRE(again);
  CHECK(again->repeated);
  CHECK(code_of(company.redeem_refund(token, "another")) == "already_redeemed");
  CHECK(code_of(company.mint(t::billing, token.txn, t::crm, binding("refund"))) == "too_many_attempts");
}

TEST_CASE("while the log cannot be written agents revoke only so much and it is the same inside a transaction") {
  Company company;
  auto& exchange = company.process->exchange;
  company.memory.set_disk(Disk::fails_at_commit);
  for (std::size_t i = 0; i < jeton::Controls::waiting_max; ++i)
    REQUIRE(exchange.revoke_in_memory(t::caller_of(t::operator_uid), {.run_id = "r" + std::to_string(i)}));
  const auto revoke = [&](uid_t uid, const std::string& run) {
    REQUIRE_FALSE(exchange.transact([&] { (void)exchange.revoke(t::caller_of(uid), {.run_id = run}); }));
    return exchange.controls().waiting().size();
  };
  CHECK(revoke(t::billing, "of an agent") == jeton::Controls::waiting_max);
  CHECK(revoke(t::operator_uid, "of an operator") == jeton::Controls::waiting_max + 1);
}

TEST_CASE("within one transaction what is spent or superseded is no longer there to be revoked") {
  Company company;
  const auto spent = company.minted_refund(), superseded = company.minted_refund();
  REQUIRE(company.durably([&]() -> jeton::Result<jeton::Revoked> {
    auto& exchange = company.process->exchange;
    REQUIRE(exchange.redeem(t::caller_of(t::crm_account), redemption_of(spent)));
    REQUIRE(exchange.mint(t::caller_of(t::billing), {superseded.txn, t::crm, binding("refund")}));
    CHECK(exchange.revoke(t::caller_of(t::billing), {.jti = spent.jti})->revoked == 0);
    CHECK(exchange.revoke(t::caller_of(t::billing), {.jti = superseded.jti})->revoked == 0);
    auto rest = exchange.revoke(t::caller_of(t::billing), {.agent = "billing"});
    CHECK(rest->revoked == 1);
    return rest;
  }));
  CHECK(company.count(EventKind::token_revoked) == 1);
}
