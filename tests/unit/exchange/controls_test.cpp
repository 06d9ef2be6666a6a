// The kill switch: who may throw it, that nothing brings a disabled agent back but an operator, and a log that fails.
#include "exchange/controls.hpp"

#include "support/exchange_fixture.hpp"

namespace {

namespace t = jeton::testing;
using jeton::Event;
using jeton::EventKind;
using jeton::OpenRequest;
using jeton::Verb;
using t::binding;
using t::code_of;
using t::Company;
using Disk = t::MemoryStore::Disk;

const std::string billing_id = "spiffe://acme.example/agent/billing";

/// Throws the switch in a transaction that may fail, and then in memory, as the door does.
void disable_whatever_happens(Company& company, bool disable = true) {
  auto& exchange = company.process->exchange;
  bool thrown = false;
  const auto durable = exchange.transact([&] {
    thrown = exchange.switch_agent(t::caller_of(t::operator_uid), {"billing", disable}).has_value();
  });
  if (!durable) CHECK(exchange.switch_in_memory(t::caller_of(t::operator_uid), {"billing", disable}, thrown));
}

std::vector<EventKind> kinds_from(const Company& company, std::size_t from) {
  std::vector<EventKind> kinds;
  for (auto i = from; i < company.memory.size(); ++i) kinds.push_back(company.memory.events()[i].kind);
  return kinds;
}

}  // namespace

TEST_CASE("only operators throw the switch and only for agents that are configured") {
  Company company;
  CHECK(code_of(company.disable(t::stranger, "billing")) == "unknown_agent");
  CHECK(code_of(company.disable(t::billing, "billing")) == "wrong_role");
  CHECK(company.memory.events().back().verb == Verb::disable);
  CHECK(code_of(company.enable(t::crm_account, "billing")) == "wrong_role");
  CHECK(company.memory.events().back().verb == Verb::enable);
  CHECK(code_of(company.disable(t::operator_uid, "nobody")) == "unknown_agent");
  CHECK(code_of(company.enable(t::operator_uid, "nobody")) == "unknown_agent");
  CHECK(code_of(company.disable(t::operator_uid, billing_id)) == "unknown_agent");
  CHECK(company.open(t::billing, OpenRequest{binding("refund")}));
}

TEST_CASE("a disabled agent gets nothing and what it had is ended with the same event") {
  Company company;
  const auto minted = company.minted_refund();
  const auto spent = company.minted_refund();
  REQUIRE(company.redeem_refund(spent));
  const auto size = company.memory.size();
  const auto disabled = company.disable(t::operator_uid, "billing");
  REQUIRE(disabled);
  CHECK(disabled->log_index == size);
  CHECK(kinds_from(company, size) == std::vector{EventKind::agent_disabled, EventKind::token_revoked});
  CHECK(company.memory.events()[size].agent == billing_id);
  CHECK(company.memory.events()[size].role == jeton::Role::operator_);
  CHECK(code_of(company.redeem_refund(minted)) == "revoked");
  CHECK(code_of(company.open(t::billing, OpenRequest{binding("refund")})) == "agent_disabled");
  CHECK(code_of(company.open(t::billing, t::crm, binding("refund"))) == "agent_disabled");
  CHECK(code_of(company.mint(t::billing, minted.txn, t::crm, binding("refund"))) == "agent_disabled");
  // Others work, and evidence is taken.
  CHECK(company.open(t::support, t::crm, binding("refund")));
  CHECK(company.finish(t::billing, {spent.txn, jeton::Outcome::ok}));
}

TEST_CASE("a disabled agent stays disabled across restarts until an operator enables it") {
  Company company;
  REQUIRE(company.disable(t::operator_uid, "billing"));
  company.restart();
  CHECK(code_of(company.open(t::billing, t::crm, binding("refund"))) == "agent_disabled");
  REQUIRE(company.enable(t::operator_uid, "billing"));
  CHECK(company.redeem_refund(company.minted_refund()));
  company.restart();
  CHECK(company.redeem_refund(company.minted_refund()));
}

TEST_CASE("throwing the switch again answers with the event that stands") {
  Company company;
  const auto disabled = company.disable(t::operator_uid, "billing");
  CHECK(company.disable(t::operator_uid, "billing")->log_index == disabled->log_index);
  company.restart();
  CHECK(company.disable(t::operator_uid, "billing")->log_index == disabled->log_index);
  const auto enabled = company.enable(t::operator_uid, "billing");
  CHECK(enabled->log_index != disabled->log_index);
  CHECK(company.enable(t::operator_uid, "billing")->log_index == enabled->log_index);
  CHECK(company.memory.size() == 2);
}

TEST_CASE("who was disabled and left the configuration can still be enabled") {
  Company company;
  REQUIRE(company.disable(t::operator_uid, "billing"));
  auto entries = company.roles.entries();
  entries.agents.erase(entries.agents.begin());
  const jeton::Roles fewer(entries);
  t::Process later(company.memory, company.grants, fewer, company.secret, company.clock);
  const auto as_operator = t::caller_of(t::operator_uid);
  REQUIRE(later.exchange.transact([&] {
    CHECK(later.exchange.switch_agent(as_operator, {"billing", false}));
    CHECK(code_of(later.exchange.switch_agent(as_operator, {"billing", true})) == "unknown_agent");
  }));
  company.restart();
  CHECK(company.open(t::billing, t::crm, binding("refund")));
}

TEST_CASE("after a log was recovered everybody is disabled until enabled one by one") {
  Company company;
  REQUIRE(company.enable(t::operator_uid, "support"));
  company.durably([&] {
    company.process->exchange.record(EventKind::log_recovered);
    return 0;
  });
  for (int process = 0; process < 2; ++process) {
    CHECK(code_of(company.open(t::billing, t::crm, binding("refund"))) == "agent_disabled");
    CHECK(code_of(company.open(t::support, t::crm, binding("refund"))) == "agent_disabled");
    company.restart();
  }
  CHECK(company.disable(t::operator_uid, "billing")->log_index == 1);
  REQUIRE(company.enable(t::operator_uid, "billing"));
  company.restart();
  CHECK(company.open(t::billing, t::crm, binding("refund")));
  CHECK(code_of(company.open(t::support, t::crm, binding("refund"))) == "agent_disabled");
}

TEST_CASE("an event of the switch that names nobody is damage") {
  Company company;
  Event event;
  event.kind = EventKind::agent_disabled;
  REQUIRE(company.memory.transact([&] { company.memory.append(event); }));
  CHECK_THROWS_AS(company.restart(), jeton::LogDamaged);
}

TEST_CASE("on a disk that fails the switch holds at once and its events are the first written and written once") {
  for (const auto disk : {Disk::refuses_to_begin, Disk::fails_at_commit, Disk::keeps_and_fails}) {
    Company company;
    const auto minted = company.minted_refund();
    const auto size = company.memory.size();
    company.memory.set_disk(disk);
    disable_whatever_happens(company);
    CHECK(company.process->exchange.controls().waiting().size() == 2);
    company.memory.set_disk(disk == Disk::keeps_and_fails ? Disk::refuses_to_begin : disk);
    disable_whatever_happens(company);  // again: nothing more waits
    CHECK(company.process->exchange.controls().waiting().size() == 2);

    company.memory.set_disk(Disk::good);
    CHECK(code_of(company.open(t::billing, t::crm, binding("refund"))) == "agent_disabled");
    CHECK(kinds_from(company, size) ==
          std::vector{EventKind::agent_disabled, EventKind::token_revoked, EventKind::request_refused});
    CHECK(company.process->exchange.controls().waiting().empty());
    CHECK(code_of(company.redeem_refund(minted)) == "revoked");
    CHECK(company.disable(t::operator_uid, "billing")->log_index == size);
    CHECK(company.count(EventKind::agent_disabled) == 1);
    company.restart();
    CHECK(code_of(company.open(t::billing, t::crm, binding("refund"))) == "agent_disabled");
  }
}

TEST_CASE("a restart before the log works again forgets what was in memory only") {
  Company company;
  company.memory.set_disk(Disk::fails_at_commit);
  disable_whatever_happens(company);
  company.memory.set_disk(Disk::good);
  company.restart();
  CHECK(company.open(t::billing, t::crm, binding("refund")));
}

TEST_CASE("a switch thrown back and forth on a full disk is written as it was thrown") {
  Company company;
  company.memory.set_disk(Disk::fails_at_commit);
  disable_whatever_happens(company);
  disable_whatever_happens(company, false);
  disable_whatever_happens(company);
  company.memory.set_disk(Disk::good);
  CHECK(code_of(company.open(t::billing, t::crm, binding("refund"))) == "agent_disabled");
  CHECK(kinds_from(company, 0) == std::vector{EventKind::agent_disabled, EventKind::agent_enabled,
                                              EventKind::agent_disabled, EventKind::request_refused});
  CHECK(company.disable(t::operator_uid, "billing")->log_index == 2);
}

TEST_CASE("what a failed transaction spent or superseded is ended all the same") {
  Company company;
  const auto minted = company.minted_refund();
  auto& exchange = company.process->exchange;
  const auto as_operator = t::caller_of(t::operator_uid);
  const jeton::RevokeRequest all{.agent = "billing"};
  company.memory.set_disk(Disk::fails_at_commit);
  CHECK_FALSE(exchange.transact([&] {
    CHECK(exchange.redeem(t::caller_of(t::crm_account),
                          {minted.token.expose_for_transport(), t::crm, binding("refund"), "id"}));
    CHECK(exchange.revoke(as_operator, all)->revoked == 0);
  }));
  CHECK(exchange.revoke_in_memory(as_operator, all));
  company.memory.set_disk(Disk::good);
  CHECK(code_of(company.redeem_refund(minted, "id")) == "revoked");
}

TEST_CASE("a token that never left needs no event of its end") {
  Company company;
  auto& exchange = company.process->exchange;
  OpenRequest request{binding("refund")};
  request.server = t::crm;
  request.open_id = "same";
  company.memory.set_disk(Disk::fails_at_commit);
  CHECK_FALSE(exchange.transact([&] {
    CHECK(exchange.open(t::caller_of(t::billing), request));
    CHECK(exchange.revoke(t::caller_of(t::billing), {.agent = "billing"})->revoked == 1);
  }));
  company.memory.set_disk(Disk::good);
  const auto opened = company.open(t::billing, request);
  REQUIRE(opened);
  CHECK(company.memory.size() == 1);
  CHECK(company.redeem_refund(*opened->minted));
}

TEST_CASE("a part of a transaction that is taken back leaves its orders waiting") {
  Company company;
  auto& exchange = company.process->exchange;
  REQUIRE(exchange.transact([&] {
    CHECK_THROWS_AS(exchange.isolate([&] {
      CHECK(exchange.switch_agent(t::caller_of(t::operator_uid), {"billing", true}));
      throw std::logic_error("a mistake");
    }),
                    std::logic_error);
    exchange.record(EventKind::key_rotated);
  }));
  CHECK(kinds_from(company, 0) == std::vector{EventKind::key_rotated});
  CHECK(exchange.controls().waiting().size() == 1);
  CHECK(code_of(company.open(t::billing, t::crm, binding("refund"))) == "agent_disabled");
  CHECK(company.memory.events().at(1).kind == EventKind::agent_disabled);
}
