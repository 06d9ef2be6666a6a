// The wall clock is set, an hour back or ahead, in the middle of things: tokens, rates and keys keep to the boot clock.
#include <set>

#include "support/exchange_fixture.hpp"

namespace jeton::testing {
namespace {

void set_wall(Company& company, std::int64_t seconds) {
  if (seconds < 0)
    company.clock.set_wall_back_s(-seconds);
  else
    company.clock.set_wall_ahead_s(seconds);
}

std::set<std::string> published(Company& company) {
  std::set<std::string> kids;
  const auto jwks = company.process->keyring.jwks();
  for (const auto& key : jwks.at("keys")) kids.insert(key.at("kid"));
  return kids;
}

}  // namespace

TEST_CASE("a token is over when its seconds are over whichever way the wall clock was set") {
  for (const std::int64_t jump : {-3600, 3600}) {
    Company company;
    const auto minted = company.minted_refund();
    set_wall(company, jump);
    company.clock.pass_s(30);
    CHECK(code_of(company.redeem_refund(minted)) == "expired");
    CHECK(company.count(EventKind::token_redeemed) == 0);
  }
}

TEST_CASE("a token is good for all of its seconds whichever way the wall clock was set") {
  for (const std::int64_t jump : {-3600, 3600}) {
    Company company;
    const auto minted = company.minted_refund();
    company.clock.pass_s(10);
    set_wall(company, jump);
    company.clock.pass_s(19);
    const auto redeemed = company.redeem_refund(minted);
    REQUIRE(redeemed);
    CHECK(redeemed->redeemed_at == company.clock.wall_us() / us_per_s);
    CHECK(code_of(company.redeem_refund(minted, "another")) == "already_redeemed");
  }
}

TEST_CASE("what was minted before the wall clock was set is superseded by what is minted after") {
  for (const std::int64_t jump : {-3600, 3600}) {
    Company company;
    const auto first = company.minted_refund();
    set_wall(company, jump);
    const auto second = company.mint(billing, first.txn, crm, binding("refund"));
    REQUIRE(second);
    CHECK(second->previous == Previous::unredeemed);
    CHECK(code_of(company.redeem_refund(first)) == "superseded");
    CHECK(company.redeem_refund(*second));
  }
}

TEST_CASE("a minute of a rate limit is a minute whichever way the wall clock was set") {
  for (const std::int64_t jump : {-3600, 3600}) {
    Company company;
    for (int i = 0; i < 3; ++i) CHECK(company.open(billing, files, binding("read")));
    set_wall(company, jump);
    company.clock.pass_s(59);
    CHECK(code_of(company.open(billing, files, binding("read"))) == "rate_limited");
    company.clock.pass_s(2);
    CHECK(company.open(billing, files, binding("read")));
  }
}

TEST_CASE("the published keys change by the hour of the boot clock alone") {
  Company company;
  const auto before = published(company);
  for (const std::int64_t jump : {-7200, 7200, 3600}) {
    set_wall(company, jump);
    for (const auto& event : company.process->exchange.due(false)) CHECK(event.kind != EventKind::key_rotated);
  }
  company.clock.pass_s(3600);
  const auto due = company.process->exchange.due(false);
  company.process->exchange.settle(due);
  const auto after = published(company);
  CHECK(after != before);
  // What was published stays so for another hour: next became current, and current previous.
  for (const auto& kid : before) CHECK(after.count(kid) == 1);
}

TEST_CASE("known limit: the ten minutes in which an answer is repeated are the wall clocks") {
  // They hold across restarts, and a boot clock does not. The mistake is a refusal; nothing is spent twice.
  Company ahead;
  const auto lost = ahead.minted_refund();
  REQUIRE(ahead.redeem_refund(lost));
  ahead.clock.set_wall_ahead_s(3600);
  CHECK(code_of(ahead.redeem_refund(lost)) == "already_redeemed");

  Company back;
  const auto kept = back.minted_refund();
  REQUIRE(back.redeem_refund(kept));
  back.clock.set_wall_back_s(3600);
  back.clock.pass_s(3600);
  const auto again = back.redeem_refund(kept);
  REQUIRE(again);
  CHECK(again->repeated);
  CHECK(back.count(EventKind::token_redeemed) == 1);
}

}  // namespace jeton::testing
