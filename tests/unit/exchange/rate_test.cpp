// How many tokens a minute: a window that slides, per agent and grant.
#include "exchange/rate.hpp"

#include "jeton/clock.hpp"
#include "support/catch.hpp"

namespace {
using jeton::MintRate;
constexpr auto s = jeton::us_per_s;
}  // namespace

TEST_CASE("a limit of zero takes nothing") {
  MintRate rate;
  CHECK_FALSE(rate.take("billing", "refunds", 0, 0));
}

TEST_CASE("the minute slides and a refusal takes no place") {
  MintRate rate;
  CHECK(rate.take("billing", "refunds", 2, 0));
  CHECK(rate.take("billing", "refunds", 2, 30 * s));
  for (int i = 0; i < 5; ++i) CHECK_FALSE(rate.take("billing", "refunds", 2, 60 * s - 1));
  CHECK(rate.take("billing", "refunds", 2, 60 * s));
  CHECK_FALSE(rate.take("billing", "refunds", 2, 89 * s));
  CHECK(rate.take("billing", "refunds", 2, 90 * s));
}

TEST_CASE("agents and grants have minutes of their own") {
  MintRate rate;
  CHECK(rate.take("billing", "refunds", 1, 0));
  CHECK(rate.take("billing", "mails", 1, 0));
  CHECK(rate.take("support", "refunds", 1, 0));
  CHECK_FALSE(rate.take("billing", "refunds", 1, 0));
}

TEST_CASE("a limit that was lowered holds at once") {
  MintRate rate;
  for (int i = 0; i < 5; ++i) CHECK(rate.take("billing", "refunds", 10, 0));
  CHECK_FALSE(rate.take("billing", "refunds", 3, 1));
}
