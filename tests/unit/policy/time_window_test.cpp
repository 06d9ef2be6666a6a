// When a grant holds: to the second, by the time that is handed in, and never without one.
#include "policy/time_window.hpp"

#include "jeton/clock.hpp"
#include "policy/grants.hpp"
#include "support/catch.hpp"

namespace {

using jeton::Code;
using jeton::Grant;
using jeton::Grants;
using jeton::TimeWindow;
using jeton::us_per_s;
using jeton::utc_seconds;
using jeton::utc_text;

constexpr std::int64_t begin_s = 1'796'086'800, end_s = begin_s + 2 * 3600;  // 2026-12-01, 01:00 to 03:00

/// A contractor's one night.
Grants backup() {
  Grant grant{"backup", "mcp:stdio:store", {"snapshot"}, {.grant = "backup-night", .ttl_s = 60}};
  grant.window = {begin_s, end_s};
  return Grants({grant});
}

jeton::Result<jeton::Permit> decide_at(std::optional<std::int64_t> wall_us) {
  return backup().decide({"backup", "mcp:stdio:store", "snapshot", nullptr, wall_us});
}

}  // namespace

TEST_CASE("a time in UTC is read and written and no other time is") {
  CHECK(utc_seconds("1970-01-01T00:00:00Z") == 0);
  CHECK(utc_seconds("2026-12-01T01:00:00Z") == begin_s);
  CHECK(utc_seconds("2026-12-01T01:00Z") == begin_s);
  CHECK(utc_seconds("2028-02-29T23:59:59Z") == 1'835'481'599);
  CHECK(utc_text(begin_s) == "2026-12-01T01:00:00Z");
  CHECK(utc_text(1'835'481'599) == "2028-02-29T23:59:59Z");
  for (const char* text : {"",
                           "Z",
                           "2026-12-01",
                           "2026-12-01T01:00:00",
                           "2026-12-01T01:00:00z",
                           "2026-12-01t01:00:00Z",
                           "2026-12-01 01:00:00Z",
                           "2026-12-01T01:00:00.5Z",
                           "2026-12-01T01:00:00+00:00",
                           "2026-12-01T24:00:00Z",
                           "2026-12-01T01:60:00Z",
                           "2026-12-01T01:00:60Z",
                           "2026-13-01T01:00:00Z",
                           "2026-00-01T01:00:00Z",
                           "2026-02-29T01:00:00Z",
                           "2026-12-00T01:00:00Z",
                           "26-12-01T01:00:00Z",
                           "+026-12-01T01:00:00Z",
                           "2026-12-01T01:00:00Z ",
                           " 2026-12-01T01:00Z",
                           "2026-12-01T-1:00:00Z"}) {
    CAPTURE(text);
    CHECK_FALSE(utc_seconds(text));
  }
}

TEST_CASE("a backup contractor is let in for one night and at no other time") {
  CHECK(decide_at(begin_s * us_per_s));
  CHECK(decide_at(end_s * us_per_s - 1));
  const auto early = decide_at(begin_s * us_per_s - 1);
  REQUIRE_FALSE(early);
  CHECK(early.error().code == Code::no_grant);
  CHECK(early.error().message ==
        "agent backup may not call snapshot on mcp:stdio:store at this time; grant \"backup-night\" begins at "
        "2026-12-01T01:00:00Z");
  const auto late = decide_at(end_s * us_per_s);
  REQUIRE_FALSE(late);
  CHECK_THAT(late.error().message, Catch::EndsWith("grant \"backup-night\" ended at 2026-12-01T03:00:00Z"));
  CHECK_FALSE(decide_at(std::nullopt));
}

TEST_CASE("no token outlives its grant") {
  CHECK(decide_at(begin_s * us_per_s)->ttl_s == 60);
  CHECK(decide_at((end_s - 60) * us_per_s)->ttl_s == 60);
  CHECK(decide_at((end_s - 7) * us_per_s)->ttl_s == 7);
  CHECK(decide_at((end_s - 7) * us_per_s + 1)->ttl_s == 7);
  CHECK(decide_at(end_s * us_per_s - 1)->ttl_s == 1);
}

TEST_CASE("a window may be open at either end and the next grant is asked when one is closed") {
  CHECK(TimeWindow{}.holds(std::nullopt));
  CHECK(TimeWindow{begin_s, std::nullopt}.holds(INT64_MAX));
  CHECK_FALSE(TimeWindow{begin_s, std::nullopt}.holds(0));
  CHECK(TimeWindow{std::nullopt, end_s}.holds(0));
  CHECK_FALSE(TimeWindow{std::nullopt, end_s}.holds(std::nullopt));

  Grant night{"a", "*", {"*"}, {.grant = "night", .max_attempts = 1}};
  night.window = {begin_s, end_s};
  const Grant ever{"a", "*", {"read"}, {.grant = "ever"}};
  const Grants grants({night, ever});
  CHECK(grants.decide({"a", "s", "read", nullptr, begin_s * us_per_s})->grant == "night");
  CHECK(grants.decide({"a", "s", "read", nullptr, end_s * us_per_s})->grant == "ever");
  const auto explained = grants.explain({"a", "s", "read", nullptr, end_s * us_per_s});
  REQUIRE(explained.lines.size() == 2);
  CHECK(explained.lines[0].reason == "ended at 2026-12-01T03:00:00Z");
  CHECK(explained.lines[1].reason.empty());
}
