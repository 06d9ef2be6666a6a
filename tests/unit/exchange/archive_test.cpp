// Letting the log go of its beginning: who may, how much, and that nothing opens by it.
#include "exchange/log_ages.hpp"
#include "support/exchange_fixture.hpp"

namespace jeton::testing {
namespace {

constexpr std::int64_t day_s = 24 * 3600;

/// Events that nothing follows from, until the log has so many.
void fill(Company& company, std::uint64_t size) {
  company.durably([&] {
    while (company.store().size() < size) company.process->exchange.record(EventKind::key_rotated);
    return 0;
  });
}

void sign(Company& company) {
  SignedHead head;
  head.head = company.store().head();
  head.signature.resize(64);
  REQUIRE(company.store().keep(head));
}

/// A second of the daemon's house.
void keep_house(Company& company) {
  company.process->exchange.settle({});
  sign(company);
  REQUIRE(company.store().move_archived(100));
}

Result<Archiving> archive(Company& company, std::uint64_t below, uid_t uid = operator_uid) {
  const auto size = company.store().size();
  const ArchiveRequest request{below, size, company.store().root_at(size)};
  return company.durably([&] { return company.process->exchange.archive(caller_of(uid), request); });
}

/// What was written is a day and an hour old, and the house was kept all the while.
void let_a_day_pass(Company& company) {
  for (int hour = 0; hour < 26; ++hour) {
    company.clock.pass_s(3600);
    company.process->exchange.settle({});
  }
}

}  // namespace

TEST_CASE("only an operator of this machine archives", "[archive]") {
  Company company;
  fill(company, 300);
  sign(company);
  let_a_day_pass(company);
  CHECK(code_of(archive(company, 256, stranger)) == "unknown_agent");
  CHECK(code_of(archive(company, 256, billing)) == "wrong_role");
  CHECK(code_of(archive(company, 256, crm_account)) == "wrong_role");
  auto distant = caller_of(operator_uid);
  distant.remote = "192.0.2.1";
  const ArchiveRequest request{256, 300, company.store().root_at(300)};
  CHECK_FALSE(company.durably([&] { return company.process->exchange.archive(distant, request); }));
  CHECK(company.count(EventKind::log_archived) == 0);
  CHECK(company.count(EventKind::request_refused) == 3);

  const auto done = archive(company, 256);
  REQUIRE(done);
  const auto& event = company.memory.events().at(done->log_index.value());
  CHECK(event.kind == EventKind::log_archived);
  CHECK(event.role == Role::operator_);
  CHECK(event.uid == operator_uid);
  CHECK(event.cited_size == 256);
  CHECK((event.cited_root == company.store().root_at(256)));
  CHECK(event.count == 256);
}

TEST_CASE("a copy that is not of this log archives nothing", "[archive]") {
  Company company;
  fill(company, 600);
  sign(company);
  let_a_day_pass(company);
  const auto root = company.store().root_at(600);
  for (const auto& request : {ArchiveRequest{512, 600, sha256("another")}, ArchiveRequest{512, 599, root},
                              ArchiveRequest{512, 601, root}, ArchiveRequest{512, 300, company.store().root_at(300)}}) {
    const auto refused =
        company.durably([&] { return company.process->exchange.archive(caller_of(operator_uid), request); });
    CHECK(code_of(refused) == "bad_request");
  }
  CHECK(company.store().archived() == 0);
}

TEST_CASE("whole tiles go, and none that is not signed for", "[archive]") {
  Company company;
  fill(company, 700);
  sign(company);
  fill(company, 1200);
  let_a_day_pass(company);
  CHECK(archive(company, 255)->log_index == std::nullopt);
  CHECK(archive(company, 300)->below == 256);
  CHECK(archive(company, 1100)->below == 512);  // 700 are signed for
  CHECK(archive(company, 512)->log_index == std::nullopt);
  CHECK(archive(company, 256)->below == 512);
  CHECK(company.count(EventKind::log_archived) == 2);
}

TEST_CASE("events of the last day stay, whatever the wall clock says", "[archive]") {
  Company company;
  fill(company, 300);
  sign(company);
  company.clock.pass_s(day_s - 10);
  CHECK(archive(company, 256)->below == 0);
  company.clock.set_wall_ahead_s(365 * day_s);  // when: somebody sets the clock a year ahead
  CHECK(archive(company, 256)->below == 0);
  company.restart();  // what this process found is as old as it says, and its keys are nobody's
  CHECK(archive(company, 256)->below == 256);
}

TEST_CASE("what an earlier process wrote within the day is refused by its own time", "[archive]") {
  Company company;
  fill(company, 300);
  sign(company);
  company.clock.pass_s(3600);
  company.restart();
  CHECK(code_of(archive(company, 256)) == "bad_request");
  company.clock.pass_s(day_s);
  CHECK(archive(company, 256)->below == 256);
}

TEST_CASE("ages go by hours, and the oldest mark that is a day old counts", "[archive]") {
  constexpr std::int64_t hour = 3600 * us_per_s;
  LogAges ages(10, 0);
  CHECK(ages.old_below(0) == 10);
  for (int i = 1; i < 100; ++i) {
    ages.note(static_cast<std::uint64_t>(10 + i), i * hour);
    CHECK(ages.old_below(i * hour) == static_cast<std::uint64_t>(10 + std::max(0, i - 24)));
  }
}

TEST_CASE("the kill switch, revoked runs and a recovered log hold on when all around them is archived", "[archive]") {
  Company company;
  company.durably([&] {
    company.process->exchange.record(EventKind::log_recovered);
    return 0;
  });
  REQUIRE(company.enable(operator_uid, "billing"));
  REQUIRE(company.enable(operator_uid, "both"));
  REQUIRE(company.disable(operator_uid, "both"));
  REQUIRE(company.revoke(operator_uid, {.run_id = "night"}));
  fill(company, 600);
  sign(company);
  let_a_day_pass(company);
  REQUIRE(archive(company, 512)->below == 512);
  keep_house(company);

  const auto check = [&] {
    CHECK(code_of(company.open(both, echo_server, binding("echo"))) == "agent_disabled");
    CHECK(code_of(company.open(support, crm, binding("refund"))) == "agent_disabled");  // of the recovered log
    OpenRequest of_run{binding("refund")};
    of_run.server = crm;
    of_run.run_id = "night";
    CHECK(code_of(company.open(billing, of_run)) == "revoked");
    CHECK(company.open(billing, crm, binding("refund")));
  };
  check();
  company.restart();
  check();
}

TEST_CASE("a call whose beginning is archived is unknown to mint, outcome, delegation and redemption", "[archive]") {
  Company company;
  fill(company, 255);
  // Opened below the line, minted above it: without the opening nothing says of which run it is.
  OpenRequest opening{binding("send", "{}")};
  opening.run_id = "night";
  const auto opened = company.open(billing, opening);
  REQUIRE(opened);
  const auto minted = company.mint(billing, opened->txn, mail, binding("send", "{}"));
  REQUIRE(minted);
  fill(company, 300);
  sign(company);
  let_a_day_pass(company);
  const auto late = company.mint(billing, opened->txn, mail, binding("send", "{}"));
  REQUIRE(late);
  REQUIRE(archive(company, 256)->below == 256);

  const auto check = [&] {
    CHECK(code_of(company.mint(billing, opened->txn, mail, binding("send", "{}"))) == "unknown_call");
    CHECK(code_of(company.finish(billing, {opened->txn, Outcome::ok})) == "unknown_call");
    OpenRequest child{binding("refund")};
    child.server = crm;
    child.parent_txn = opened->txn;
    CHECK(code_of(company.open(billing, child)) == "unknown_call");
    CHECK(code_of(company.redeem(mail_account, late->token, mail, binding("send", "{}"), "id")) == "unknown_key");
  };
  check();
  CHECK(company.revoke(billing, {.txn = opened->txn})->revoked == 1);  // its token, which nobody redeems any more
  CHECK(code_of(company.revoke(billing, {.txn = opened->txn})) == "unknown_call");
  keep_house(company);
  check();
  CHECK(code_of(company.revoke(billing, {.txn = opened->txn})) == "unknown_call");
  company.restart();
  CHECK(code_of(company.mint(billing, opened->txn, mail, binding("send", "{}"))) == "unknown_call");
}

TEST_CASE("revoking a call that is archived ends the live token of a call that acts for it", "[archive]") {
  Company company;
  // given: a call for a user whose own token lives for days, and a call that was opened inside it a moment ago
  OpenRequest for_alice{binding("refund")};
  for_alice.server = crm;
  for_alice.delegation.user = Subject{"alice", "https://idp.example", company.clock.wall_us() / us_per_s + 3 * day_s};
  const auto parent = company.open(billing, for_alice);
  REQUIRE(parent);
  REQUIRE(company.redeem_refund(*parent->minted));
  fill(company, 300);
  sign(company);
  let_a_day_pass(company);
  OpenRequest inside{binding("refund")};
  inside.server = crm;
  inside.parent_txn = parent->txn;
  const auto child = company.open(billing, inside);
  REQUIRE(child);
  REQUIRE(archive(company, 256)->below == 256);
  SECTION("its rows are still there") {}
  SECTION("its rows are gone") { keep_house(company); }
  const auto by = GENERATE(billing, operator_uid);

  CHECK(code_of(company.revoke(support, {.txn = parent->txn})) == "unknown_call");
  const auto revoked = company.revoke(by, {.txn = parent->txn});

  REQUIRE(revoked);
  CHECK(revoked->revoked == 1);
  CHECK(revoked->log_index);
  CHECK(code_of(company.redeem_refund(*child->minted)) == "revoked");
  // and: nothing is written about a call of which the log knows nothing any more
  const auto& event = company.memory.events().at(revoked->log_index.value());
  CHECK((event.txn == child->txn));
  CHECK((event.jti == child->minted->jti));
  CHECK(code_of(company.revoke(by, {.txn = parent->txn})) == "unknown_call");
}

TEST_CASE("a spent token is spent until it is archived and then nobody's", "[archive]") {
  Company company;
  const auto minted = company.minted_refund();
  REQUIRE(company.redeem_refund(minted));
  fill(company, 300);
  sign(company);
  let_a_day_pass(company);
  CHECK(code_of(company.redeem_refund(minted, "another")) == "already_redeemed");
  REQUIRE(archive(company, 256)->below == 256);
  CHECK_FALSE(company.redeem_refund(minted, "another"));
  keep_house(company);
  CHECK(code_of(company.redeem_refund(minted, "another")) == "unknown_key");
  CHECK(code_of(company.redeem_refund(minted)) == "unknown_key");  // not even who got the answer
  company.restart();
  CHECK(code_of(company.redeem_refund(minted)) == "unknown_key");
}

TEST_CASE("a revocation that waited for room while its call was archived opens that call to nobody", "[archive]") {
  Company company;
  const auto first = company.open(billing, crm, binding("refund"), "order 17");
  REQUIRE(first);
  fill(company, 300);
  sign(company);
  let_a_day_pass(company);
  // given: at the quota the agent's own revocation holds in memory, and its call is archived meanwhile
  company.memory.limit(1000);
  CHECK(code_of(company.revoke(billing, {.txn = first->txn})) == "log_unavailable");
  REQUIRE(archive(company, 256)->below == 256);
  sign(company);
  REQUIRE(company.store().move_archived(100));
  REQUIRE(company.process->exchange.controls().unwritten() >= 1);
  CHECK(code_of(company.open(billing, crm, binding("refund"), "order 17")) == "revoked");

  // when: there is room, and it is written
  company.memory.limit(0);
  company.durably([] { return 0; });
  REQUIRE(company.process->exchange.controls().unwritten() == 0);

  // then: the same open_id is no new call, however often it comes
  for (int time = 0; time < 2; ++time) {
    CHECK(code_of(company.open(billing, crm, binding("refund"), "order 17")) == "unknown_call");
    company.restart();
  }
}

TEST_CASE("an open again after its call was archived is a new call with limits of its own", "[archive]") {
  Company company;
  const auto first = company.open(billing, crm, binding("refund"), "order 17");
  REQUIRE(first);
  fill(company, 300);
  sign(company);
  let_a_day_pass(company);
  REQUIRE(archive(company, 256)->below == 256);
  CHECK(code_of(company.open(billing, crm, binding("refund"), "order 17")) == "unknown_call");
  keep_house(company);
  const auto again = company.open(billing, crm, binding("refund"), "order 17");
  REQUIRE(again);
  CHECK(again->txn == first->txn);
  CHECK(again->minted->attempt == 1);
  CHECK(company.redeem_refund(*again->minted));
}

}  // namespace jeton::testing
