// The key set of somebody else's issuer, read as RFC 7517 wants it read: what is not understood is passed over.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jeton/key.hpp"

namespace jeton {

/// One usable entry. `kid` is any text of the issuer's choice, and may be missing (RFC 7517 section 4.5).
struct ForeignKey {
  std::optional<std::string> kid;
  VerifyingKey key;
};

/// What of a foreign JWK Set can verify a signature of one of the three algorithms. Immutable; any thread.
class ForeignKeySet {
 public:
  static constexpr std::size_t entries_max = 256;

  /// {"keys":[…]} with at most `entries_max` entries. Passed over: another kty, crv, use, alg or key_ops, and keys that
  /// are malformed or out of range (RFC 7517 section 5). bad_request for what is no JWK Set, for two different keys of
  /// one algorithm under one kid, and for a private member in a key of a kind that is understood: whoever publishes it
  /// has lost that key. That no key is left is no error.
  ///
  /// `use` is what a key must be for: an entry without `use` counts as "sig". SPIFFE bundles have others ("jwt-svid").
  [[nodiscard]] static Result<ForeignKeySet> from_jwks(const Json& document, std::string_view use = "sig");

  /// The keys of this algorithm under this kid: one at most. Without a kid all of the algorithm, whatever their kids.
  [[nodiscard]] std::vector<const VerifyingKey*> candidates(std::optional<std::string_view> kid,
                                                            Algorithm algorithm) const;
  /// Whether a usable key of any algorithm has this kid.
  [[nodiscard]] bool has(std::string_view kid) const;
  [[nodiscard]] const std::vector<ForeignKey>& keys() const { return keys_; }

 private:
  std::vector<ForeignKey> keys_;
};

}  // namespace jeton
