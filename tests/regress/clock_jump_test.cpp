// Is a jump of the wall clock still told when the log could not be written in the second it was noticed?
#include "support/exchange_fixture.hpp"

namespace jeton::testing {

TEST_CASE("a clock jump that could not be written stays due until it is") {
  Company company;
  auto& exchange = company.process->exchange;
  exchange.settle({});
  company.clock.set_wall_back_s(3600);

  // Given a log that cannot be written, nothing of what is due becomes durable
  REQUIRE(exchange.due(false).size() == 1);
  exchange.settle({});

  // Then a second later it is due as before
  company.clock.pass_s(1);
  const auto due = exchange.due(false);
  REQUIRE(due.size() == 1);
  CHECK(due.front().kind == EventKind::clock_jumped);

  // And once it is written it is told no more
  exchange.settle(due);
  CHECK(exchange.due(false).empty());
}

}  // namespace jeton::testing
