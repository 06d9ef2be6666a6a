// A signed JWT of somebody else's making: read strictly, verified with its issuer's keys alone.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jeton/foreign_keys.hpp"

namespace jeton {

/// The claims that every use looks at. Times are NumericDate in whole seconds.
struct JwtClaims {
  std::optional<std::string> iss;
  std::string sub;
  std::vector<std::string> aud;
  std::int64_t exp = 0;
  std::optional<std::int64_t> nbf;
  std::optional<std::int64_t> iat;
  std::optional<std::string> jti;
  Json all;

  /// Whether `audience` is in `aud`; with `alone`, whether it is all of it.
  [[nodiscard]] bool is_for(std::string_view audience, bool alone) const;
  /// expired or not_yet_valid by a wall clock that may be off by `jwt_skew_s`; bad_token when it lives longer than
  /// `age_max_s`, counted from `iat`, or from now where there is none.
  [[nodiscard]] Result<void> in_time(std::int64_t wall_us, std::int64_t age_max_s) const;
};

inline constexpr std::size_t jwt_bytes_max = 16 * 1024;
inline constexpr std::int64_t jwt_skew_s = 5;

/// What a header says about its JWT.
struct JwtHeader {
  Algorithm algorithm = Algorithm::eddsa;
  std::optional<std::string> kid;
  std::string typ;        ///< lower case, without "application/"; empty: none
  bool is_plain = false;  ///< alg, kid and typ alone, as a JWT-SVID's must be
};

/// A text with the form of a JWT in compact serialisation (RFC 7515 section 3.1, RFC 8725 section 3). Says nothing yet
/// about who made it.
class UnverifiedJwt {
 public:
  /// bad_token for everything else: over `jwt_bytes_max`, another byte than a JWT has, not three parts, lax base64url,
  /// lax JSON, a name twice, an `alg` that is none of the three, a header that names keys or changes what is signed,
  /// no `sub`, `aud` or `exp`, or one of another form.
  [[nodiscard]] static Result<UnverifiedJwt> parse(std::string_view compact);

  /// Unproved: good for a look-up, never for a decision.
  [[nodiscard]] const JwtClaims& claims_before_verification() const { return claims_; }
  [[nodiscard]] const JwtHeader& header() const { return *header_; }

 private:
  friend class GenuineJwt;

  JwtClaims claims_;
  std::shared_ptr<const JwtHeader> header_;
  std::string signing_input_;
  Signature signature_;
};

/// A JWT whose signature one of its issuer's keys verifies. Whether it is in time and for whom is not said.
class GenuineJwt {
 public:
  /// unknown_key when no key of that algorithm has its kid, or when it names none and there is not exactly one;
  /// bad_signature when the key says no.
  [[nodiscard]] static Result<GenuineJwt> verify(std::shared_ptr<const UnverifiedJwt> jwt, const ForeignKeySet& keys);

  [[nodiscard]] const JwtClaims& claims() const { return jwt_->claims_; }
  [[nodiscard]] const UnverifiedJwt& form() const { return *jwt_; }

 private:
  explicit GenuineJwt(std::shared_ptr<const UnverifiedJwt> jwt) : jwt_(std::move(jwt)) {}
  std::shared_ptr<const UnverifiedJwt> jwt_;
};

}  // namespace jeton
