// Each assertion is good once, none that lives is forgotten, and a clock that is set back brings none back.
#include "identity/used_assertions.hpp"

#include "support/catch.hpp"

namespace {

using jeton::Code;
using jeton::UsedAssertions;

constexpr std::int64_t now = 1'790'000'000;

}  // namespace

TEST_CASE("an assertion is good once and that of another client is another") {
  UsedAssertions used;
  CHECK(used.spend("a", "1", now + 300, now));
  const auto again = used.spend("a", "1", now + 300, now);
  REQUIRE_FALSE(again);
  CHECK(again.error().code == Code::bad_token);
  CHECK_THAT(again.error().message, Catch::Contains("make a new one"));
  CHECK(used.spend("a", "2", now + 300, now));
  CHECK(used.spend("b", "1", now + 300, now));
  CHECK_FALSE(used.spend("a", "1", now + 400, now));  // whatever else it says
}

TEST_CASE("a full table refuses and forgets none that lives and another client still has room") {
  UsedAssertions used;
  for (std::size_t i = 0; i < UsedAssertions::of_one_client_max; ++i)
    REQUIRE(used.spend("a", std::to_string(i), now + 300 + static_cast<std::int64_t>(i % 2), now));
  const auto full = used.spend("a", "one more", now + 300, now);
  REQUIRE_FALSE(full);
  CHECK(full.error().code == Code::rate_limited);
  CHECK(used.spend("b", "0", now + 300, now));
  CHECK(used.spend("a", "0", now + 300, now).error().code == Code::bad_token);
  // when: half of them have expired
  CHECK(used.spend("a", "one more", now + 600, now + 300));
  CHECK(used.spend("a", "1", now + 301, now + 300).error().code == Code::bad_token);
}

TEST_CASE("a clock that is set back makes no forgotten assertion good again") {
  UsedAssertions used;
  for (std::size_t i = 0; i < UsedAssertions::of_one_client_max; ++i)
    REQUIRE(used.spend("a", std::to_string(i), now + 300, now));
  REQUIRE(used.spend("a", "later", now + 900, now + 600));
  // when: the clock is where it was, and the table no longer has them
  CHECK(used.spend("a", "0", now + 300, now).error().code == Code::bad_token);
  CHECK(used.spend("a", "new", now + 301, now));
}
