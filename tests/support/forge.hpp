// Tokens of any header, payload and signature, for the tests of what must be refused.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "jeton/base64url.hpp"
#include "jeton/hash.hpp"
#include "jeton/token.hpp"

namespace jeton::forge {

/// A key that is the same in every run: its seed is the SHA-256 of `name`.
inline SigningKey key_named(std::string_view name) {
  Secret seed(32);
  const auto digest = jeton::sha256(name);
  std::copy(digest.begin(), digest.end(), seed.writable().begin());
  seed.seal();
  return SigningKey::from_seed(seed);
}

inline const SigningKey& issuer_key() {
  static const SigningKey key = key_named("jeton vectors: issuer");
  return key;
}

inline KeySet issuer_keys() { return KeySet({issuer_key().verifying_key()}); }

inline constexpr std::string_view issuer = "https://issuer.example";
inline constexpr std::string_view server = "https://crm.example/mcp";
inline constexpr std::string_view tool = "refund";
inline constexpr std::string_view arguments = R"({"amount":1,"customer":"Zoë","note":"late"})";
inline constexpr std::int64_t issued_s = 1'790'000'000;

/// Claims that everything about is right: minted for `arguments`, good for 30 s.
inline TokenClaims good_claims() {
  TokenClaims claims;
  claims.iss = issuer;
  claims.aud = server;
  claims.sub = "spiffe://acme.example/agent/billing";
  claims.client_id = "spiffe://acme.example/agent/billing";
  claims.iat = issued_s;
  claims.exp = issued_s + 30;
  claims.jti = Jti::parse("AAECAwQFBgcICQoLDA0ODw").value();
  claims.txn = Txn::parse("EBESExQVFhcYGRobHB0eHw").value();
  claims.tool = tool;
  claims.digest = args_digest(tool, Json::parse(arguments)).value();
  claims.call_id = "call_1";
  return claims;
}

/// What the tool server of `good_claims` expects.
inline Expectation good_expectation() {
  return {std::string(issuer), std::string(server), std::string(tool), good_claims().digest};
}

/// A good header or payload after an RFC 7396 merge patch: null takes a member away.
inline std::string patched(Json document, std::string_view patch) {
  document.merge_patch(Json::parse(patch));
  return document.dump();
}
inline std::string header_with(std::string_view patch = "{}") {
  const auto kid = issuer_key().verifying_key().kid();
  return patched(Json{{"typ", "at+jwt"}, {"alg", "EdDSA"}, {"kid", kid}}, patch);
}
inline std::string payload_with(std::string_view patch = "{}") { return patched(good_claims().json(), patch); }
/// The same for the one object of authorization_details.
inline std::string details_with(std::string_view patch) {
  auto claims = good_claims().json();
  claims["authorization_details"][0].merge_patch(Json::parse(patch));
  return claims.dump();
}

inline std::string encoded(std::string_view text) { return base64url(as_bytes(text)); }

/// Any two texts, properly signed.
inline std::string signed_token(std::string_view header, std::string_view payload,
                                const SigningKey& key = issuer_key()) {
  const auto input = encoded(header) + "." + encoded(payload);
  return input + "." + base64url(key.sign(input));
}
inline std::string token_with_header(std::string_view patch) {
  return signed_token(header_with(patch), payload_with());
}
inline std::string token_with_payload(std::string_view patch) {
  return signed_token(header_with(), payload_with(patch));
}
inline std::string token_with_details(std::string_view patch) {
  return signed_token(header_with(), details_with(patch));
}
inline std::string good_token() { return sign_token(good_claims(), issuer_key()).expose_for_transport(); }

/// The three parts; `signature` of a text without two dots is empty.
struct Parts {
  std::string header;
  std::string payload;
  std::string signature;
  [[nodiscard]] std::string joined() const { return header + "." + payload + "." + signature; }
};
inline Parts parts_of(const std::string& token) {
  const auto first = token.find('.');
  const auto last = token.rfind('.');
  return {token.substr(0, first), token.substr(first + 1, last - first - 1), token.substr(last + 1)};
}

/// The other spellings that a lax decoder takes for the same bytes: each has some trailing bit set.
inline std::vector<std::string> trailing_bit_variants(const std::string& part) {
  static constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const std::size_t unused_bits = part.size() % 4 == 2 ? 4 : part.size() % 4 == 3 ? 2 : 0;
  std::vector<std::string> variants;
  for (std::size_t bits = 1; bits < (std::size_t{1} << unused_bits); ++bits) {
    auto variant = part;
    variant.back() = alphabet[alphabet.find(part.back()) + bits];
    variants.push_back(variant);
  }
  return variants;
}

/// S + L in the place of S: another signature that a lax check accepts (RFC 8032 section 5.1.7 forbids it).
inline Signature malleated(Signature signature) {
  static constexpr std::array<unsigned char, 32> order = {
      0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
      0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};
  unsigned carry = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    carry += static_cast<unsigned>(signature[32 + i]) + order[i];
    signature[32 + i] = static_cast<unsigned char>(carry & 0xff);
    carry >>= 8;
  }
  return signature;
}

}  // namespace jeton::forge
