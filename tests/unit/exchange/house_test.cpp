// What time makes due: a rotation, a jump of the wall clock, counted refusals; each only once it is durable.
#include <array>

#include "support/exchange_fixture.hpp"

namespace jeton::testing {
namespace {

std::vector<Event> due_now(Company& company, bool all = false) { return company.process->exchange.due(all); }

void keep_house(Company& company) {
  const auto due = due_now(company);
  company.durably([&] {
    for (const auto& event : due) company.store().append(event);
    return 0;
  });
  company.process->exchange.settle(due);
}

}  // namespace

TEST_CASE("keys rotate after an hour and only when the event is durable") {
  Company company;
  const auto before = company.process->keyring.current().verifying_key().kid();

  company.clock.pass_s(3600);  // when: the hour is over, but the log has not taken the event yet
  REQUIRE(due_now(company).size() == 1);
  CHECK(company.process->keyring.current().verifying_key().kid() == before);

  keep_house(company);  // then: with the event comes the new key, and the old one still verifies
  CHECK(company.process->keyring.current().verifying_key().kid() != before);
  CHECK(company.process->keyring.key_set().find(before) != nullptr);
  CHECK(company.count(EventKind::key_rotated) == 1);
  CHECK(due_now(company).empty());
}

TEST_CASE("rotation under load costs no honest token, neither here nor at a verifier with keys of a minute ago") {
  Company company;
  struct InFlight {
    Minted minted;
    std::int64_t due_us;
  };
  std::vector<InFlight> in_flight;
  // As verifiers fetched it, each at another second of the minute (max-age=60): one just after a rotation, one just
  // before.
  std::array<KeySet, 4> published;
  published.fill(company.process->keyring.key_set());
  std::size_t redeemed = 0;

  // Four hours, a token every three seconds, each redeemed 27 s later, near the end of its life.
  for (int second = 0; second < 4 * 3600; second += 3) {
    if (second % 15 == 0) published[second / 15 % published.size()] = company.process->keyring.key_set();
    in_flight.push_back({company.minted_refund(), company.clock.boot_us() + 27 * us_per_s});
    company.clock.pass_s(3);
    keep_house(company);
    while (!in_flight.empty() && in_flight.front().due_us <= company.clock.boot_us()) {
      const auto token = UnverifiedToken::parse(in_flight.front().minted.token.expose_for_transport());
      REQUIRE(token);
      for (const auto& keys : published) REQUIRE(GenuineToken::verify(*token, keys));
      REQUIRE(company.redeem_refund(in_flight.front().minted));
      in_flight.erase(in_flight.begin());
      ++redeemed;
    }
  }
  CHECK(redeemed > 4700);
  CHECK(company.count(EventKind::key_rotated) == 4);
}

TEST_CASE("a wall clock that is set is an event in both directions and slow drift is none") {
  Company company;
  for (int i = 0; i < 10; ++i) {  // given: a clock that is corrected by a second now and then
    company.clock.pass_s(1);
    company.clock.set_wall_ahead_s(1);
    CHECK(due_now(company).empty());
    keep_house(company);
  }

  company.clock.set_wall_back_s(6);
  keep_house(company);
  company.clock.set_wall_ahead_s(7200);
  keep_house(company);

  CHECK(company.count(EventKind::clock_jumped) == 2);
  const auto events = company.memory.events();
  CHECK(*events.back().last_us - *events.back().first_us == 7200 * us_per_s);
}

TEST_CASE("a token outlives neither its boot clock nor a wall clock that was set back") {
  Company company;
  const auto minted = company.minted_refund();

  company.clock.set_wall_back_s(3600);
  company.clock.pass_s(31);

  CHECK(code_of(company.redeem_refund(minted)) == "expired");
}

}  // namespace jeton::testing
