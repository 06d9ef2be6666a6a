// Columns, and cells that cannot do anything but stand there.
#include "cli/table.hpp"

#include "support/catch.hpp"

namespace {

using jeton::Json;
using jeton::cli::for_terminal;
using jeton::cli::json_for_terminal;
using jeton::cli::Table;

const std::string hostile =
    "\x1b]0;owned\x07\x1b[2J\r\n\t\xC2\x9B"
    "31m\x7f caf\xC3\xA9 \xFF\xE2\x80\xAE";

bool is_harmless(const std::string& text) {
  for (const char c : text)
    if (c != '\n' && (c < ' ' || c > '~')) return false;
  return true;
}

}  // namespace

TEST_CASE("nothing that moves a cursor gets to a terminal") {
  const auto shown = for_terminal(hostile);
  CHECK(is_harmless(shown));
  CHECK(shown.find('\n') == shown.npos);
  CHECK_THAT(shown, Catch::StartsWith("%1B]0;owned%07%1B[2J%0D%0A%09%C2%9B31m%7F caf%C3%A9 %FF"));
  CHECK(for_terminal(std::string("a\0b", 3)) == "a%00b");
  CHECK(for_terminal("plain ~ text!") == "plain ~ text!");
}

TEST_CASE("a document that is no UTF-8 is still printed and harmless") {
  const Json document{{"agent", hostile}, {hostile, Json::array({hostile})}};
  const auto shown = json_for_terminal(document);
  CHECK(is_harmless(shown));
  CHECK(Json::accept(shown));
  CHECK(Json::parse(json_for_terminal(Json{{"name", "caf\xC3\xA9"}})) == Json{{"name", "caf\xC3\xA9"}});
}

TEST_CASE("columns are as wide as their widest cell and lines end where their text does") {
  Table table({"A", "LONG NAME", "C"});
  CHECK(table.empty());
  table.add({"wide cell", "x", "1"});
  table.add({"y", "", ""});
  CHECK_FALSE(table.empty());
  CHECK(table.text(false) == "A          LONG NAME  C\nwide cell  x          1\ny\n");
}

TEST_CASE("digits of a column of numbers stand below digits") {
  Table table({"A", "CALLS", "B"});
  table.numbers(1, 1);
  table.add({"x", "7", "y"});
  table.add({"x", "1234567", "y"});
  CHECK(table.text(false) == "A    CALLS  B\nx        7  y\nx  1234567  y\n");
}

TEST_CASE("colour is for the header alone") {
  Table table({"A"});
  table.add({"b"});
  CHECK(table.text(true) == "\x1b[2mA\x1b[0m\nb\n");
}

TEST_CASE("any number is a time") {
  using jeton::cli::utc_clock;
  using jeton::cli::utc_clock_of_seconds;
  using jeton::cli::utc_time;
  CHECK(utc_time(1'795'300'670'123'456) == "2026-11-21 22:37:50Z");
  CHECK(utc_clock(1'795'300'670'123'456) == "22:37:50.123");
  CHECK(utc_clock(1'795'300'670'000'999) == "22:37:50.000");
  CHECK(utc_clock_of_seconds(1'795'300'670) == "22:37:50");
  CHECK(utc_time(0) == "1970-01-01 00:00:00Z");
  CHECK(utc_time(-1) == "1969-12-31 23:59:59Z");
  CHECK(utc_clock(-1) == "23:59:59.999");
  for (const auto number : {INT64_MIN, INT64_MAX}) {
    CHECK_FALSE(utc_time(number).empty());
    CHECK_FALSE(utc_clock(number).empty());
    CHECK(utc_clock_of_seconds(number) == "?");
  }
}
