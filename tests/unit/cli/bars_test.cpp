// Bars, sparklines and moments: what a person sees and types.
#include "cli/bars.hpp"

#include "cli/commands.hpp"
#include "support/catch.hpp"

using jeton::cli::bar;
using jeton::cli::moment_us;
using jeton::cli::sparkline;

TEST_CASE("a bar is as long to its cells as its value is to the largest") {
  CHECK(bar(10, 10, 8, false) == "########");
  CHECK(bar(5, 10, 8, false) == "####");
  CHECK(bar(1, 1'000'000, 8, false) == "#");
  CHECK(bar(0, 10, 8, false).empty());
  CHECK(bar(0, 0, 8, true).empty());
  CHECK(bar(-1, 10, 8, true).empty());
  CHECK(bar(20, 10, 4, false) == "####");
  CHECK(bar(10, 10, 2, true) == "██");
  CHECK(bar(1, 16, 2, true) == "▏");
  CHECK(bar(INT64_MAX, INT64_MAX, 3, false) == "###");
}

TEST_CASE("a sparkline has a character a value and a blank for nothing") {
  CHECK(sparkline({0, 1, 4, 8}, true) == " ▁▄█");
  CHECK(sparkline({0, 1, 4, 8}, false) == " .=#");
  CHECK(sparkline({0, 0}, false) == "  ");
  CHECK(sparkline({}, true).empty());
}

TEST_CASE("a moment is a date or a time or so long ago or seconds") {
  constexpr std::int64_t now_us = 1'795'300'670'123'456, s = 1'000'000;
  CHECK(moment_us("2026-11-21", now_us) == 1'795'219'200 * s);
  CHECK(moment_us("2026-11-21T22:37:50Z", now_us) == 1'795'300'670 * s);
  CHECK(moment_us("2026-11-21 22:37:50", now_us) == 1'795'300'670 * s);
  CHECK(moment_us("2026-11-21T22:37", now_us) == 1'795'300'620 * s);
  CHECK(moment_us("90m", now_us) == now_us - 5400 * s);
  CHECK(moment_us("7d", now_us) == now_us - 604'800 * s);
  CHECK(moment_us("0", now_us) == 0);
  CHECK(moment_us("1795300670", now_us) == 1'795'300'670 * s);
  for (const char* wrong : {"", "yesterday", "2026-02-30", "2026-13-01", "2026-11-21x", "21.11.2026", "h", "-5h", "5y",
                            "99999999999999999999", "253402300800", "26-11-21"}) {
    CAPTURE(wrong);
    CHECK_FALSE(moment_us(wrong, now_us));
  }
}
