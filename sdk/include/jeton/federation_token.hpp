// A token for a relying party that pins keys: a plain JWT, reusable until it ends, and never a call token.
#pragma once

#include <cstdint>
#include <string>

#include "jeton/id.hpp"
#include "jeton/key.hpp"

namespace jeton {

inline constexpr std::int64_t federation_lifetime_max_s = 900;

/// All of its claims; times are NumericDate seconds.
struct FederationClaims {
  std::string iss;
  std::string sub;  ///< the agent's SPIFFE ID, the same in every token
  std::string aud;  ///< the relying party, one
  std::int64_t iat = 0;
  std::int64_t exp = 0;
  Jti jti;
};

/// The compact JWS of these claims; its header is exactly `typ` (JWT), `alg` and `kid`. No reader of call tokens takes
/// it, whatever key it has: the type is another one (RFC 8725 section 3.11).
[[nodiscard]] Token sign_federation_token(const FederationClaims& claims, const SigningKey& key);

}  // namespace jeton
