// Are keys named by their thumbprint, read strictly and used strictly?
#include "jeton/key.hpp"

#include <type_traits>

#include "support/catch.hpp"
#include "support/forge.hpp"

namespace {

using jeton::Code;
using jeton::Json;
using jeton::KeySet;
using jeton::VerifyingKey;

constexpr auto rfc8037_seed = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
constexpr auto rfc8037_x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
constexpr auto rfc8037_kid = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";

Json rfc8037_jwk() { return Json{{"kty", "OKP"}, {"crv", "Ed25519"}, {"x", rfc8037_x}}; }

jeton::SigningKey rfc8037_key() {
  jeton::Secret seed(32);
  REQUIRE(jeton::from_base64url(rfc8037_seed, seed.writable()));
  return jeton::SigningKey::from_seed(seed);
}

/// The code that a JWK is refused with after a merge patch; `internal` when it is not refused.
Code refusal_of(std::string_view patch) {
  auto jwk = rfc8037_jwk();
  jwk.merge_patch(Json::parse(patch));
  const auto key = VerifyingKey::from_jwk(jwk);
  return key ? Code::internal : key.error().code;
}

TEST_CASE("a JWK that is not an Ed25519 key for signatures is refused") {
  const auto* patch = GENERATE(
      R"({"kty":"EC"})", R"({"kty":null})", R"({"kty":1})", R"({"crv":"Ed448"})", R"({"crv":"X25519"})",
      R"({"crv":null})", R"({"use":"enc"})", R"({"use":1})", R"({"alg":"HS256"})", R"({"alg":"none"})",
      R"({"alg":["EdDSA"]})", R"({"key_ops":["sign"]})", R"({"key_ops":["sign","verify"]})", R"({"key_ops":"verify"})");
  CAPTURE(patch);
  CHECK(refusal_of(patch) == Code::bad_request);
}

TEST_CASE("a JWK whose x is not exactly 32 bytes of strict base64url is refused") {
  const auto* patch = GENERATE(R"({"x":null})", R"({"x":7})", R"({"x":""})", R"({"x":"11qYAYKxCrfVS_7TyWQHOg"})",
                               R"({"x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo="})",
                               R"({"x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURp"})",
                               R"({"x":"11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo"})");
  CAPTURE(patch);
  CHECK(refusal_of(patch) == Code::bad_request);
}

TEST_CASE("a JWK with a private half is refused and the message does not repeat it") {
  auto jwk = rfc8037_jwk();
  jwk["d"] = rfc8037_seed;
  const auto key = VerifyingKey::from_jwk(jwk);
  REQUIRE(!key);
  CHECK(key.error().code == Code::bad_request);
  CHECK(key.error().message.find(rfc8037_seed) == std::string::npos);
}

TEST_CASE("RFC 7638: a JWK whose kid is not its thumbprint is refused") {
  CHECK(refusal_of(R"({"kid":"key-1"})") == Code::bad_request);
  CHECK(refusal_of(R"({"kid":1})") == Code::bad_request);
}

TEST_CASE("what is not a JSON object is no JWK") {
  CHECK(VerifyingKey::from_jwk(Json()).error().code == Code::bad_request);
  CHECK(VerifyingKey::from_jwk(Json::array({rfc8037_jwk()})).error().code == Code::bad_request);
  CHECK(VerifyingKey::from_jwk(Json("OKP")).error().code == Code::bad_request);
}

TEST_CASE("a key set that is not an object with an array of keys is refused") {
  const auto* text = GENERATE("null", "[]", "{}", R"({"keys":{}})", R"({"keys":[1]})", R"({"keys":[{}]})");
  CAPTURE(text);
  const auto set = KeySet::from_jwks(Json::parse(text));
  REQUIRE(!set);
  CHECK(set.error().code == Code::bad_request);
}

TEST_CASE("a key set with two keys of one kid is refused") {
  const auto set = KeySet::from_jwks(Json{{"keys", Json::array({rfc8037_jwk(), rfc8037_jwk()})}});
  REQUIRE(!set);
  CHECK(set.error().code == Code::bad_request);
}

TEST_CASE("a key set with one malformed Ed25519 key is refused as a whole") {
  auto broken = rfc8037_jwk();
  broken["x"] = "AAAA";
  CHECK(!KeySet::from_jwks(Json{{"keys", Json::array({jeton::forge::issuer_key().verifying_key().jwk(), broken})}}));
}

TEST_CASE("RFC 8032 section 5.1.7: a signature whose scalar is not canonical does not verify") {
  const auto key = rfc8037_key();
  const auto signature = key.sign("message");
  CHECK(key.verifying_key().verifies("message", signature));
  CHECK(!key.verifying_key().verifies("message", jeton::forge::malleated(signature)));
}

TEST_CASE("a key of small order verifies nothing") {
  // given: the neutral element as key and as R, for which 0 = 0 holds whatever the message
  std::array<unsigned char, 32> neutral{};
  neutral[0] = 1;
  jeton::Signature signature(64);
  signature[0] = 1;
  CHECK(!VerifyingKey(neutral).verifies("any message", signature));
}

TEST_CASE("a signature does not verify for another message or another key") {
  const auto key = rfc8037_key();
  const auto signature = key.sign("message");
  CHECK(!key.verifying_key().verifies("messagf", signature));
  CHECK(!key.verifying_key().verifies("", signature));
  CHECK(!jeton::forge::issuer_key().verifying_key().verifies("message", signature));
}

TEST_CASE("a seed of another length is a mistake of the program") {
  CHECK_THROWS(jeton::SigningKey::from_seed(jeton::Secret(31)));
}

TEST_CASE("a signing key cannot be copied") {
  CHECK(!std::is_copy_constructible_v<jeton::SigningKey>);
  CHECK(std::is_move_constructible_v<jeton::SigningKey>);
}

TEST_CASE("RFC 8037 A.3: the kid is the thumbprint of the key") {
  const auto key = VerifyingKey::from_jwk(rfc8037_jwk());
  REQUIRE(key);
  CHECK(key->kid() == rfc8037_kid);
}

TEST_CASE("RFC 8037 A.4: the example is signed to the same bytes") {
  const auto key = rfc8037_key();
  CHECK(key.verifying_key().kid() == rfc8037_kid);
  const auto input =
      jeton::forge::encoded(R"({"alg":"EdDSA"})") + "." + jeton::forge::encoded("Example of Ed25519 signing");
  const auto signature = key.sign(input);
  CHECK(jeton::base64url(signature) ==
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg");
  CHECK(key.verifying_key().verifies(input, signature));
}

TEST_CASE("a key survives the way out as a JWK and in again") {
  const auto& key = jeton::forge::issuer_key().verifying_key();
  const auto jwk = key.jwk();
  CHECK(jwk.size() == 6);
  CHECK(jwk["use"] == "sig");
  CHECK(jwk["alg"] == "EdDSA");
  CHECK(jwk["kid"] == key.kid());
  CHECK(VerifyingKey::from_jwk(jwk).value().bytes() == key.bytes());
}

TEST_CASE("RFC 7517 section 4: members that are not known are passed over") {
  CHECK(refusal_of(R"({"exp":1790000000,"key_ops":["verify"],"use":"sig","alg":"EdDSA"})") == Code::internal);
}

TEST_CASE("RFC 7517 section 5: keys for other algorithms are passed over") {
  // given: a set that also holds an RSA key and a key for agreement
  const auto set = KeySet::from_jwks(
      Json::parse(R"({"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB","alg":"PS256"},{"kty":"OKP","crv":"X25519","x":"AA"},)"
                  R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})"));
  // then: the one Ed25519 key is found by its kid, and no other
  REQUIRE(set);
  CHECK(set->keys().size() == 1);
  CHECK(set->find(rfc8037_kid) != nullptr);
  CHECK(set->find("") == nullptr);
}

TEST_CASE("every generated key is another one and signs") {
  const auto first = jeton::SigningKey::generate();
  auto second = jeton::SigningKey::generate();
  CHECK(first.verifying_key().kid() != second.verifying_key().kid());

  const auto kid = second.verifying_key().kid();
  const auto moved = std::move(second);
  CHECK(moved.verifying_key().kid() == kid);
  CHECK(moved.verifying_key().verifies("message", moved.sign("message")));
}

}  // namespace
