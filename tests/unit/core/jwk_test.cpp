// Are JWKs of P-256 and RSA read so strictly that each key has one spelling?
#include "support/any_key.hpp"
#include "support/catch.hpp"

namespace {

using jeton::Algorithm;
using jeton::Code;
using jeton::Json;
using jeton::KeySet;
using jeton::VerifyingKey;
namespace forge = jeton::forge;

constexpr auto rfc7638_n =
    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3"
    "oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdA"
    "ZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-"
    "kEgU8awapJzKnqDKgw";
/// Of RFC 7515 appendix A.3.1.
constexpr auto x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
constexpr auto y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";

Json ec_jwk() { return Json{{"kty", "EC"}, {"crv", "P-256"}, {"x", x}, {"y", y}}; }
Json rsa_jwk() { return Json{{"kty", "RSA"}, {"e", "AQAB"}, {"n", rfc7638_n}}; }

/// The code that a JWK is refused with after a merge patch; `internal` when it is not refused.
Code refusal_of(Json jwk, const Json& patch) {
  jwk.merge_patch(patch);
  const auto key = VerifyingKey::from_jwk(jwk);
  return key ? Code::internal : key.error().code;
}
Code refusal_of(const Json& jwk, const char* patch) { return refusal_of(jwk, Json::parse(patch)); }

/// An odd number of so many bits.
std::string number_of(std::size_t bits) {
  std::vector<unsigned char> bytes((bits + 7) / 8, 0xa5);
  bytes.front() = static_cast<unsigned char>(1U << ((bits - 1) % 8));
  bytes.back() |= 1U;
  return jeton::base64url(bytes);
}

TEST_CASE("an EC key of another curve or for another purpose is refused") {
  const auto* patch = GENERATE(
      R"({"kty":"OKP"})", R"({"kty":"ec"})", R"({"kty":"RSA"})", R"({"crv":"P-384"})", R"({"crv":"secp256k1"})",
      R"({"crv":"p-256"})", R"({"crv":null})", R"({"crv":256})", R"({"use":"enc"})", R"({"alg":"ES384"})",
      R"({"alg":"RS256"})", R"({"alg":"EdDSA"})", R"({"alg":"none"})", R"({"alg":"HS256"})", R"({"alg":"es256"})",
      R"({"alg":7})", R"({"key_ops":["sign"]})", R"({"key_ops":["verify","deriveKey"]})", R"({"kid":"key-1"})");
  CAPTURE(patch);
  CHECK(refusal_of(ec_jwk(), patch) == Code::bad_request);
}

TEST_CASE("RFC 7518 section 6.2.1.2: coordinates that are not 32 bytes in their one spelling are refused") {
  for (const auto* name : {"x", "y"}) {
    for (const auto* value :
         {"", "AA", "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVA", "AH_NzidwhFfUGDy-5v20t7WAczNXvp7xO6z248e9FURQ",
          "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU=", "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEV",
          "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVE\n"}) {
      CAPTURE(name, value);
      CHECK(refusal_of(ec_jwk(), Json{{name, value}}) == Code::bad_request);
    }
    CHECK(refusal_of(ec_jwk(), Json{{name, nullptr}}) == Code::bad_request);
    CHECK(refusal_of(ec_jwk(), Json{{name, 7}}) == Code::bad_request);
  }
}

TEST_CASE("RFC 7518 section 6.2.1: a point that is not on the curve is refused") {
  const std::string zero(43, 'A'), most = jeton::base64url(std::vector<unsigned char>(32, 0xff));
  CHECK(refusal_of(ec_jwk(), Json{{"x", y}, {"y", x}}) == Code::bad_request);
  CHECK(refusal_of(ec_jwk(), Json{{"y", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a4"}}) == Code::bad_request);
  CHECK(refusal_of(ec_jwk(), Json{{"x", zero}, {"y", zero}}) == Code::bad_request);
  CHECK(refusal_of(ec_jwk(), Json{{"x", most}, {"y", most}}) == Code::bad_request);
  // given: the point whose x is 5, and the same with 5 + p, which a reader that reduces would take for it
  const auto five = std::string(42, 'A') + "U", y_of_five = std::string("RZJDuapYGAb-kTvOmYF63hHKUDxk2aPFM0FcCDJI-8w");
  CHECK(refusal_of(ec_jwk(), Json{{"x", five}, {"y", y_of_five}}) == Code::internal);
  CHECK(refusal_of(ec_jwk(), Json{{"x", "_____wAAAAEAAAAAAAAAAAAAAAEAAAAAAAAAAAAAAAQ"}, {"y", y_of_five}}) ==
        Code::bad_request);
}

TEST_CASE("an RSA key for another purpose is refused") {
  const auto* patch =
      GENERATE(R"({"kty":"rsa"})", R"({"kty":"EC"})", R"({"use":"enc"})", R"({"alg":"RS512"})", R"({"alg":"PS256"})",
               R"({"alg":"RSA-OAEP"})", R"({"alg":"ES256"})", R"({"alg":"HS256"})", R"({"alg":"none"})", R"({"alg":1})",
               R"({"key_ops":["encrypt"]})", R"({"key_ops":[]})", R"({"kid":"2011-04-29"})");
  CAPTURE(patch);
  CHECK(refusal_of(rsa_jwk(), patch) == Code::bad_request);
}

TEST_CASE("an RSA key whose exponent is not 65537 in its one spelling is refused") {
  for (const auto* e :
       {"", "AQ", "Aw", "Ag", "AA", "AAEAAQ", "AQAB=", "AQAC", "AQABAA", "////", "AQAAAAAB", "aqab", "AQAB "}) {
    CAPTURE(e);
    CHECK(refusal_of(rsa_jwk(), Json{{"e", e}}) == Code::bad_request);
  }
  CHECK(refusal_of(rsa_jwk(), Json{{"e", nullptr}}) == Code::bad_request);
  CHECK(refusal_of(rsa_jwk(), Json{{"e", 65537}}) == Code::bad_request);
}

TEST_CASE("RFC 7518 section 3.3: an RSA key of less than 2048 or more than 4096 bits is refused") {
  for (const std::size_t bits : {8U, 512U, 1024U, 2040U, 2047U, 4097U, 4104U, 8192U, 100'000U}) {
    CAPTURE(bits);
    CHECK(refusal_of(rsa_jwk(), Json{{"n", number_of(bits)}}) == Code::bad_request);
  }
  for (const std::size_t bits : {2048U, 2049U, 3072U, 4096U}) {
    CAPTURE(bits);
    CHECK(refusal_of(rsa_jwk(), Json{{"n", number_of(bits)}}) == Code::internal);
  }
}

TEST_CASE("RFC 7518 section 6.3.1.1: a modulus that is even or not in its one spelling is refused") {
  const std::string n = rfc7638_n;
  auto bytes = jeton::from_base64url(n).value();
  bytes.insert(bytes.begin(), 0);
  CHECK(refusal_of(rsa_jwk(), Json{{"n", jeton::base64url(bytes)}}) == Code::bad_request);
  bytes.erase(bytes.begin());
  bytes.back() ^= 1U;
  CHECK(refusal_of(rsa_jwk(), Json{{"n", jeton::base64url(bytes)}}) == Code::bad_request);
  for (const auto& value : {n + "==", n + "A", n.substr(0, n.size() - 1) + "x", " " + n, std::string()}) {
    CAPTURE(value);
    CHECK(refusal_of(rsa_jwk(), Json{{"n", value}}) == Code::bad_request);
  }
  CHECK(refusal_of(rsa_jwk(), Json{{"n", nullptr}}) == Code::bad_request);
  CHECK(refusal_of(rsa_jwk(), Json{{"n", 7}}) == Code::bad_request);
}

TEST_CASE("a JWK with any private or symmetric member is refused and the message does not repeat it") {
  const auto* name = GENERATE("d", "p", "q", "dp", "dq", "qi", "oth", "k");
  CAPTURE(name);
  for (auto jwk : {ec_jwk(), rsa_jwk(), forge::issuer_key().verifying_key().jwk()}) {
    jwk[name] = "c2VjcmV0";
    const auto key = VerifyingKey::from_jwk(jwk);
    REQUIRE_FALSE(key);
    CHECK(key.error().code == Code::bad_request);
    CHECK(key.error().message.find("c2VjcmV0") == std::string::npos);
  }
}

TEST_CASE("a key of one algorithm is not read as one of another") {
  for (const auto from : jeton::all_algorithms)
    for (const auto to : jeton::all_algorithms) {
      auto jwk = forge::issuer_key(from).verifying_key().jwk();
      jwk["alg"] = jeton::name_of(to);
      CHECK(VerifyingKey::from_jwk(jwk).has_value() == (from == to));
    }
}

TEST_CASE("RFC 9864: Ed25519 is another name for EdDSA on that curve and for nothing else") {
  auto jwk = forge::issuer_key().verifying_key().jwk();
  jwk["alg"] = "Ed25519";
  CHECK(VerifyingKey::from_jwk(jwk).value().jwk().at("alg") == "EdDSA");
  jwk["alg"] = "Ed448";
  CHECK_FALSE(VerifyingKey::from_jwk(jwk));
  jwk["crv"] = "Ed448";
  jwk["alg"] = "EdDSA";
  CHECK_FALSE(VerifyingKey::from_jwk(jwk));
  CHECK(refusal_of(ec_jwk(), R"({"alg":"Ed25519"})") == Code::bad_request);
}

TEST_CASE("only an Ed25519 key is 32 bytes") {
  CHECK_THROWS(forge::issuer_key(Algorithm::es256).verifying_key().bytes());
  CHECK_THROWS(forge::issuer_key(Algorithm::rs256).verifying_key().bytes());
}

TEST_CASE("a key set with a malformed key of a known kind is refused as a whole") {
  auto ec = ec_jwk(), rsa = rsa_jwk();
  ec["y"] = x;
  rsa["e"] = "Aw";
  for (const auto& broken : {ec, rsa})
    CHECK_FALSE(KeySet::from_jwks(Json{{"keys", Json::array({forge::issuer_key().verifying_key().jwk(), broken})}}));
}

TEST_CASE("RFC 7638 section 3.1: the kid of an RSA key is its thumbprint") {
  auto jwk = rsa_jwk();
  jwk["alg"] = "RS256";
  const auto key = VerifyingKey::from_jwk(jwk);
  REQUIRE(key);
  CHECK(key->kid() == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
  CHECK(key->algorithm() == Algorithm::rs256);
}

TEST_CASE("RFC 7638 section 3.2: the kid of an EC key is that of crv, kty, x and y in this order") {
  const auto key = VerifyingKey::from_jwk(ec_jwk());
  REQUIRE(key);
  const auto text = std::string(R"({"crv":"P-256","kty":"EC","x":")") + x + R"(","y":")" + y + "\"}";
  CHECK(key->kid() == jeton::base64url(jeton::sha256(text)));
  CHECK(key->algorithm() == Algorithm::es256);
}

TEST_CASE("a key of each algorithm survives the way out as a JWK and in again") {
  for (const auto algorithm : jeton::all_algorithms) {
    const auto& key = forge::issuer_key(algorithm).verifying_key();
    const auto jwk = key.jwk();
    CAPTURE(jwk.dump());
    CHECK(jwk.at("alg") == jeton::name_of(algorithm));
    CHECK(jwk.at("use") == "sig");
    CHECK(jwk.at("kid") == key.kid());
    const auto again = VerifyingKey::from_jwk(jwk);
    REQUIRE(again);
    CHECK(again->jwk() == jwk);
    CHECK(again->verifies("message", forge::issuer_key(algorithm).sign("message")));
  }
  CHECK(forge::keys_of_all().keys().size() == 3);
}

TEST_CASE("RFC 7517 section 5: a set keeps the keys of the three algorithms and passes over the others") {
  Json keys = Json::array({{{"kty", "RSA"}, {"n", rfc7638_n}, {"e", "AQAB"}, {"alg", "PS256"}},
                           {{"kty", "EC"}, {"crv", "P-384"}, {"x", "AA"}, {"y", "AA"}},
                           {{"kty", "OKP"}, {"crv", "Ed448"}, {"x", "AA"}},
                           {{"kty", "AKP"}, {"alg", "ML-DSA-44"}, {"pub", "AA"}},
                           {{"kty", "oct"}, {"k", "AA"}}});
  for (const auto algorithm : jeton::all_algorithms) keys.push_back(forge::issuer_key(algorithm).verifying_key().jwk());
  const auto set = KeySet::from_jwks(Json{{"keys", keys}});
  REQUIRE(set);
  CHECK(set->keys().size() == 3);
  for (const auto algorithm : jeton::all_algorithms)
    CHECK(set->find(forge::issuer_key(algorithm).verifying_key().kid())->algorithm() == algorithm);
}

}  // namespace
