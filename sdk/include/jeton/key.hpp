// Keys of the three algorithms: a signing key that stays in guarded memory, a verifying key named by its RFC 7638
// thumbprint, and the sets of one issuer.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "jeton/algorithm.hpp"
#include "jeton/json.hpp"
#include "jeton/secret.hpp"

namespace jeton {

class OpensslKey;

/// RSA keys of other lengths are refused; those made here have the fewest bits.
inline constexpr std::size_t rsa_bits_min = 2048;
inline constexpr std::size_t rsa_bits_max = 4096;

/// As a JWS carries it: 64 bytes for EdDSA and for ES256 (r and s), as long as the modulus for RS256.
using Signature = std::vector<unsigned char>;

/// The public half. `kid` is the RFC 7638 SHA-256 thumbprint of its JWK. Cheap to copy; any thread.
class VerifyingKey {
 public:
  /// An Ed25519 key.
  explicit VerifyingKey(const std::array<unsigned char, 32>& bytes);
  /// The public half of a P-256 or RSA key, for the sdk's own core.
  explicit VerifyingKey(const OpensslKey& key);

  /// One JWK: OKP with Ed25519 (RFC 8037), EC with P-256, or RSA of 2048 to 4096 bits with e = 65537 (RFC 7518 section
  /// 6). bad_request for every other kty or crv, a use, alg or key_ops that is not for verifying with this kind of key,
  /// a private member, numbers that are no such key or not in their one spelling, and a `kid` that is not the
  /// thumbprint.
  [[nodiscard]] static Result<VerifyingKey> from_jwk(const Json& jwk);
  [[nodiscard]] Json jwk() const;

  [[nodiscard]] Algorithm algorithm() const;
  [[nodiscard]] const std::string& kid() const;
  /// Of an Ed25519 key; throws for another.
  [[nodiscard]] const std::array<unsigned char, 32>& bytes() const;

  /// False for a signature of another length than the key's. EdDSA by libsodium's strict check: non-canonical scalars,
  /// small-order keys and points are refused. ES256 takes r and s from 1 to n-1; (r, n-s) verifies where (r, s) does.
  [[nodiscard]] bool verifies(std::string_view message, std::span<const unsigned char> signature) const;
  /// The same with the signature's bytes in a text.
  [[nodiscard]] bool verifies(std::string_view message, std::string_view signature) const;

 private:
  struct Facts;
  std::shared_ptr<const Facts> facts_;
};

/// Made in memory, never written anywhere. Move-only. An Ed25519 key lies in a Secret; the private numbers of the
/// others in OpenSSL's secure heap, but what a signature computes on the way does not.
class SigningKey {
 public:
  /// An Ed25519 key.
  [[nodiscard]] static SigningKey generate() { return generate(Algorithm::eddsa); }
  /// RS256, of 2048 bits, takes from a tenth of a second to several: not for a loop.
  [[nodiscard]] static SigningKey generate(Algorithm algorithm);
  /// The same for RS256, and nothing once `go_on`, which is asked every few milliseconds, says no.
  [[nodiscard]] static std::optional<SigningKey> generate_rs256(const std::function<bool()>& go_on);
  /// A P-256 or RSA key from elsewhere: the DER of a PKCS #8 PrivateKeyInfo (RFC 5208 section 5), not encrypted.
  /// bad_request for every other key, for an RSA key that `VerifyingKey` would not take, and for numbers that do not
  /// fit together.
  [[nodiscard]] static Result<SigningKey> from_pkcs8(const Secret& der);
  /// An Ed25519 key, for check vectors and for the log key; `seed` is 32 bytes.
  [[nodiscard]] static SigningKey from_seed(const Secret& seed);

  /// Of the two ES256 signatures (r, s) and (r, n-s), the one with the lower s.
  [[nodiscard]] Signature sign(std::string_view message) const;
  [[nodiscard]] const VerifyingKey& verifying_key() const { return public_; }
  /// Whether what is kept of it is locked; see the class for what is not kept.
  [[nodiscard]] bool memory_locked() const;

 private:
  using Private = std::variant<Secret, std::unique_ptr<const OpensslKey, void (*)(const OpensslKey*)>>;
  SigningKey(Private secret, VerifyingKey public_half);
  [[nodiscard]] static SigningKey of(OpensslKey key);
  Private secret_;
  VerifyingKey public_;
};

class DomainRoot;

/// What the chain of a certified key lets it sign, and when.
struct Certified {
  std::string trust_domain;  ///< of the agents its tokens are minted for
  std::string issuer;        ///< the one `iss` of its tokens
  std::int64_t from_s = 0;   ///< NumericDate, as the next one
  std::int64_t until_s = 0;
};

/// The keys of one issuer (RFC 7517), whose kids are thumbprints; or, certified, those of a trust domain's daemons.
class KeySet {
 public:
  static constexpr std::size_t certified_entries_max = 64;
  static constexpr std::size_t certified_keys_max = 1024;

  KeySet() = default;
  explicit KeySet(std::vector<VerifyingKey> keys) : keys_(std::move(keys)) {}
  /// {"keys":[…]}; two keys of one kid are refused with bad_request. Keys for algorithms of which there is no
  /// `Algorithm` are passed over (RFC 7517 section 5); every other key must be one. For issuers whose kids are not
  /// thumbprints there is `ForeignKeySet`.
  [[nodiscard]] static Result<KeySet> from_jwks(const Json& document);
  /// Of a key set from anywhere exactly the keys that `root` vouches for: each with a chain (`jeton_chain`) of its key
  /// certificate and a daemon certificate, both good at this time (5 s of skew). Others are passed over. bad_request
  /// for what is no key set, for one of more than `certified_entries_max` entries and for two keys of one kid; where no
  /// key is left, what was wrong with the first chain, or unknown_key where there was none.
  [[nodiscard]] static Result<KeySet> from_certified_jwks(const Json& document, const DomainRoot& root,
                                                          std::int64_t wall_us);

  [[nodiscard]] const VerifyingKey* find(std::string_view kid) const;
  [[nodiscard]] const std::vector<VerifyingKey>& keys() const { return keys_; }
  /// Nothing for a key of a set that is believed as it is.
  [[nodiscard]] const Certified* certified(std::string_view kid) const;
  /// Without the certified keys that are not good at this time.
  [[nodiscard]] KeySet in_time(std::int64_t wall_us) const;
  /// With those of `other`, whose word counts for a key of both. bad_request beyond `certified_keys_max` keys.
  [[nodiscard]] Result<KeySet> with(const KeySet& other) const;

 private:
  void add(VerifyingKey key, std::optional<Certified> certified);
  std::vector<VerifyingKey> keys_;
  std::map<std::string, Certified, std::less<>> certified_;  ///< by kid
};

}  // namespace jeton
