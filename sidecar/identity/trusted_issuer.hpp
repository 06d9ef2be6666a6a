// Whose tokens count besides our own, and which of them: one entry of the configuration, and its equalities.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jeton/algorithm.hpp"
#include "jeton/json.hpp"

namespace jeton {

/// "environment=production", or with a JSON Pointer "/kubernetes.io/namespace=billing": what a claim must be.
class ClaimRule {
 public:
  /// bad_request with what to write, for what is no equality, and for claims that every token of an issuer has.
  [[nodiscard]] static Result<ClaimRule> parse(std::string_view text);

  /// A text is equal byte for byte, a boolean and an integer as they are written; of a list one element must be. What
  /// is missing or of another type is not equal.
  [[nodiscard]] bool holds(const Json& claims) const;
  /// The left side, for messages.
  [[nodiscard]] const std::string& claim() const { return claim_; }

 private:
  ClaimRule(std::string claim, std::string value);
  std::string claim_;
  std::string value_;
  Json::json_pointer pointer_;
};

/// One [[trusted_issuer]]. Agents are SPIFFE IDs.
struct TrustedIssuer {
  static constexpr std::int64_t identity_age_max_s = 3600;
  static constexpr std::int64_t subject_age_max_s = 86'400;

  std::string name;
  std::string issuer;                               ///< what `iss` is, byte for byte
  std::string jwks;                                 ///< https URL or absolute path
  std::string authorities = {};                     ///< PEM file for that URL; empty: the system's
  std::optional<std::string> audience = {};         ///< none: our own issuer
  std::vector<ClaimRule> claims = {};               ///< all must hold
  std::string sub_prefix = {};                      ///< and `sub` begins so
  std::optional<std::string> agent = std::nullopt;  ///< whom its tokens are the identity of
  std::vector<std::string> delegates_to = {};       ///< who may act with its tokens
  std::vector<Algorithm> algs = {all_algorithms.begin(), all_algorithms.end()};
  std::optional<std::int64_t> max_age_s = std::nullopt;  ///< none: one of the two above, by use

  /// None: `sub_prefix` and all equalities hold; else the name of the claim that is another.
  [[nodiscard]] std::optional<std::string> claim_against(const Json& claims) const;
};

}  // namespace jeton
