// The three ways a token can be signed, and what they are called in JSON.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace jeton {

/// A key is of one of them and stays it: nothing chooses by what a token says of itself.
enum class Algorithm {
  eddsa,  ///< Ed25519 (RFC 8037)
  es256,  ///< ECDSA over P-256 with SHA-256 (RFC 7518 section 3.4)
  rs256,  ///< RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 section 3.3)
};

inline constexpr std::array all_algorithms{Algorithm::eddsa, Algorithm::es256, Algorithm::rs256};

/// "EdDSA", "ES256", "RS256": the `alg` of a header and of a JWK.
[[nodiscard]] std::string_view name_of(Algorithm algorithm);

/// "Ed25519" as well, which RFC 9864 calls EdDSA with that curve. Nothing for every other name: `none` and the HMACs
/// have no value here that could stand for them.
[[nodiscard]] std::optional<Algorithm> algorithm_named(std::string_view alg);

}  // namespace jeton
