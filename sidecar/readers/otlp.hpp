// An event as OpenTelemetry has it: a log record, in the JSON form of OTLP.
#pragma once

#include <string>
#include <string_view>

#include "jeton/event.hpp"

namespace jeton {

/// One ExportLogsServiceRequest with this one record; `origin` names the log. Trace and span are those of the caller's
/// traceparent. Members have the names of the semantic conventions where there is one, else `jeton.` and their name in
/// the leaf. Throws nothing of its own, whatever stands in the event.
[[nodiscard]] Json otlp_json(const Event& event, std::string_view origin);

/// Parts of it that spans have too: an attribute, a time (nanoseconds, as a text; "0" for what that cannot say), and
/// what says whose log it is.
[[nodiscard]] Json otlp_attribute(std::string_view name, const Json& value);
[[nodiscard]] std::string otlp_time(std::int64_t time_us);
[[nodiscard]] Json otlp_resource(std::string_view origin);

/// The name of the attribute that says an event's place in the log.
inline constexpr std::string_view otlp_index = "jeton.log_index";

}  // namespace jeton
