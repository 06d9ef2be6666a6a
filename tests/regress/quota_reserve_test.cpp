// May what an agent ends use up what an operator needs at the log's quota?
#include "support/exchange_fixture.hpp"

namespace jeton::testing {

TEST_CASE("at the quota an agent ends nothing any more and an operator does") {
  Company company;
  const auto minted = company.minted_refund();
  company.memory.limit(1000);  // given: next to nothing is left

  const auto by_agent = company.revoke(billing, {.agent = "billing"});
  CHECK(code_of(by_agent) == "log_unavailable");
  const auto by_operator = company.revoke(operator_uid, {.agent = "billing"});

  REQUIRE(by_operator);
  CHECK(by_operator->revoked == 1);
  CHECK(code_of(company.redeem_refund(minted)) == "revoked");
}

}  // namespace jeton::testing
