// On whose behalf a call is made: the subject, the agents in between, and until when.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "jeton/id.hpp"
#include "jeton/json.hpp"

namespace jeton {

/// A call that another one is made for.
struct CallAbove {
  Txn txn;
  std::string agent;  ///< SPIFFE ID
  std::optional<std::string> run_id = std::nullopt;
};

/// What a delegated call carries beside its agent's own rights. It only ever shrinks: each agent above must be granted
/// the call as well, and the token ends no later than what it came from.
struct Authority {
  std::string sub;                                   ///< of the token
  std::optional<std::string> issuer = std::nullopt;  ///< who vouched for `sub`; none: it came with the parent
  std::int64_t until_s = 0;                          ///< NumericDate
  std::vector<std::string> agents = {};              ///< SPIFFE IDs of those between, nearest first
  bool is_agents = false;                            ///< `sub` is the last of `agents`, and no actor of its own
  std::optional<Txn> parent = std::nullopt;
  std::vector<CallAbove> calls = {};  ///< those between, nearest first: when one is ended, so is what acts for it
};

/// More agents than this above one that acts are a mistake, or an attack; with it they are the eight that T3 reads.
inline constexpr std::size_t agents_above_max = 7;

/// RFC 8693 section 4.1: the agent that acts, and nested in it those it acts for.
[[nodiscard]] Json act_of(const std::string& agent, const Authority& authority);

}  // namespace jeton
