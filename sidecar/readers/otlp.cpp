// Attributes by the semantic conventions, and the three layers around a record.
#include "readers/otlp.hpp"

#include <algorithm>
#include <array>

#include "readers/ocsf.hpp"
#include "readers/trace_context.hpp"

namespace jeton {
namespace {

struct Convention {
  std::string_view member, attribute;
};

/// Where the conventions have a name for what the log means.
constexpr std::array conventions{
    Convention{"tool", "gen_ai.tool.name"},
    Convention{"call_id", "gen_ai.tool.call.id"},
    Convention{"agent", "gen_ai.agent.id"},
    Convention{"agent_label", "gen_ai.agent.name"},
    Convention{"session_id", "session.id"},
    Convention{"pid", "process.pid"},
    Convention{"exe", "process.executable.path"},
    Convention{"uid", "process.user.id"},
    Convention{"code", "error.type"},
};

Json value_of(const Json& value) {
  if (value.is_string()) return {{"stringValue", value}};
  if (value.is_boolean()) return {{"boolValue", value}};
  return {{"intValue", value.dump()}};  // 64 bits are a text in the JSON of protobuf
}

Json attributes_of(const Event& event) {
  Json attributes = Json::array({otlp_attribute(otlp_index, event.log_index)});
  const auto leaf = leaf_json(event);
  for (const auto& [name, value] : leaf.items()) {
    const auto row = std::find_if(conventions.begin(), conventions.end(),
                                  [&name = name](const auto& convention) { return convention.member == name; });
    attributes.push_back(
        otlp_attribute(row == conventions.end() ? "jeton." + name : std::string(row->attribute), value));
  }
  // What the conventions call the work that tokens are for.
  if (event.tool) attributes.push_back(otlp_attribute("gen_ai.operation.name", "execute_tool"));
  return attributes;
}

struct Level {
  int number;
  std::string_view text;
};

/// The severity that the export to OCSF gives it.
Level level_of(const Event& event) {
  switch (ocsf_severity(event)) {
    case 2: return {13, "WARN"};
    case 3: return {15, "WARN3"};
    case 4: return {17, "ERROR"};
    default: return {9, "INFO"};
  }
}

}  // namespace

Json otlp_attribute(std::string_view name, const Json& value) { return {{"key", name}, {"value", value_of(value)}}; }

std::string otlp_time(std::int64_t time_us) {
  // As a text, from microseconds: the nanoseconds of an edited log may be no number of 64 bits.
  const auto time = time_us > 0 ? std::to_string(time_us) + "000" : std::string("0");
  return time.size() > 19 ? "0" : time;
}

Json otlp_resource(std::string_view origin) {
  Json resource = Json::array({otlp_attribute("service.name", "jetond")});
  if (!origin.empty()) resource.push_back(otlp_attribute("service.instance.id", std::string(origin)));
  return resource;
}

Json otlp_json(const Event& event, std::string_view origin) {
  const auto level = level_of(event);
  const auto time_ns = otlp_time(event.time_us);
  Json record{{"timeUnixNano", time_ns},
              {"observedTimeUnixNano", time_ns},
              {"severityNumber", level.number},
              {"severityText", level.text},
              {"eventName", "jeton." + std::string(name_of(event.kind))},
              {"body", {{"stringValue", name_of(event.kind)}}},
              {"attributes", attributes_of(event)}};
  if (const auto trace = trace_context_of(event.traceparent)) {
    record["traceId"] = trace->trace_id;
    record["spanId"] = trace->span_id;
    record["flags"] = std::stoi(trace->flags, nullptr, 16);
  }
  const Json scope{{"scope", {{"name", "dev.jeton.log"}}}, {"logRecords", Json::array({record})}};
  const Json of_daemon{{"resource", {{"attributes", otlp_resource(origin)}}}, {"scopeLogs", Json::array({scope})}};
  return {{"resourceLogs", Json::array({of_daemon})}};
}

}  // namespace jeton
