// Bars, sparklines and moments: what a person sees and types.
#include "cli/bars.hpp"

#include "cli/commands.hpp"
#include "support/catch.hpp"

using jeton::cli::bar;
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
