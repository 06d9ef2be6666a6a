// The ids in a traceparent (W3C Trace Context), for formats that have a place of their own for them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace jeton {

struct TraceContext {
  std::string trace_id;  ///< 32 hex digits, not all 0
  std::string span_id;   ///< 16 hex digits, not all 0
  std::string flags;     ///< 2 hex digits
};

/// Nothing where there is none, or one that no request could have had.
[[nodiscard]] std::optional<TraceContext> trace_context_of(const std::optional<std::string>& traceparent);

}  // namespace jeton
