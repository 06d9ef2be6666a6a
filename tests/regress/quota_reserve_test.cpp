// May what an agent ends use up what an operator needs at the log's quota, and does it hold all the same?
#include "support/exchange_fixture.hpp"

namespace jeton::testing {
namespace {

bool is_in_memory_only(const Result<Revoked>& revoked) {
  return !revoked && revoked.error().code == Code::log_unavailable &&
         revoked.error().message.starts_with("in memory only");
}

/// A log that has next to nothing left before its quota.
void at_the_quota(Company& company) { company.memory.limit(1000); }

/// A tick that nobody asked anything in.
void tick(Company& company) {
  company.durably([] { return 0; });
}

}  // namespace

TEST_CASE("at the quota what an agent ends holds in memory and is written when there is room") {
  Company company;
  const auto minted = company.minted_refund();
  at_the_quota(company);
  const auto size = company.store().size();
  const RevokeRequest what[] = {{.jti = minted.jti}, {.txn = minted.txn}, {.agent = "billing"}};
  const auto& asked = what[GENERATE(0, 1, 2)];

  CHECK(is_in_memory_only(company.revoke(billing, asked)));

  // then: it holds, nothing of the reserve is taken, however often the log is written
  CHECK(code_of(company.redeem_refund(minted)) == "revoked");
  tick(company);
  CHECK(company.count(EventKind::token_revoked) == 0);
  CHECK(company.store().size() == size + 1);  // the refused redemption
  const auto unwritten = company.process->exchange.controls().unwritten();
  CHECK(unwritten >= 1);
  // and: asking again says the same and orders nothing twice
  if (!asked.agent) CHECK(is_in_memory_only(company.revoke(billing, asked)));
  CHECK(company.process->exchange.controls().unwritten() == unwritten);

  // when: there is room again
  company.memory.limit(0);
  tick(company);
  CHECK(company.process->exchange.controls().unwritten() == 0);
  CHECK(company.count(EventKind::token_revoked) == unwritten);
  CHECK(company.revoke(billing, asked));
  CHECK(company.count(EventKind::token_revoked) == unwritten);
}

TEST_CASE("what an agent ended at the quota and an operator ends as well is written once") {
  Company company;
  const auto minted = company.minted_refund();
  at_the_quota(company);
  CHECK(is_in_memory_only(company.revoke(billing, {.txn = minted.txn})));
  REQUIRE(company.revoke(operator_uid, {.txn = minted.txn}));
  const auto written = company.count(EventKind::token_revoked);
  company.memory.limit(0);
  tick(company);
  CHECK(company.process->exchange.controls().unwritten() == 0);
  const auto events = company.memory.events();
  const auto closing = std::count_if(events.begin(), events.end(), [](const Event& event) {
    return event.kind == EventKind::token_revoked && event.txn && !event.jti;
  });
  CHECK(closing == 1);
  // The token's own end is said once as well, by whoever had room for it.
  CHECK(company.count(EventKind::token_revoked) == 2);
  CHECK(written >= 1);
}

TEST_CASE("at the quota an operator ends everything and it is written at once") {
  Company company;
  const auto minted = company.minted_refund();
  at_the_quota(company);
  const auto by_operator = company.revoke(operator_uid, {.agent = "billing"});
  REQUIRE(by_operator);
  CHECK(by_operator->revoked == 1);
  CHECK(by_operator->log_index);
  CHECK(code_of(company.redeem_refund(minted)) == "revoked");
  CHECK(company.process->exchange.controls().unwritten() == 0);
}

TEST_CASE("a call or a run that an agent closed at the quota is minted for no more") {
  Company company;
  OpenRequest of_run{binding("refund")};
  of_run.server = crm;
  of_run.run_id = "night";
  const auto opened = company.open(billing, of_run);
  REQUIRE(opened);
  at_the_quota(company);
  const RevokeRequest what[] = {{.txn = opened->txn}, {.run_id = "night"}};
  const auto& asked = what[GENERATE(0, 1)];
  REQUIRE(is_in_memory_only(company.revoke(billing, asked)));

  CHECK(code_of(company.mint(billing, opened->txn, crm, binding("refund"))) == "revoked");
  if (asked.run_id) CHECK(code_of(company.open(billing, of_run)) == "revoked");
  CHECK(is_in_memory_only(company.revoke(billing, asked)));
}

TEST_CASE("what an agent ended while the disk was full waits for room beside the reserve as well") {
  Company company;
  const auto minted = company.minted_refund();
  company.memory.set_disk(MemoryStore::Disk::fails_at_commit);
  at_the_quota(company);
  auto& exchange = company.process->exchange;
  REQUIRE_FALSE(exchange.transact([&] { (void)exchange.revoke(caller_of(billing), {.jti = minted.jti}); }));
  company.memory.set_disk(MemoryStore::Disk::good);
  tick(company);
  CHECK(company.count(EventKind::token_revoked) == 0);
  CHECK(exchange.controls().unwritten() == 1);
  CHECK(code_of(company.redeem_refund(minted)) == "revoked");
  company.memory.limit(0);
  tick(company);
  CHECK(company.count(EventKind::token_revoked) == 1);
}

TEST_CASE("what agents hold in memory at the quota comes into the log as fast as there is room") {
  constexpr std::size_t many = 500;
  Controls controls;
  MemoryStore store;
  const auto begin = [&] {
    REQUIRE(store.transact([&] { controls.begin(store); }));
    controls.settle(true, {});
  };
  Event event;
  event.kind = EventKind::token_revoked;
  event.role = Role::agent;
  event.agent = "spiffe://acme.example/agent/billing";
  const auto shared = std::make_shared<const Event>(event);
  store.limit(1000);
  for (std::size_t i = 0; i < many; ++i) controls.order({shared, Txn::random()});
  begin();
  CHECK(store.events().empty());
  CHECK(controls.unwritten() == many);  // the budget of a full disk counts them
  store.limit(100 * 1024);
  begin();
  CHECK(store.size() > 0);
  CHECK(store.size() <= 100);
  for (int i = 0; i < 10; ++i) begin();
  CHECK(store.size() == many);
  CHECK(controls.unwritten() == 0);
}

}  // namespace jeton::testing
