// SHA-256, HMAC-SHA-256 and constant-time comparison, by libsodium.
#include "jeton/hash.hpp"

#include <sodium.h>

namespace jeton {

Sha256 sha256(std::span<const unsigned char> bytes) {
  Sha256 digest;
  crypto_hash_sha256(digest.data(), bytes.data(), bytes.size());
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
