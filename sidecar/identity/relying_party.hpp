// Who takes federation tokens: a party elsewhere that pins keys, and the agents that it may know.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "jeton/algorithm.hpp"

namespace jeton {

/// One [[relying_party]]: a cloud's workload identity federation, Vault's JWT auth.
struct RelyingParty {
  static constexpr std::size_t audience_bytes_max = 256;

  std::string name;
  std::string audience;             ///< the one `aud` of its tokens
  std::vector<std::string> agents;  ///< by name; nobody else gets one
  Algorithm algorithm = Algorithm::rs256;
  std::int64_t ttl_s = 300;
  std::int64_t rate_per_min = 6;  ///< of each agent

  [[nodiscard]] bool names(std::string_view agent) const;
};

/// Of all of them; nothing where there is none.
[[nodiscard]] std::set<Algorithm> algorithms_of(const std::vector<RelyingParty>& parties);

/// `iss` of federation tokens, which is never that of call tokens: "<issuer>/federation".
[[nodiscard]] std::string federation_issuer(std::string_view issuer);

}  // namespace jeton
