// Verifying and signing by the key's own algorithm: Ed25519 by libsodium, the others by OpenSSL.
#include "jeton/key.hpp"

#include <sodium.h>

#include <algorithm>
#include <stdexcept>

#include "core/jwk.hpp"
#include "core/openssl_key.hpp"
#include "jeton/hash.hpp"

namespace jeton {
namespace {

using Ed25519Bytes = std::array<unsigned char, crypto_sign_PUBLICKEYBYTES>;

tl::unexpected<Error> bad_key(std::string_view what) {
  return refuse(Code::bad_request, "the key is not usable: " + std::string(what));
}

bool absent_or_text(const Json& object, std::string_view name, std::string_view wanted) {
  const auto* text = text_member(object, name);
  return !object.contains(name) || (text != nullptr && *text == wanted);
}

/// RFC 7517 section 4.3: where `key_ops` is given, verifying must be all of it.
bool only_verifies(const Json& jwk) {
  const auto operations = jwk.find("key_ops");
  return operations == jwk.end() || *operations == Json::array({"verify"});
}

bool absent_or_algorithm(const Json& jwk, Algorithm algorithm) {
  const auto* alg = text_member(jwk, "alg");
  return !jwk.contains("alg") || (alg != nullptr && algorithm_named(*alg) == algorithm);
}

void free_key(const OpensslKey* key) { delete key; }

}  // namespace

struct VerifyingKey::Facts {
  Algorithm algorithm;
  Ed25519Bytes ed25519{};
  std::optional<OpensslKey> openssl;
  PublicMembers members;
  std::string kid = thumbprint(members);
};

VerifyingKey::VerifyingKey(const std::array<unsigned char, 32>& bytes)
    : facts_(new Facts{Algorithm::eddsa, bytes, std::nullopt, public_members(bytes)}) {}

VerifyingKey::VerifyingKey(const OpensslKey& key) : facts_(new Facts{key.algorithm(), {}, key, public_members(key)}) {}

Result<VerifyingKey> VerifyingKey::from_jwk(const Json& jwk) {
  if (!jwk.is_object()) return bad_key("a JWK is a JSON object");
  if (has_private_member(jwk)) return bad_key("it has a private member; publish only the public half");
  if (!absent_or_text(jwk, "use", "sig")) return bad_key("use must be sig");
  if (!only_verifies(jwk)) return bad_key("key_ops must be verify alone");
  auto key = read_public_numbers(jwk);
  if (!key) return key;
  if (!absent_or_algorithm(jwk, key->algorithm()))
    return bad_key("alg must be " + std::string(name_of(key->algorithm())));
  if (!absent_or_text(jwk, "kid", key->kid())) return bad_key("kid must be its RFC 7638 thumbprint");
  return key;
}

Json VerifyingKey::jwk() const {
  Json jwk = Json::object();
  for (const auto& [name, value] : facts_->members) jwk[std::string(name)] = value;
  jwk["kid"] = kid();
  jwk["use"] = "sig";
  jwk["alg"] = name_of(algorithm());
  return jwk;
}

Algorithm VerifyingKey::algorithm() const { return facts_->algorithm; }

const std::string& VerifyingKey::kid() const { return facts_->kid; }

const std::array<unsigned char, 32>& VerifyingKey::bytes() const {
  if (algorithm() != Algorithm::eddsa) throw std::logic_error("only an Ed25519 key is 32 bytes");
  return facts_->ed25519;
}

bool VerifyingKey::verifies(std::string_view message, std::span<const unsigned char> signature) const {
  if (facts_->openssl) return facts_->openssl->verifies(message, signature);
  if (signature.size() != crypto_sign_BYTES) return false;
  const auto bytes = as_bytes(message);
  return crypto_sign_verify_detached(signature.data(), bytes.data(), bytes.size(), facts_->ed25519.data()) == 0;
}

bool VerifyingKey::verifies(std::string_view message, std::string_view signature) const {
  return verifies(message, as_bytes(signature));
}

SigningKey::SigningKey(Private secret, VerifyingKey public_half)
    : secret_(std::move(secret)), public_(std::move(public_half)) {}

/// The public half is made of its numbers: a copy of it must not keep the private ones alive.
SigningKey SigningKey::of(OpensslKey key) {
  const auto public_half =
      key.algorithm() == Algorithm::rs256 ? OpensslKey::of_modulus(key.modulus()) : OpensslKey::of_point(key.point());
  if (!public_half) throw std::logic_error("a key that was just made is none");
  VerifyingKey verifying(*public_half);
  return {Private(std::in_place_index<1>, new OpensslKey(std::move(key)), free_key), std::move(verifying)};
}

SigningKey SigningKey::generate(Algorithm algorithm) {
  if (algorithm == Algorithm::es256) return of(OpensslKey::generate_p256());
  if (algorithm == Algorithm::rs256) return generate_rs256([] { return true; }).value();
  Secret secret(crypto_sign_SECRETKEYBYTES);
  Ed25519Bytes public_bytes{};
  crypto_sign_keypair(public_bytes.data(), secret.writable().data());
  secret.seal();
  return {std::move(secret), VerifyingKey(public_bytes)};
}

std::optional<SigningKey> SigningKey::generate_rs256(const std::function<bool()>& go_on) {
  auto key = OpensslKey::generate_rsa(go_on);
  if (!key) return std::nullopt;
  return of(std::move(*key));
}

Result<SigningKey> SigningKey::from_pkcs8(const Secret& der) {
  auto key = OpensslKey::of_pkcs8(der.expose_for_signing());
  if (!key) return refuse(Code::bad_request, "not a PKCS #8 key of P-256, or RSA of 2048 to 4096 bits with e = 65537");
  return of(std::move(*key));
}

SigningKey SigningKey::from_seed(const Secret& seed) {
  if (seed.size() != crypto_sign_SEEDBYTES) throw std::invalid_argument("an Ed25519 seed is 32 bytes");
  Secret secret(crypto_sign_SECRETKEYBYTES);
  Ed25519Bytes public_bytes{};
  crypto_sign_seed_keypair(public_bytes.data(), secret.writable().data(), seed.expose_for_signing().data());
  secret.seal();
  return {std::move(secret), VerifyingKey(public_bytes)};
}

Signature SigningKey::sign(std::string_view message) const {
  constexpr auto moved_from = "a signing key was used after it was moved from";
  if (const auto* openssl = std::get_if<1>(&secret_)) {
    if (*openssl == nullptr) throw std::logic_error(moved_from);
    return (*openssl)->sign(message);
  }
  const auto key = std::get<Secret>(secret_).expose_for_signing();
  if (key.size() != crypto_sign_SECRETKEYBYTES) throw std::logic_error(moved_from);
  const auto bytes = as_bytes(message);
  Signature signature(crypto_sign_BYTES);
  crypto_sign_detached(signature.data(), nullptr, bytes.data(), bytes.size(), key.data());
  return signature;
}

bool SigningKey::memory_locked() const {
  const auto* secret = std::get_if<Secret>(&secret_);
  return secret != nullptr ? secret->locked() : secure_heap_locked();
}

Result<KeySet> KeySet::from_jwks(const Json& document) {
  if (!document.is_object()) return refuse(Code::bad_request, "a key set is a JSON object with the member keys");
  const auto listed = document.find("keys");
  if (listed == document.end() || !listed->is_array()) {
    return refuse(Code::bad_request, "a key set has the member keys, an array");
  }
  KeySet set;
  for (const auto& jwk : *listed) {
    if (jwk.is_object() && is_for_another_algorithm(jwk)) continue;
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
