// Times as people type them, and texts that are none.
#include "cli/time_words.hpp"

#include "support/catch.hpp"

namespace {

using jeton::cli::time_from;

constexpr std::int64_t now_us = 1'795'300'670'000'000;  // 2026-11-21 22:37:50Z
constexpr std::int64_t second = 1'000'000;

}  // namespace

TEST_CASE("a time is read as it is written") {
  CHECK(time_from("2026-11-21T22:37:50Z", now_us) == now_us);
  CHECK(time_from("2026-11-21 22:37:50Z", now_us) == now_us);
  CHECK(time_from("2026-11-21t22:37:50z", now_us) == now_us);
  CHECK(time_from("2026-11-21T22:37:50.25Z", now_us) == now_us + second / 4);
  CHECK(time_from("2026-11-21T22:37:50.1234567Z", now_us) == now_us + 123'456);
  CHECK(time_from("2026-11-22T00:37:50+02:00", now_us) == now_us);
  CHECK(time_from("2026-11-21T14:07:50-08:30", now_us) == now_us);
  CHECK(time_from("2026-11-21", now_us) == now_us - (22 * 3600 + 37 * 60 + 50) * second);
  CHECK(time_from("1970-01-01", now_us) == 0);
  CHECK(time_from("2024-02-29", now_us) == 1'709'164'800 * second);
  CHECK(time_from("1795300670", now_us) == now_us);
  CHECK(time_from("0", now_us) == 0);
  CHECK(time_from("9000000000", now_us) == 9'000'000'000 * second);
}

TEST_CASE("so long ago is counted from now") {
  CHECK(time_from("90s", now_us) == now_us - 90 * second);
  CHECK(time_from("15m", now_us) == now_us - 900 * second);
  CHECK(time_from("2h", now_us) == now_us - 7200 * second);
  CHECK(time_from("3d", now_us) == now_us - 3 * 86'400 * second);
  CHECK(time_from("1w", now_us) == now_us - 7 * 86'400 * second);
}

TEST_CASE("what is not wholly a time is none") {
  for (const char* text : {"",
                           "now",
                           "2026",
                           "2026-13-01",
                           "2026-02-30",
                           "2026-11-21T",
                           "2026-11-21T22:37Z",
                           "2026-11-21T22:37:50",
                           "2026-11-21T24:00:00Z",
                           "2026-11-21T22:61:00Z",
                           "2026-11-21T22:37:50.Z",
                           "2026-11-21T22:37:50Zx",
                           "2026-11-21T22:37:50+2:00",
                           "-5",
                           "-5m",
                           "+5",
                           "5x",
                           "5mm",
                           "m",
                           "15 m",
                           "99999999999999999999",
                           "1.5h",
                           "2147483647w",
                           "2026-11-21 ",
                           " 2026-11-21"}) {
    CAPTURE(text);
    // Four digits alone are seconds, not a year.
    if (std::string_view(text) == "2026")
      CHECK(time_from(text, now_us) == 2026 * second);
    else
      CHECK_FALSE(time_from(text, now_us));
  }
}
