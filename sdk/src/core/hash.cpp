// SHA-256 by OpenSSL, which uses the processor's own instructions for it; HMAC and constant time by libsodium.
#include "jeton/hash.hpp"

#include <memory>
#include <stdexcept>

#include <openssl/evp.h>
#include <sodium.h>

namespace jeton {
namespace {

/// Looked up once: OpenSSL searches its providers at every use otherwise, for longer than it hashes.
const EVP_MD* algorithm() {
  static EVP_MD* const found = EVP_MD_fetch(nullptr, "SHA2-256", nullptr);
  return found;
}

using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

}  // namespace

Sha256 sha256(std::span<const unsigned char> bytes) {
  thread_local const Context context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  Sha256 digest;
  if (EVP_DigestInit_ex2(context.get(), algorithm(), nullptr) != 1 ||
      EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) != 1 ||
      EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) != 1)
    throw std::runtime_error("OpenSSL has no SHA-256: its default provider is missing or there is no memory");
  return digest;
}

Sha256 sha256(std::string_view text) { return sha256(as_bytes(text)); }

Sha256 hmac_sha256(std::span<const unsigned char> key, std::span<const unsigned char> message) {
  static constexpr unsigned char nothing = 0;  // libsodium wants an address even for an empty key
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, key.empty() ? &nothing : key.data(), key.size());
  crypto_auth_hmacsha256_update(&state, message.empty() ? &nothing : message.data(), message.size());
  Sha256 code;
  crypto_auth_hmacsha256_final(&state, code.data());
  sodium_memzero(&state, sizeof state);
  return code;
}

std::string hex(std::span<const unsigned char> bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const auto byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

bool equal_in_constant_time(std::span<const unsigned char> a, std::span<const unsigned char> b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace jeton
