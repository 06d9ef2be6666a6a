// One event on one line, whatever somebody wrote into it.
#include "cli/timeline.hpp"

#include "support/catch.hpp"
#include "support/events.hpp"

namespace {

namespace t = jeton::testing;

}  // namespace

TEST_CASE("the line of an event says its place, whose it is and what it was for") {
  auto event = t::event_of(jeton::EventKind::token_minted, 1);
  event.log_index = 12;
  event.agent = "spiffe://acme.example/agent/billing";
  event.tool = "refund";
  event.attempt = 2;
  event.role = jeton::Role::agent;
  event.uid = 1001;
  CHECK(jeton::cli::line_of(event) ==
        "12      2026-09-21 14:13:20.000Z  token.minted         billing  refund  attempt 2  agent uid 1001  " +
            event.txn->text() + "\n");
}

TEST_CASE("the line of an edited event is one line of printable characters") {
  for (const auto kind : jeton::all_event_kinds()) {
    auto event = t::full_event(kind);
    event.time_us = INT64_MIN;
    event.agent = event.tool = event.server = event.grant = event.detail = event.exe = "\x1b[2J\r\nx\xC2\x9B\x7f";
    const auto line = jeton::cli::line_of(event);
    CHECK(line.find('\n') == line.size() - 1);
    for (const char c : line.substr(0, line.size() - 1)) CHECK((c >= ' ' && c <= '~'));
  }
}
