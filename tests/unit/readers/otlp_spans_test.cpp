// A call that is over is a span with one below it for each attempt, and the same for ever.
#include "readers/otlp_spans.hpp"

#include <map>

#include "readers/export.hpp"
#include "support/catch.hpp"
#include "support/events.hpp"
#include "support/memory_store.hpp"

namespace {

namespace t = jeton::testing;
using jeton::Event;
using jeton::EventKind;
using jeton::Json;
using jeton::Jti;
using jeton::Txn;
using t::id_of;

const std::string traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
constexpr std::int64_t began_us = 1'790'000'000'000'000;

/// The events of one call, a second apart.
struct Story {
  std::vector<Event> events;

  Event& add(EventKind kind, int attempt = 0) {
    Event event;
    event.kind = kind;
    event.log_index = 100 + events.size();
    event.time_us = began_us + 1'000'000 * static_cast<std::int64_t>(events.size());
    event.txn = id_of<Txn>(1);
    if (attempt > 0) event.jti = id_of<Jti>(attempt);
    return events.emplace_back(event);
  }
  Event& mint(int attempt) {
    auto& event = add(EventKind::token_minted, attempt);
    event.attempt = attempt;
    event.agent = "spiffe://acme.example/agent/billing";
    event.tool = "refund";
    event.server = "https://crm.example/mcp";
    event.grant = "refunds";
    event.expires_at = event.time_us / 1'000'000 + 30;
    return event;
  }
  Event& outcome(jeton::Role role, jeton::Outcome outcome, int attempt = 0) {
    auto& event = add(EventKind::call_outcome, attempt);
    event.role = role;
    event.outcome = outcome;
    return event;
  }
  [[nodiscard]] Json spans() const { return spans_at(events.back()); }
  [[nodiscard]] Json spans_at(const Event& end) const {
    const auto document = otlp_spans_json(end, events, "acme.example/jeton/1");
    REQUIRE(document);
    return (*document)["resourceSpans"][0]["scopeSpans"][0]["spans"];
  }
};

/// Two attempts, the second redeemed and reported by its server, then over.
Story retried() {
  Story story;
  auto& opening = story.mint(1);
  opening.traceparent = traceparent;
  opening.call_id = "call_7";
  opening.session_id = "session";
  story.add(EventKind::token_superseded, 1);
  story.mint(2);
  story.add(EventKind::request_refused, 2);
  auto& redeemed = story.add(EventKind::token_redeemed, 2);
  redeemed.uid = 1002;
  redeemed.pid = 77;
  story.outcome(jeton::Role::server, jeton::Outcome::ok, 2);
  story.outcome(jeton::Role::agent, jeton::Outcome::ok);
  return story;
}

std::map<std::string, Json> attributes_of(const Json& span) {
  std::map<std::string, Json> found;
  for (const auto& attribute : span["attributes"]) found[attribute["key"]] = attribute["value"];
  return found;
}

std::string at_second(int second) { return std::to_string(began_us + 1'000'000 * second) + "000"; }

}  // namespace

TEST_CASE("a call that is over is a span of the callers trace and each attempt one below it") {
  const auto story = retried();
  const auto spans = story.spans();
  REQUIRE(spans.size() == 3);
  const auto& call = spans[0];
  CHECK(call["name"] == "execute_tool refund");
  CHECK(call["parentSpanId"] == "00f067aa0ba902b7");
  CHECK(call["startTimeUnixNano"] == at_second(0));
  CHECK(call["endTimeUnixNano"] == at_second(6));
  CHECK(call["status"] == Json{{"code", 1}});
  const auto said = attributes_of(call);
  CHECK(said.at("gen_ai.operation.name") == Json{{"stringValue", "execute_tool"}});
  CHECK(said.at("gen_ai.tool.name") == Json{{"stringValue", "refund"}});
  CHECK(said.at("gen_ai.tool.call.id") == Json{{"stringValue", "call_7"}});
  CHECK(said.at("gen_ai.agent.id") == Json{{"stringValue", "spiffe://acme.example/agent/billing"}});
  CHECK(said.at("session.id") == Json{{"stringValue", "session"}});
  CHECK(said.at("jeton.attempts") == Json{{"intValue", "2"}});
  CHECK(said.at("jeton.redemptions") == Json{{"intValue", "1"}});
  CHECK(said.at("jeton.refusals") == Json{{"intValue", "1"}});
  CHECK(said.at("jeton.log_index") == Json{{"intValue", "106"}});
  CHECK(said.at("jeton.txn") == Json{{"stringValue", id_of<Txn>(1).text()}});
  for (const auto& span : spans) CHECK(span["traceId"] == "4bf92f3577b34da6a3ce929d0e0e4736");

  const auto &first = spans[1], &second = spans[2];
  for (const auto* attempt : {&first, &second}) CHECK((*attempt)["parentSpanId"] == call["spanId"]);
  CHECK(first["spanId"] != second["spanId"]);
  CHECK(first["name"] == "jeton attempt 1");
  CHECK(first["endTimeUnixNano"] == at_second(1));
  CHECK(attributes_of(first).at("jeton.state") == Json{{"stringValue", "superseded"}});
  CHECK_FALSE(first.contains("status"));
  CHECK(second["startTimeUnixNano"] == at_second(2));
  CHECK(second["endTimeUnixNano"] == at_second(5));
  CHECK(attributes_of(second).at("jeton.state") == Json{{"stringValue", "redeemed"}});
  CHECK(attributes_of(second).at("jeton.redeemer.uid") == Json{{"intValue", "1002"}});
  CHECK(second["events"] == Json::array({{{"name", "jeton.token.redeemed"}, {"timeUnixNano", at_second(4)}}}));
  CHECK(second["status"] == Json{{"code", 1}});
}

TEST_CASE("a call without a callers trace is one of its own") {
  Story story;
  story.mint(1);
  story.outcome(jeton::Role::agent, jeton::Outcome::tool_error);
  const auto spans = story.spans();
  CHECK(spans[0]["traceId"] == jeton::hex(id_of<Txn>(1).bytes));
  CHECK_FALSE(spans[0].contains("parentSpanId"));
  CHECK(spans[0]["status"] == Json{{"code", 2}});
  CHECK(attributes_of(spans[0]).at("error.type") == Json{{"stringValue", "tool_error"}});
}

TEST_CASE("an attempt nobody spoke of ends when its token expires or its call is over") {
  Story story;
  story.mint(1);
  story.outcome(jeton::Role::agent, jeton::Outcome::unknown);
  CHECK(story.spans()[1]["endTimeUnixNano"] == at_second(1));
  CHECK_FALSE(story.spans()[0].contains("status"));
  story.events.back().time_us += 100'000'000;
  CHECK(story.spans()[1]["endTimeUnixNano"] == at_second(30));
}

TEST_CASE("a clock that was set back makes no span that ends before it begins") {
  auto story = retried();
  for (auto& event : story.events) event.time_us = 2 * began_us - event.time_us;
  for (const auto& span : story.spans()) CHECK(span["endTimeUnixNano"] == span["startTimeUnixNano"]);
}

TEST_CASE("what ended a call is its first end and what came later is not told") {
  auto story = retried();
  const auto before = story.spans();
  const auto end = story.events.back();
  story.add(EventKind::token_revoked);
  story.outcome(jeton::Role::server, jeton::Outcome::tool_error, 2);
  CHECK(story.spans_at(end) == before);
  CHECK_FALSE(otlp_spans_json(story.events[7], story.events, ""));
  CHECK_FALSE(otlp_spans_json(story.events[8], story.events, ""));
}

TEST_CASE("a call that was revoked for good is over and one of refusals alone is no call") {
  Story story;
  story.mint(1);
  story.add(EventKind::token_revoked, 1);
  CHECK_FALSE(jeton::can_end_call(story.events.back()));
  story.add(EventKind::token_revoked);
  CHECK(attributes_of(story.spans()[0]).at("jeton.state") == Json{{"stringValue", "revoked"}});
  CHECK(attributes_of(story.spans()[1]).at("jeton.state") == Json{{"stringValue", "revoked"}});

  Story none;
  none.add(EventKind::request_refused);
  none.outcome(jeton::Role::agent, jeton::Outcome::ok);
  CHECK_FALSE(otlp_spans_json(none.events.back(), none.events, ""));
}

TEST_CASE("an export of traces has a line for each call that is over at the event that ended it") {
  t::MemoryStore store;
  REQUIRE(store.transact([&] {
    for (auto event : retried().events) store.append(event);
    auto open = t::event_of(EventKind::token_minted, 9);
    open.attempt = 1;
    store.append(open);
  }));
  std::string text;
  const auto done = export_events(*store.reader(), {}, jeton::ExportFormat::otlp_traces,
                                  [&](const std::string& more) { return text += more, true; });
  CHECK(done.lines == 1);
  CHECK(std::count(text.begin(), text.end(), '\n') == 1);
  CHECK(jeton::index_of_line(text, jeton::ExportFormat::otlp_traces) == 6);
}
