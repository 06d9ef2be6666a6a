// version-trace-span-flags, each of a fixed length.
#include "readers/trace_context.hpp"

namespace jeton {

std::optional<TraceContext> trace_context_of(const std::optional<std::string>& traceparent) {
  constexpr std::string_view digits = "0123456789abcdef";
  if (!traceparent || traceparent->size() < 55) return std::nullopt;
  const std::string_view text = *traceparent;
  if (text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
  TraceContext context{std::string(text.substr(3, 32)), std::string(text.substr(36, 16)),
                       std::string(text.substr(53, 2))};
  for (const auto& part : {context.trace_id, context.span_id, context.flags})
    if (part.find_first_not_of(digits) != part.npos) return std::nullopt;
  if (context.trace_id.find_first_not_of('0') == std::string::npos) return std::nullopt;
  if (context.span_id.find_first_not_of('0') == std::string::npos) return std::nullopt;
  return context;
}

}  // namespace jeton
