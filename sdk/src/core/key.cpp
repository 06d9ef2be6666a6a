// Ed25519 keys: thumbprints and JWKs in and out, strict verification, and a signing key that stays in guarded memory.
#include "jeton/key.hpp"

#include <sodium.h>

#include <algorithm>
#include <stdexcept>

#include "jeton/base64url.hpp"
#include "jeton/hash.hpp"

namespace jeton {
namespace {

using PublicBytes = std::array<unsigned char, crypto_sign_PUBLICKEYBYTES>;

/// RFC 7638: the required members only, in order, without white space.
std::string thumbprint(const PublicBytes& bytes) {
  return base64url(sha256(R"({"crv":"Ed25519","kty":"OKP","x":")" + base64url(bytes) + R"("})"));
}

const std::string* text_member(const Json& object, std::string_view name) {
  const auto found = object.find(name);
  return found == object.end() ? nullptr : found->get_ptr<const std::string*>();
}

bool has_text(const Json& object, std::string_view name, std::string_view wanted) {
  const auto* text = text_member(object, name);
  return text != nullptr && *text == wanted;
}

bool absent_or_text(const Json& object, std::string_view name, std::string_view wanted) {
  return !object.contains(name) || has_text(object, name, wanted);
}

/// RFC 7517 section 4.3: where `key_ops` is given, verifying must be all of it.
bool only_verifies(const Json& jwk) {
  const auto operations = jwk.find("key_ops");
  return operations == jwk.end() || *operations == Json::array({"verify"});
}

/// RFC 7517 section 5: a set may hold keys for other algorithms; they are passed over, not errors.
bool for_another_algorithm(const Json& jwk) {
  if (!jwk.is_object()) return false;
  const auto* kty = text_member(jwk, "kty");
  const auto* crv = text_member(jwk, "crv");
  return (kty != nullptr && *kty != "OKP") || (crv != nullptr && *crv != "Ed25519");
}

tl::unexpected<Error> bad_key(std::string_view what) {
  return refuse(Code::bad_request, "the key is not usable: " + std::string(what));
}

}  // namespace

VerifyingKey::VerifyingKey(const std::array<unsigned char, 32>& bytes) : bytes_(bytes), kid_(thumbprint(bytes)) {}

Result<VerifyingKey> VerifyingKey::from_jwk(const Json& jwk) {
  if (!jwk.is_object()) return bad_key("a JWK is a JSON object");
  if (jwk.contains("d")) return bad_key("it has the private member d; publish only the public half");
  if (!has_text(jwk, "kty", "OKP")) return bad_key("kty must be OKP");
  if (!has_text(jwk, "crv", "Ed25519")) return bad_key("crv must be Ed25519");
  if (!absent_or_text(jwk, "use", "sig")) return bad_key("use must be sig");
  if (!absent_or_text(jwk, "alg", "EdDSA")) return bad_key("alg must be EdDSA");
  if (!only_verifies(jwk)) return bad_key("key_ops must be verify alone");

  const auto* x = text_member(jwk, "x");
  PublicBytes bytes{};
  if (x == nullptr || !from_base64url(*x, bytes)) return bad_key("x must be 32 bytes of base64url");

  VerifyingKey key(bytes);
  if (!absent_or_text(jwk, "kid", key.kid())) return bad_key("kid must be its RFC 7638 thumbprint");
  return key;
}

Json VerifyingKey::jwk() const {
  Json jwk = Json::object();
  jwk["kty"] = "OKP";
  jwk["crv"] = "Ed25519";
  jwk["x"] = base64url(bytes_);
  jwk["kid"] = kid_;
  jwk["use"] = "sig";
  jwk["alg"] = "EdDSA";
  return jwk;
}

bool VerifyingKey::verifies(std::string_view message, const Signature& signature) const {
  const auto bytes = as_bytes(message);
  return crypto_sign_verify_detached(signature.data(), bytes.data(), bytes.size(), bytes_.data()) == 0;
}

SigningKey::SigningKey(Secret secret, const std::array<unsigned char, 32>& public_bytes)
    : secret_(std::move(secret)), public_(public_bytes) {}

SigningKey SigningKey::generate() {
  Secret secret(crypto_sign_SECRETKEYBYTES);
  PublicBytes public_bytes{};
  crypto_sign_keypair(public_bytes.data(), secret.writable().data());
  secret.seal();
  return {std::move(secret), public_bytes};
}

SigningKey SigningKey::from_seed(const Secret& seed) {
  if (seed.size() != crypto_sign_SEEDBYTES) throw std::invalid_argument("an Ed25519 seed is 32 bytes");
  Secret secret(crypto_sign_SECRETKEYBYTES);
  PublicBytes public_bytes{};
  crypto_sign_seed_keypair(public_bytes.data(), secret.writable().data(), seed.expose_for_signing().data());
  secret.seal();
  return {std::move(secret), public_bytes};
}

Signature SigningKey::sign(std::string_view message) const {
  const auto key = secret_.expose_for_signing();
  if (key.size() != crypto_sign_SECRETKEYBYTES)
    throw std::logic_error("a signing key was used after it was moved from");
  const auto bytes = as_bytes(message);
  Signature signature{};
  crypto_sign_detached(signature.data(), nullptr, bytes.data(), bytes.size(), key.data());
  return signature;
}

Result<KeySet> KeySet::from_jwks(const Json& document) {
  if (!document.is_object()) return refuse(Code::bad_request, "a key set is a JSON object with the member keys");
  const auto listed = document.find("keys");
  if (listed == document.end() || !listed->is_array()) {
    return refuse(Code::bad_request, "a key set has the member keys, an array");
  }
  KeySet set;
  for (const auto& jwk : *listed) {
    if (for_another_algorithm(jwk)) continue;
    auto key = VerifyingKey::from_jwk(jwk);
    if (!key) return refuse(std::move(key.error()));
    if (set.find(key->kid()) != nullptr) return refuse(Code::bad_request, "two keys of the set have one kid");
    set.keys_.push_back(std::move(*key));
  }
  return set;
}

const VerifyingKey* KeySet::find(std::string_view kid) const {
  const auto found = std::find_if(keys_.begin(), keys_.end(), [&](const auto& key) { return key.kid() == kid; });
  return found == keys_.end() ? nullptr : &*found;
}

}  // namespace jeton
