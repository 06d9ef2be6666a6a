// A call that is over as OpenTelemetry has it: a span, and one below it for each attempt.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "jeton/event.hpp"
#include "jeton/json.hpp"

namespace jeton {

/// Whether an event can be the end of its call: the opener's outcome, or the revocation of the call as a whole.
[[nodiscard]] bool can_end_call(const Event& event);

/// Whether it is: the first that can be, of everything with its txn.
[[nodiscard]] bool is_end_of_call(const Event& end, const std::vector<Event>& story);

/// Whether a document may be what follows here of that call, when the rest of its story is not at hand any more: the
/// same log, span and end.
[[nodiscard]] bool are_spans_of(const Json& document, const Event& end, std::string_view origin);

/// One ExportTraceServiceRequest of the call that `end` is the end of; nothing when it ended before, or is none.
/// `story` is everything with its txn, in order; of what came behind `end` nothing is said, so the answer is the same
/// for ever. The trace is that of the caller's traceparent, whose span is the parent, else the txn's own bytes.
/// `origin` names the log. Throws nothing of its own, whatever stands in the events.
[[nodiscard]] std::optional<Json> otlp_spans_json(const Event& end, const std::vector<Event>& story,
                                                  std::string_view origin);

}  // namespace jeton
