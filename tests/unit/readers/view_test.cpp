// Calls as people look at them: summed up from events, whatever stands in the rows.
#include "readers/view.hpp"

#include "jeton/clock.hpp"
#include "support/catch.hpp"
#include "support/events.hpp"
#include "support/memory_store.hpp"

namespace {

namespace t = jeton::testing;
using jeton::Event;
using jeton::EventKind;
using jeton::Role;
using t::id_of;

constexpr std::int64_t now_us = 1'790'000'000'000'000;

struct Log {
  t::MemoryStore store;
  std::unique_ptr<jeton::LogReader> reader = store.reader();

  void add(Event event) {
    REQUIRE(store.transact([&] { store.append(event); }));
  }
  /// An event of call `number`, about its token `jti`.
  static Event of(EventKind kind, int number, int jti = 0) {
    Event event;
    event.kind = kind;
    event.time_us = now_us;
    event.txn = id_of<jeton::Txn>(number);
    if (jti != 0) event.jti = id_of<jeton::Jti>(jti);
    return event;
  }
  void minted(int number, int jti, std::int64_t expires_at = 1'790'000'030) {
    auto event = of(EventKind::token_minted, number, jti);
    event.agent = "spiffe://acme.example/agent/billing";
    event.server = "https://crm.example/mcp";
    event.tool = "refund";
    event.attempt = jti % 100;
    event.expires_at = expires_at;
    add(event);
  }
  void reported(int number, int jti, Role role, jeton::Outcome outcome) {
    auto event = of(EventKind::call_outcome, number, jti);
    event.role = role;
    event.outcome = outcome;
    add(event);
  }
  [[nodiscard]] jeton::CallPage page(std::uint64_t before = UINT64_MAX, std::size_t limit = 50,
                                     std::int64_t now = now_us) const {
    return jeton::list_calls(*reader, before, limit, now);
  }
};

}  // namespace

TEST_CASE("an empty log has no calls and an unknown txn no story") {
  const Log log;
  const auto page = log.page();
  CHECK(page.calls.empty());
  CHECK(page.events == 0);
  CHECK_FALSE(page.next_before);
  CHECK(page.json() == jeton::Json{{"calls", jeton::Json::array()}, {"events", 0}, {"gaps", 0}});
  CHECK(jeton::story_of(*log.reader, id_of<jeton::Txn>(1)).error().code == jeton::Code::unknown_call);
}

TEST_CASE("refusals alone are no call but they are a story") {
  Log log;
  log.add(Log::of(EventKind::request_refused, 1));
  CHECK(log.page().calls.empty());
  CHECK(jeton::story_of(*log.reader, id_of<jeton::Txn>(1))->size() == 1);
}

TEST_CASE("the state of a call is that of its newest attempt") {
  Log log;
  const auto state = [&log](std::int64_t now = now_us) { return log.page(UINT64_MAX, 1, now).calls.at(0).state; };
  log.add(Log::of(EventKind::call_opened, 1));
  CHECK(state() == "opened");
  log.minted(1, 101);
  CHECK(state() == "minted");
  CHECK(state(1'790'000'029'999'999) == "minted");
  CHECK(state(1'790'000'030'000'000) == "expired");
  log.add(Log::of(EventKind::token_superseded, 1, 101));
  CHECK(state() == "superseded");
  log.minted(1, 102);
  CHECK(state() == "minted");
  log.add(Log::of(EventKind::token_revoked, 1, 102));
  CHECK(state() == "revoked");
  log.minted(1, 103);
  log.add(Log::of(EventKind::token_redeemed, 1, 103));
  CHECK(state() == "redeemed");
  log.minted(1, 104);
  log.reported(1, 104, Role::agent, jeton::Outcome::ok);
  CHECK(state() == "minted");
  log.reported(1, 104, Role::server, jeton::Outcome::ok);
  CHECK(state() == "reported");
}

TEST_CASE("a call is summed up with its refusals and with what both sides said") {
  Log log;
  log.add(Log::of(EventKind::request_refused, 1));
  log.minted(1, 101);
  log.add(Log::of(EventKind::token_redeemed, 1, 101));
  log.add(Log::of(EventKind::request_refused, 1, 101));
  log.reported(1, 101, Role::server, jeton::Outcome::tool_error);
  log.reported(1, 0, Role::agent, jeton::Outcome::ok);
  log.reported(1, 0, Role::agent, jeton::Outcome::cancelled);
  const auto page = log.page();
  REQUIRE(page.calls.size() == 1);
  const auto& call = page.calls[0];
  CHECK(call.log_index == 1);
  CHECK(call.refusals == 2);
  CHECK(call.attempts == 1);
  CHECK(call.redemptions == 1);
  CHECK(call.openers_outcome == "ok");
  CHECK(call.redeemers_outcome == "tool_error");
  const auto json = call.json();
  CHECK(json["txn"] == id_of<jeton::Txn>(1).text());
  CHECK(json["opened_at"] == 1'790'000'000);
  CHECK(json["outcome"] == "ok");
  CHECK(json["server_outcome"] == "tool_error");
  CHECK_FALSE(json.contains("call_id"));
}

TEST_CASE("pages follow one another without a gap or a repeat") {
  Log log;
  for (int number = 1; number <= 7; ++number) log.minted(number, number * 100 + 1);
  std::vector<std::string> seen;
  std::optional<std::uint64_t> before = UINT64_MAX;
  for (int pages = 0; before && pages < 10; ++pages) {
    const auto page = log.page(*before, 3);
    for (const auto& call : page.calls) seen.push_back(call.txn.text());
    before = page.next_before;
  }
  REQUIRE(seen.size() == 7);
  for (int i = 0; i < 7; ++i) CHECK(seen[static_cast<std::size_t>(i)] == id_of<jeton::Txn>(7 - i).text());
}

TEST_CASE("numbers that only an edited log has do no harm") {
  Log log;
  log.minted(1, 101, INT64_MAX);
  log.minted(2, 201, INT64_MIN);
  const auto page = log.page();
  CHECK(page.calls.at(1).state == "minted");
  CHECK(page.calls.at(0).state == "expired");
}

TEST_CASE("an event is shown with the names of its leaf and its place") {
  auto event = t::full_event();
  event.log_index = 9;
  auto shown = jeton::json_of(event);
  CHECK(shown["log_index"] == 9);
  shown.erase("log_index");
  CHECK(jeton::canonical_json(shown).value() == jeton::leaf_bytes(event));
}
