// One spelling: base64url without a bit to spare, coordinates of full length, a modulus without leading zeros, and the
// one exponent.
#include "core/jwk.hpp"

#include <algorithm>
#include <array>

#include "core/openssl_key.hpp"
#include "jeton/base64url.hpp"
#include "jeton/hash.hpp"

namespace jeton {
namespace {

constexpr std::string_view exponent = "AQAB";  // 65537

tl::unexpected<Error> bad_key(std::string_view what) {
  return refuse(Code::bad_request, "the key is not usable: " + std::string(what));
}

bool has_text(const Json& object, std::string_view name, std::string_view wanted) {
  const auto* text = text_member(object, name);
  return text != nullptr && *text == wanted;
}

Result<VerifyingKey> read_okp(const Json& jwk) {
  if (!has_text(jwk, "crv", "Ed25519")) return bad_key("crv of an OKP key must be Ed25519");
  const auto* x = text_member(jwk, "x");
  std::array<unsigned char, 32> bytes{};
  if (x == nullptr || !from_base64url(*x, bytes)) return bad_key("x must be 32 bytes of base64url");
  return VerifyingKey(bytes);
}

Result<VerifyingKey> read_ec(const Json& jwk) {
  if (!has_text(jwk, "crv", "P-256")) return bad_key("crv of an EC key must be P-256");
  const auto* x = text_member(jwk, "x");
  const auto* y = text_member(jwk, "y");
  P256Point point;
  if (x == nullptr || y == nullptr || !from_base64url(*x, point.x) || !from_base64url(*y, point.y))
    return bad_key("x and y must be 32 bytes of base64url each");
  const auto key = OpensslKey::of_point(point);
  if (!key) return bad_key("x and y are no point of P-256");
  return VerifyingKey(*key);
}

Result<VerifyingKey> read_rsa(const Json& jwk) {
  const auto* n = text_member(jwk, "n");
  if (!has_text(jwk, "e", exponent)) return bad_key("e must be 65537, AQAB");
  // Longer than any modulus that is taken: not even decoded.
  constexpr std::size_t letters_max = (rsa_bits_max / 8 * 4 + 2) / 3;
  const auto modulus = n == nullptr || n->size() > letters_max ? std::nullopt : from_base64url(*n);
  const auto key = modulus ? OpensslKey::of_modulus(*modulus) : std::nullopt;
  if (!key) return bad_key("n must be an odd number of 2048 to 4096 bits in base64url, without leading zeros");
  return VerifyingKey(*key);
}

}  // namespace

PublicMembers public_members(std::span<const unsigned char> ed25519) {
  return {{"crv", "Ed25519"}, {"kty", "OKP"}, {"x", base64url(ed25519)}};
}

PublicMembers public_members(const OpensslKey& key) {
  if (key.algorithm() == Algorithm::rs256)
    return {{"e", std::string(exponent)}, {"kty", "RSA"}, {"n", base64url(key.modulus())}};
  const auto point = key.point();
  return {{"crv", "P-256"}, {"kty", "EC"}, {"x", base64url(point.x)}, {"y", base64url(point.y)}};
}

std::string thumbprint(const PublicMembers& members) {
  std::string text;
  for (const auto& [name, value] : members) {
    text += text.empty() ? "{\"" : ",\"";
    text.append(name).append("\":\"").append(value) += '"';
  }
  return base64url(sha256(text + '}'));
}

bool is_for_another_algorithm(const Json& jwk) {
  const auto* kty = text_member(jwk, "kty");
  if (kty == nullptr) return false;
  if (*kty == "RSA") {
    const auto* alg = text_member(jwk, "alg");
    return alg != nullptr && *alg != name_of(Algorithm::rs256);
  }
  if (*kty != "OKP" && *kty != "EC") return true;
  const auto* crv = text_member(jwk, "crv");
  return crv != nullptr && *crv != (*kty == "EC" ? "P-256" : "Ed25519");
}

bool has_private_member(const Json& jwk) {
  constexpr std::array<std::string_view, 8> names{"d", "p", "q", "dp", "dq", "qi", "oth", "k"};
  return std::any_of(names.begin(), names.end(), [&](std::string_view name) { return jwk.contains(name); });
}

Result<VerifyingKey> read_public_numbers(const Json& jwk) {
  if (has_text(jwk, "kty", "OKP")) return read_okp(jwk);
  if (has_text(jwk, "kty", "EC")) return read_ec(jwk);
  if (has_text(jwk, "kty", "RSA")) return read_rsa(jwk);
  return bad_key("kty must be OKP, EC or RSA");
}

const std::string* text_member(const Json& object, std::string_view name) {
  const auto found = object.find(name);
  return found == object.end() ? nullptr : found->get_ptr<const std::string*>();
}

}  // namespace jeton
