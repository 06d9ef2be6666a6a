// Ed25519 keys: a signing key whose seed is a Secret, a verifying key named by its RFC 7638 thumbprint, and sets of
// them.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jeton/json.hpp"
#include "jeton/secret.hpp"

namespace jeton {

using Signature = std::array<unsigned char, 64>;

/// The public half. `kid` is the RFC 7638 SHA-256 thumbprint of its JWK.
class VerifyingKey {
 public:
  explicit VerifyingKey(const std::array<unsigned char, 32>& bytes);

  /// One OKP/Ed25519 JWK (RFC 8037). Refuses every other kty, crv, use or alg, a `d`, and a `kid` that is not the
  /// thumbprint, with bad_request.
  [[nodiscard]] static Result<VerifyingKey> from_jwk(const Json& jwk);
  [[nodiscard]] Json jwk() const;

  [[nodiscard]] const std::string& kid() const { return kid_; }
  [[nodiscard]] const std::array<unsigned char, 32>& bytes() const { return bytes_; }
  /// libsodium's strict check: non-canonical scalars, small-order keys and points are refused.
  [[nodiscard]] bool verifies(std::string_view message, const Signature& signature) const;

 private:
  std::array<unsigned char, 32> bytes_;
  std::string kid_;
};

/// Made in memory, never written anywhere. Move-only.
class SigningKey {
 public:
  [[nodiscard]] static SigningKey generate();
  /// For check vectors and for the log key; `seed` is 32 bytes.
  [[nodiscard]] static SigningKey from_seed(const Secret& seed);

  [[nodiscard]] Signature sign(std::string_view message) const;
  [[nodiscard]] const VerifyingKey& verifying_key() const { return public_; }
  [[nodiscard]] bool memory_locked() const { return secret_.locked(); }

 private:
  SigningKey(Secret secret, const std::array<unsigned char, 32>& public_bytes);
  Secret secret_;
  VerifyingKey public_;
};

/// The keys of one issuer (RFC 7517).
class KeySet {
 public:
  KeySet() = default;
  explicit KeySet(std::vector<VerifyingKey> keys) : keys_(std::move(keys)) {}
  /// {"keys":[…]}; two keys of one kid are refused with bad_request.
  [[nodiscard]] static Result<KeySet> from_jwks(const Json& document);

  [[nodiscard]] const VerifyingKey* find(std::string_view kid) const;
  [[nodiscard]] const std::vector<VerifyingKey>& keys() const { return keys_; }

 private:
  std::vector<VerifyingKey> keys_;
};

}  // namespace jeton
