// Is of somebody else's key set taken what can be used, passed over what cannot, and refused what is dangerous?
#include "jeton/foreign_keys.hpp"

#include "support/any_key.hpp"
#include "support/catch.hpp"

namespace {

using jeton::Algorithm;
using jeton::Code;
using jeton::ForeignKeySet;
using jeton::Json;
namespace forge = jeton::forge;

/// As others publish a key: under a name of their own, without what need not be there.
Json jwk_of(Algorithm algorithm, const char* kid) {
  auto jwk = forge::issuer_key(algorithm).verifying_key().jwk();
  for (const auto* name : {"alg", "use", "kid"}) jwk.erase(name);
  if (kid != nullptr) jwk["kid"] = kid;
  return jwk;
}

Json ed25519_named(const char* seed, const char* kid) {
  auto jwk = forge::key_named(seed).verifying_key().jwk();
  jwk["kid"] = kid;
  return jwk;
}

Json set_of(std::vector<Json> keys) { return Json{{"keys", Json(Json::array_t(std::move(keys)))}}; }

Json symmetric() { return Json{{"kty", "oct"}, {"kid", "a"}, {"k", "AA"}}; }

Code refusal_of(const Json& document) {
  const auto set = ForeignKeySet::from_jwks(document);
  return set ? Code::internal : set.error().code;
}

std::size_t usable(Json jwk, const Json& patch, std::string_view use = "sig") {
  jwk.merge_patch(patch);
  const auto set = ForeignKeySet::from_jwks(set_of({jwk}), use);
  REQUIRE(set);
  return set->keys().size();
}

TEST_CASE("what is not an object with an array of objects is no foreign key set") {
  const auto* text = GENERATE("null", "[]", "{}", "7", R"({"keys":{}})", R"({"keys":null})", R"({"keys":[1]})",
                              R"({"keys":[[]]})", R"({"keys":["key"]})", R"({"Keys":[]})");
  CAPTURE(text);
  CHECK(refusal_of(Json::parse(text)) == Code::bad_request);
}

TEST_CASE("a foreign key set of more than 256 entries is refused, usable or not") {
  std::vector<Json> keys(256, symmetric());
  CHECK(refusal_of(set_of(keys)) == Code::internal);
  keys.push_back(symmetric());
  CHECK(refusal_of(set_of(keys)) == Code::bad_request);
}

TEST_CASE("a foreign key set that publishes a private key is refused and the message does not repeat it") {
  for (const auto algorithm : jeton::all_algorithms)
    for (const auto* name : {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}) {
      CAPTURE(jeton::name_of(algorithm), name);
      auto jwk = jwk_of(algorithm, "a");
      jwk[name] = "c2VjcmV0";
      const auto set = ForeignKeySet::from_jwks(set_of({jwk_of(Algorithm::eddsa, "b"), jwk}));
      REQUIRE_FALSE(set);
      CHECK(set.error().code == Code::bad_request);
      CHECK(set.error().message.find("c2VjcmV0") == std::string::npos);
    }
}

TEST_CASE("two different keys of one algorithm under one kid are refused") {
  CHECK(refusal_of(set_of({ed25519_named("one", "a"), ed25519_named("two", "a")})) == Code::bad_request);
  CHECK(refusal_of(set_of({ed25519_named("one", "a"), ed25519_named("two", "b")})) == Code::internal);
}

TEST_CASE("RFC 7517 section 5: foreign keys that are not understood or out of range are passed over") {
  const auto* patch = GENERATE(
      R"({"kty":"oct"})", R"({"kty":"AKP"})", R"({"kty":null})", R"({"crv":"P-384"})", R"({"crv":"secp256k1"})",
      R"({"use":"enc"})", R"({"use":""})", R"({"use":["sig"]})", R"({"alg":"ES384"})", R"({"alg":"ECDH-ES"})",
      R"({"alg":"RS256"})", R"({"alg":"none"})", R"({"alg":"HS256"})", R"({"alg":7})", R"({"key_ops":["deriveBits"]})",
      R"({"key_ops":[]})", R"({"key_ops":"verify"})", R"({"x":null})", R"({"y":"AA"})", R"({"x":7})", R"({"crv":null})",
      R"({"kid":7})", R"({"y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a4"})");
  CAPTURE(patch);
  REQUIRE(usable(jwk_of(Algorithm::es256, "a"), Json::object()) == 1);
  CHECK(usable(jwk_of(Algorithm::es256, "a"), Json::parse(patch)) == 0);
}

TEST_CASE("RFC 7517 section 5: foreign RSA keys that are too short or of another exponent are passed over") {
  for (const auto* patch : {R"({"n":"AQAB"})", R"({"e":"Aw"})", R"({"e":"AQ"})", R"({"e":null})", R"({"alg":"PS256"})",
                            R"({"alg":"RS512"})", R"({"alg":"RSA-OAEP"})"}) {
    CAPTURE(patch);
    CHECK(usable(jwk_of(Algorithm::rs256, "a"), Json::parse(patch)) == 0);
  }
}

TEST_CASE("a private member in a key of a kind that is not understood is none of our business") {
  const Json unknown{{"kty", "new"}, {"k", "AA"}, {"d", 7}};
  const auto set = ForeignKeySet::from_jwks(set_of({unknown, symmetric(), jwk_of(Algorithm::es256, "a")}));
  REQUIRE(set);
  CHECK(set->keys().size() == 1);
}

TEST_CASE("an empty foreign key set and one without a usable key have no candidates") {
  for (const auto& document : {set_of({}), set_of({symmetric()})}) {
    const auto set = ForeignKeySet::from_jwks(document);
    REQUIRE(set);
    CHECK(set->keys().empty());
    CHECK_FALSE(set->has("a"));
    for (const auto algorithm : jeton::all_algorithms) {
      CHECK(set->candidates("a", algorithm).empty());
      CHECK(set->candidates(std::nullopt, algorithm).empty());
    }
  }
}

TEST_CASE("a foreign kid is found byte for byte and never for another algorithm") {
  const auto set =
      ForeignKeySet::from_jwks(set_of({jwk_of(Algorithm::es256, "Key 1/ä"), jwk_of(Algorithm::rs256, "")}));
  REQUIRE(set);
  CHECK(set->has("Key 1/ä"));
  CHECK(set->has(""));
  for (const auto* other : {"key 1/ä", "Key 1/a", "Key 1/ä ", "Key 1"}) {
    CHECK_FALSE(set->has(other));
    CHECK(set->candidates(other, Algorithm::es256).empty());
  }
  CHECK(set->candidates("Key 1/ä", Algorithm::rs256).empty());
  const auto found = set->candidates("Key 1/ä", Algorithm::es256);
  REQUIRE(found.size() == 1);
  CHECK(found[0]->verifies("text", forge::issuer_key(Algorithm::es256).sign("text")));
}

TEST_CASE("RFC 7517 section 4.5: one kid may name a key of each algorithm, and the same key twice is one") {
  const auto set = ForeignKeySet::from_jwks(set_of({jwk_of(Algorithm::es256, "a"), jwk_of(Algorithm::rs256, "a"),
                                                    jwk_of(Algorithm::eddsa, "a"), jwk_of(Algorithm::rs256, "a")}));
  REQUIRE(set);
  CHECK(set->keys().size() == 3);
  for (const auto algorithm : jeton::all_algorithms) {
    const auto found = set->candidates("a", algorithm);
    REQUIRE(found.size() == 1);
    CHECK(found[0]->algorithm() == algorithm);
  }
}

TEST_CASE("without a kid every key of the algorithm is a candidate, and a key without one only then") {
  const auto set = ForeignKeySet::from_jwks(
      set_of({ed25519_named("one", "a"), jwk_of(Algorithm::eddsa, nullptr), jwk_of(Algorithm::es256, nullptr)}));
  REQUIRE(set);
  CHECK(set->candidates(std::nullopt, Algorithm::eddsa).size() == 2);
  CHECK(set->candidates("a", Algorithm::eddsa).size() == 1);
  CHECK(set->candidates("", Algorithm::eddsa).empty());
  CHECK(set->candidates("b", Algorithm::es256).empty());
  CHECK_FALSE(set->has(""));
}

TEST_CASE("RFC 7517 section 4.2: only an entry for the asked use is taken, and one without use is for signatures") {
  const auto jwk = jwk_of(Algorithm::es256, "a");
  CHECK(usable(jwk, Json{{"use", "sig"}}) == 1);
  CHECK(usable(jwk, Json{{"use", "jwt-svid"}}) == 0);
  CHECK(usable(jwk, Json{{"use", "jwt-svid"}}, "jwt-svid") == 1);
  CHECK(usable(jwk, Json{{"use", "x509-svid"}}, "jwt-svid") == 0);
  CHECK(usable(jwk, Json::object(), "jwt-svid") == 0);
}

TEST_CASE("an alg of its own, RFC 9864's name for it, and further operations do not make a foreign key unusable") {
  const auto with = [](const char* text) { return Json::parse(text); };
  CHECK(usable(jwk_of(Algorithm::es256, "a"), with(R"({"alg":"ES256","key_ops":["verify"],"x5t":"AA"})")) == 1);
  CHECK(usable(jwk_of(Algorithm::eddsa, "a"), with(R"({"alg":"Ed25519","key_ops":["sign","verify"]})")) == 1);
  CHECK(usable(jwk_of(Algorithm::eddsa, "a"), with(R"({"alg":"EdDSA"})")) == 1);
  CHECK(usable(jwk_of(Algorithm::eddsa, "a"), with(R"({"alg":"Ed448"})")) == 0);
  CHECK(usable(jwk_of(Algorithm::rs256, "a"), with(R"({"alg":"RS256","x5c":["AA"]})")) == 1);
}

}  // namespace
