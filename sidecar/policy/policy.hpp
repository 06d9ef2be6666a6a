// The port of policy: may this agent make this call, and within which limits?
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jeton/error.hpp"
#include "jeton/id.hpp"
#include "jeton/json.hpp"
#include "jeton/sealed_box.hpp"
#include "jeton/tool_call.hpp"

namespace jeton {

struct Verdict;

/// What a permit allows. The grant's name goes into every event it covers.
struct Permit {
  std::string grant;
  std::int64_t ttl_s = 30;
  std::int64_t max_attempts = 8;
  std::int64_t max_redemptions = 1;
  std::optional<std::int64_t> rate_per_min = std::nullopt;
  /// Where the grant records arguments: the reviewer's key that they are sealed to.
  std::optional<SealingKey> seal_to = std::nullopt;
};

struct Question {
  std::string_view agent;                  ///< the agent's name, not its SPIFFE ID
  std::optional<std::string_view> server;  ///< none: does some grant cover the tool, whatever the server?
  std::string_view tool;
  const Json* arguments = nullptr;  ///< none: only their digest came, and no grant with argument rules matches
  std::optional<std::int64_t> wall_us = std::nullopt;  ///< now; none: no grant with a window matches

  // Only where an engine decides as well: what its verdict is held against, and the verdict.
  std::string_view agent_id = {};  ///< SPIFFE ID
  std::string_view subject = {};   ///< the sub a token would have
  const ArgsDigest* digest = nullptr;
  const Txn* txn = nullptr;          ///< none: the call had no name before this question
  const Verdict* verdict = nullptr;  ///< none: no engine was asked
};

/// Why a decision fell as it did: every grant in file order, and the decision.
struct Explanation {
  struct Line {
    std::string grant;
    std::string reason;  ///< why it does not match; empty: it does, and the first such grant decides
  };
  std::vector<Line> lines;
  Result<Permit> decision;
  std::string engine = {};  ///< who decides as well, and was not asked: "opa at pdp.example"; empty: nobody
};

/// Decides, without I/O and without state: the same question gets the same answer until the configuration changes.
class Policy {
 public:
  virtual ~Policy() = default;
  /// A permit, or no_grant with a message that says what is granted nearby.
  [[nodiscard]] virtual Result<Permit> decide(const Question& question) const = 0;
  /// What somebody else who also has a say has against what is permitted: denied_by_policy. Asked last, before a permit
  /// is acted on; none where nobody else has a say.
  [[nodiscard]] virtual std::optional<Error> objection(const Question& /*question*/) const { return std::nullopt; }
};

}  // namespace jeton
