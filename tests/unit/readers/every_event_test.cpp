// A log with every kind of event, for the programs of others: written only where $JETON_FORMATS_STATE names a
// directory.
#include <cstdlib>
#include <filesystem>
#include <set>
#include <vector>

#include "store/sqlite_store.hpp"
#include "support/catch.hpp"
#include "support/events.hpp"

namespace {

namespace t = jeton::testing;
using jeton::Event;
using jeton::EventKind;

/// As a daemon writes it: the fillers' texts are no hashes and no trace.
Event plausible(EventKind kind) {
  auto event = t::full_event(kind);
  event.exe = "/usr/bin/tool%20one";
  event.exe_sha256 = jeton::hex(jeton::sha256("exe"));
  event.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  return event;
}

std::vector<Event> every_event() {
  std::vector<Event> all;
  for (const auto kind : jeton::all_event_kinds()) {
    all.push_back(plausible(kind));
    all.push_back(t::full_event(kind));
    Event bare;
    bare.kind = kind;
    bare.time_us = 1'790'000'000'000'000;
    if (kind >= EventKind::call_opened && kind <= EventKind::call_outcome) {  // a token's event has a token
      bare.txn = t::id_of<jeton::Txn>(1);
      bare.jti = t::id_of<jeton::Jti>(1);
    }
    all.push_back(bare);
  }
  auto refused = plausible(EventKind::request_refused);
  for (const auto& row : jeton::all_codes()) {
    refused.code = row.code;
    for (int verb = 1; verb <= 8; ++verb) {
      refused.verb = static_cast<jeton::Verb>(verb);
      all.push_back(refused);
    }
  }
  auto outcome = plausible(EventKind::call_outcome);
  for (int kind = 1; kind <= 5; ++kind) {
    outcome.outcome = static_cast<jeton::Outcome>(kind);
    all.push_back(outcome);
  }
  auto asked = plausible(EventKind::token_redeemed);
  for (int role = 1; role <= 6; ++role) {
    asked.role = static_cast<jeton::Role>(role);
    asked.jti = t::id_of<jeton::Jti>(role);
    all.push_back(asked);
  }
  return all;
}

/// Calls that are over: one of a caller's trace that needed two attempts, one of no trace that failed, one revoked.
std::vector<Event> calls_that_are_over() {
  std::vector<Event> all;
  const auto add = [&all](EventKind kind, int call, int attempt) -> Event& {
    auto event = t::event_of(kind, 60'000 + call);
    event.jti.reset();
    if (attempt > 0) event.jti = t::id_of<jeton::Jti>(60'000 + 10 * call + attempt);
    event.time_us += static_cast<std::int64_t>(all.size()) * 1000;
    return all.emplace_back(event);
  };
  const auto mint = [&](int call, int attempt) -> Event& {
    auto& event = add(EventKind::token_minted, call, attempt);
    event.attempt = attempt;
    event.agent = "spiffe://acme.example/agent/billing";
    event.tool = "refund";
    event.server = "https://crm.example/mcp";
    event.grant = "refunds";
    event.expires_at = 1'790'000'030;
    return event;
  };
  const auto over = [&](int call, int attempt, jeton::Role role, jeton::Outcome outcome) {
    auto& event = add(EventKind::call_outcome, call, attempt);
    event.role = role;
    event.outcome = outcome;
  };
  auto& opening = mint(1, 1);
  opening.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  opening.call_id = "call_7";
  opening.session_id = "session";
  opening.agent_label = "the billing agent";
  add(EventKind::token_superseded, 1, 1);
  mint(1, 2);
  add(EventKind::token_redeemed, 1, 2).uid = 1002;
  over(1, 2, jeton::Role::server, jeton::Outcome::ok);
  over(1, 0, jeton::Role::agent, jeton::Outcome::ok);
  mint(2, 1);
  over(2, 0, jeton::Role::agent, jeton::Outcome::transport_error);
  mint(3, 1);
  add(EventKind::token_revoked, 3, 0);
  return all;
}

}  // namespace

TEST_CASE("a log with every kind of event is written for the programs of others", "[.formats]") {
  const char* state = std::getenv("JETON_FORMATS_STATE");
  REQUIRE(state != nullptr);
  const auto store = jeton::open_sqlite_store(std::filesystem::path(state) / "jeton.db", jeton::Sync::normal);
  REQUIRE(store);
  REQUIRE((*store)->origin("acme.example/jeton/1"));
  // Two redemptions of one token are not in a log, and need not be here.
  std::set<jeton::Jti> spent;
  REQUIRE((*store)->transact([&] {
    for (auto event : every_event()) {
      if (event.kind == EventKind::token_redeemed && event.jti && !spent.insert(*event.jti).second)
        event.jti = t::id_of<jeton::Jti>(static_cast<int>(50'000 + spent.size()));
      (*store)->append(event);
    }
    for (const auto& event : calls_that_are_over()) (*store)->append(event);
  }));
}
