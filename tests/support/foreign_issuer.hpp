// Somebody else's issuer: keys of each algorithm, a key set as such issuers publish it, tokens of any shape.
#pragma once

#include <string>
#include <string_view>

#include "jeton/base64url.hpp"
#include "jeton/foreign_keys.hpp"
#include "jeton/hash.hpp"

namespace jeton::testing {

/// Made once a process: an RSA key takes its time.
inline const SigningKey& es256_key() {
  static const auto key = SigningKey::generate(Algorithm::es256);
  return key;
}
inline const SigningKey& rs256_key() {
  static const auto key = SigningKey::generate(Algorithm::rs256);
  return key;
}
inline const SigningKey& eddsa_key() {
  static const auto key = SigningKey::generate();
  return key;
}

/// The public JWK under a kid of the issuer's choice; an empty one leaves it out.
inline Json jwk_of(const SigningKey& key, std::string_view kid, std::string_view use = "sig") {
  auto jwk = key.verifying_key().jwk();
  jwk.erase("kid");
  if (!kid.empty()) jwk["kid"] = kid;
  jwk["use"] = use;
  return jwk;
}
inline std::string jwks_of(std::vector<Json> keys) { return Json{{"keys", std::move(keys)}}.dump(); }

inline std::string encoded(std::string_view text) { return base64url(as_bytes(text)); }

/// Any two texts, properly signed.
inline std::string signed_jwt(std::string_view header, std::string_view payload, const SigningKey& key) {
  const auto input = encoded(header) + "." + encoded(payload);
  return input + "." + base64url(key.sign(input));
}

/// The header that goes with the key, after an RFC 7396 merge patch.
inline Json header_of(const SigningKey& key, std::string_view kid, const Json& patch = Json::object()) {
  Json header{{"alg", name_of(key.verifying_key().algorithm())}, {"typ", "JWT"}};
  if (!kid.empty()) header["kid"] = kid;
  if (!patch.is_null()) header.merge_patch(patch);
  return header;
}
inline std::string jwt(const Json& claims, const SigningKey& key, std::string_view kid,
                       const Json& header_patch = Json::object()) {
  return signed_jwt(header_of(key, kid, header_patch).dump(), claims.dump(), key);
}

/// The claims with a merge patch: null takes a member away.
inline Json patched(Json claims, const Json& patch) {
  if (!patch.is_null()) claims.merge_patch(patch);  // {} is null as often as it is an object
  return claims;
}

}  // namespace jeton::testing
