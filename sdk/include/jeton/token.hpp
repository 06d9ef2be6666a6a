// The token on the wire (RFC 9068 at+jwt with one RFC 9396 object), and the types that say how far it has been checked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "jeton/id.hpp"
#include "jeton/key.hpp"
#include "jeton/tool_call.hpp"

namespace jeton {

inline constexpr std::size_t token_bytes_max = 8 * 1024;
inline constexpr std::int64_t token_lifetime_max_s = 120;
inline constexpr std::int64_t token_skew_s = 5;
inline constexpr std::string_view authorization_type = "jeton_tool_call";

/// Exactly the claims of the protocol; times are NumericDate seconds.
struct TokenClaims {
  std::string iss;
  std::string aud;
  std::string sub;
  std::string client_id;
  std::int64_t iat = 0;
  std::int64_t exp = 0;
  Jti jti;
  Txn txn;
  std::string tool;
  ArgsDigest digest;
  std::optional<std::string> call_id = std::nullopt;
  std::int64_t attempt = 1;
  std::optional<Json> act = std::nullopt;  ///< RFC 8693 section 4.1

  [[nodiscard]] Json json() const;
  /// The same the other way. bad_token for everything that is not exactly the claims of the protocol.
  [[nodiscard]] static Result<TokenClaims> from_json(const Json& payload);
  /// The RFC 9396 array alone, as an answer to redeem carries it.
  [[nodiscard]] Json authorization_details() const;
  /// Its RFC 8785 bytes, as they stand in a token; throws std::invalid_argument where no token could be written.
  [[nodiscard]] std::string authorization_details_text() const;
};

/// The compact JWS of these claims, signed by the algorithm of the key.
[[nodiscard]] Token sign_token(const TokenClaims& claims, const SigningKey& key);

/// A text that has the form of a token: size, alphabet, header exactly {typ, alg, kid}, exactly the known claims, a
/// signature as long as its algorithm makes them. Says nothing yet about who made it.
class UnverifiedToken {
 public:
  /// bad_token for everything that is not exactly of the form (RFC 7515 section 5.2, RFC 8725 section 3).
  [[nodiscard]] static Result<UnverifiedToken> parse(std::string_view compact);

  [[nodiscard]] const std::string& kid() const { return kid_; }
  /// What the header says. The key decides; see GenuineToken.
  [[nodiscard]] Algorithm algorithm_before_verification() const { return algorithm_; }
  /// Unproved: good for a look-up, never for a decision.
  [[nodiscard]] const TokenClaims& claims_before_verification() const { return claims_; }
  [[nodiscard]] const Sha256& sha256() const { return sha256_; }

 private:
  friend class GenuineToken;
  std::string kid_;
  Algorithm algorithm_ = Algorithm::eddsa;
  TokenClaims claims_;
  std::string signing_input_;
  Signature signature_;
  Sha256 sha256_{};
};

/// A token its issuer made: the signature verified, or it equals byte for byte one that is known to be genuine.
class GenuineToken {
 public:
  /// unknown_key when no key has its kid. bad_signature when that key is of another algorithm than the header says,
  /// when it says no, and for the higher of the two ES256 signatures, or a token would have two spellings. wrong_issuer
  /// for what a certified key is not certified for.
  [[nodiscard]] static Result<GenuineToken> verify(UnverifiedToken token, const KeySet& keys);
  /// For the issuer alone: `of_known` is the SHA-256 of a token with this jti that the issuer knows to be its own.
  /// Nothing when they differ.
  [[nodiscard]] static std::optional<GenuineToken> recognise(const UnverifiedToken& token, const Sha256& of_known);

  [[nodiscard]] const TokenClaims& claims() const { return claims_; }
  [[nodiscard]] const Sha256& sha256() const { return sha256_; }

 private:
  GenuineToken(TokenClaims claims, const Sha256& sha256) : claims_(std::move(claims)), sha256_(sha256) {}
  TokenClaims claims_;
  Sha256 sha256_;
};

/// What the party in front of a token expects of it. All of it is checked, in this order.
struct Expectation {
  std::string issuer;
  std::string server;
  std::string tool;
  ArgsDigest digest;
};

/// A genuine token meant for this issuer, server, tool and these arguments. Only `check` makes one. Whether it is still
/// unspent and in time is the issuer's to say.
class VerifiedToken {
 public:
  /// wrong_issuer, wrong_audience, wrong_tool, args_mismatch; first failure wins.
  [[nodiscard]] static Result<VerifiedToken> check(GenuineToken token, const Expectation& expected);

  [[nodiscard]] const TokenClaims& claims() const { return token_.claims(); }
  [[nodiscard]] const Sha256& sha256() const { return token_.sha256(); }

  /// expired or not_yet_valid by a wall clock that may be off by `token_skew_s`. For verifiers that are not the issuer.
  [[nodiscard]] Result<void> in_time(std::int64_t wall_us) const;

 private:
  explicit VerifiedToken(GenuineToken token) : token_(std::move(token)) {}
  GenuineToken token_;
};

}  // namespace jeton
