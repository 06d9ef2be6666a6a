// What goes to an engine and what comes back, as JSON texts: AuthZEN Authorization API 1.0 and OPA's data API.
#pragma once

#include <string>
#include <string_view>

#include "policy/engine.hpp"

namespace jeton {

/// What an answer may hold at most.
inline constexpr std::size_t engine_answer_bytes_max = 64 * 1024;

/// Whose words an engine speaks.
enum class EngineKind : std::uint8_t { authzen, opa };
[[nodiscard]] std::string_view name_of(EngineKind kind);

/// The body of the request. For AuthZEN an Access Evaluation request (section 6.1) in the shape that the COAZ binding
/// for MCP (draft 1, section 7.2) has for tools/call; for OPA `{"input": …}` around the same object. bad_arguments for
/// what `canonical_json` refuses.
[[nodiscard]] Result<std::string> engine_request(EngineKind kind, const EngineQuestion& question);

/// A decision, with what the engine says to find it again. `malformed` for whatever is none.
struct EngineAnswer {
  Ruling ruling = Ruling::malformed;
  std::optional<std::string> id = std::nullopt;
  std::optional<std::string> code = std::nullopt;
};

/// Reads the body of a 200, strictly: a boolean `decision` of AuthZEN (section 6.2), or the `result` of OPA: a boolean,
/// or an object with a boolean `allow`. Unknown members are passed over, as AuthZEN asks (section 10.1.1), but for
/// obligations: a permit that carries some is none (obligations profile, draft 1, section 4).
[[nodiscard]] EngineAnswer read_engine_answer(EngineKind kind, std::string_view body);

}  // namespace jeton
