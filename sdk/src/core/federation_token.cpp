// Six claims and a signature; whoever verifies it is a program of others.
#include "jeton/federation_token.hpp"

#include "core/compact_jws.hpp"

namespace jeton {

Token sign_federation_token(const FederationClaims& claims, const SigningKey& key) {
  const Json payload{{"iss", claims.iss}, {"sub", claims.sub}, {"aud", claims.aud},
                     {"iat", claims.iat}, {"exp", claims.exp}, {"jti", claims.jti.text()}};
  return Token(write_compact_jws("JWT", payload, key));
}

}  // namespace jeton
