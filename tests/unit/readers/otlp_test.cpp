// A log record has every member of its leaf, under the name that others know where there is one.
#include "readers/otlp.hpp"

#include <map>

#include "support/catch.hpp"
#include "support/events.hpp"

namespace {

namespace t = jeton::testing;
using jeton::Event;
using jeton::EventKind;
using jeton::Json;

Json record_of(const Event& event) {
  return jeton::otlp_json(event, "acme.example/jeton/1")["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0];
}

std::map<std::string, Json> attributes_of(const Json& record) {
  std::map<std::string, Json> found;
  for (const auto& attribute : record["attributes"]) found[attribute["key"]] = attribute["value"];
  return found;
}

}  // namespace

TEST_CASE("a log record has every member of its leaf and its place") {
  for (const auto kind : jeton::all_event_kinds()) {
    auto event = t::full_event(kind);
    event.log_index = 4711;
    const auto record = record_of(event);
    const auto attributes = attributes_of(record);
    const auto leaf = leaf_json(event);
    CHECK(attributes.size() == leaf.size() + 2);  // its place, and the conventions' name of the work
    CHECK(attributes.at("jeton.log_index") == Json{{"intValue", "4711"}});
    CHECK(attributes.at("gen_ai.tool.name") == Json{{"stringValue", *event.tool}});
    CHECK(attributes.at("gen_ai.tool.call.id") == Json{{"stringValue", *event.call_id}});
    CHECK(attributes.at("process.pid") == Json{{"intValue", std::to_string(*event.pid)}});
    CHECK(attributes.at("jeton.self_redeemed") == Json{{"boolValue", *event.self_redeemed}});
    CHECK(attributes.at("jeton.time_us") == Json{{"intValue", std::to_string(event.time_us)}});
    CHECK(record["eventName"] == "jeton." + std::string(name_of(kind)));
    CHECK(record["timeUnixNano"] == std::to_string(event.time_us) + "000");
    CHECK_FALSE(record.contains("traceId"));
  }
}

TEST_CASE("a log record is of the trace that the caller named") {
  Event event;
  event.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const auto record = record_of(event);
  CHECK(record["traceId"] == "4bf92f3577b34da6a3ce929d0e0e4736");
  CHECK(record["spanId"] == "00f067aa0ba902b7");
  CHECK(record["flags"] == 1);
  for (const char* none : {"", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
                           "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                           "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                           "00-4bf92f3577b34da6a3ce929d0e0e47zz-00f067aa0ba902b7-01",
                           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-\x1b["}) {
    CAPTURE(none);
    event.traceparent = none;
    CHECK_FALSE(record_of(event).contains("traceId"));
  }
}

TEST_CASE("a time that nanoseconds cannot say is none") {
  Event event;
  for (const auto time : {INT64_MAX, INT64_MIN, std::int64_t{-1}}) {
    event.time_us = time;
    CHECK(record_of(event)["timeUnixNano"] == "0");
  }
}
