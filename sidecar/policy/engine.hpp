// The port of an external policy: a company's own engine, asked about one call and heard about that call alone.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "jeton/id.hpp"
#include "jeton/json.hpp"
#include "jeton/tool_call.hpp"
#include "policy/policy.hpp"

namespace jeton {

/// What an engine is asked. Its verdict holds for agent, subject, server, tool, digest and txn as they stand here.
struct EngineQuestion {
  std::string agent;                                 ///< SPIFFE ID
  std::string subject;                               ///< the sub of the token: the agent again, or whom it acts for
  std::optional<std::string> server = std::nullopt;  ///< none: the call is opened before its server is known
  std::string tool;
  ArgsDigest digest;
  std::optional<Txn> txn = std::nullopt;  ///< none: a call without open_id gets its name when it is opened

  // What an engine may want to know beside it. As it was when the question was put; nothing is bound to it.
  std::optional<std::int64_t> attempt = std::nullopt;
  std::optional<std::string> call_id = std::nullopt;
  std::optional<std::string> run_id = std::nullopt;
  std::optional<std::string> session_id = std::nullopt;
  std::optional<Json> arguments = std::nullopt;  ///< only where the configuration says that it sees them
};

/// What came of asking. Only `permitted` permits.
enum class Ruling : std::uint8_t {
  permitted,
  denied,       ///< the engine said no
  obligation,   ///< it said yes, on a condition that nobody here can keep
  undefined,    ///< OPA has no such rule, or the rule has no value for this input
  malformed,    ///< an answer, but not a decision: the status, the type, the form or the size
  timeout,      ///< no whole answer in time
  unreachable,  ///< nobody answered
  busy,         ///< too many questions were waiting already
  unasked,      ///< it was never asked about this call
  mismatch,     ///< the verdict is about another call
};
[[nodiscard]] std::string_view name_of(Ruling ruling);

struct Verdict {
  Ruling ruling = Ruling::unasked;
  EngineQuestion question = {};
  std::optional<std::string> id = std::nullopt;    ///< in log form, at most 128 bytes
  std::optional<std::string> code = std::nullopt;  ///< the engine's own reason, in log form

  /// As the log has it: "denied", or "denied:over_limit" where the engine gave a reason; at most 128 bytes.
  [[nodiscard]] std::string reason() const;
};

/// What a question comes down to once a verdict is there, or is not: its own ruling, unless it is about another call.
[[nodiscard]] Ruling ruling_for(const Question& question);

/// Asks somebody else. Used from several threads at once.
class Engine {
 public:
  using Time = std::chrono::steady_clock::time_point;
  virtual ~Engine() = default;
  /// Blocks until there is a verdict, and not beyond the deadline: then it is `timeout`. Never throws.
  [[nodiscard]] virtual Verdict ask(EngineQuestion question, Time deadline) = 0;
};

/// A text of the engine's as the log may hold it: escaped, and cut at 128 bytes; nothing for an empty one.
[[nodiscard]] std::optional<std::string> engine_text(std::string_view text);

}  // namespace jeton
