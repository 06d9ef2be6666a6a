// Is a token of every algorithm refused for what it must be refused for, whatever its key is?
#include "jeton/token.hpp"
#include "support/any_key.hpp"
#include "support/catch.hpp"

namespace {

using jeton::Algorithm;
using jeton::Code;
using jeton::GenuineToken;
using jeton::Json;
using jeton::Signature;
using jeton::UnverifiedToken;
namespace forge = jeton::forge;

Code parse_code(const std::string& text) {
  const auto token = UnverifiedToken::parse(text);
  return token ? Code::internal : token.error().code;
}

/// What becomes of a text before a set of the issuer's three keys; `internal` stands for "genuine".
Code code_of(const std::string& text, const jeton::KeySet& keys = forge::keys_of_all()) {
  auto token = UnverifiedToken::parse(text);
  if (!token) return token.error().code;
  const auto genuine = GenuineToken::verify(std::move(*token), keys);
  return genuine ? Code::internal : genuine.error().code;
}

std::string good_token(Algorithm algorithm) {
  return jeton::sign_token(forge::good_claims(), forge::issuer_key(algorithm)).expose_for_transport();
}

Algorithm any_algorithm() { return GENERATE(Algorithm::eddsa, Algorithm::es256, Algorithm::rs256); }

std::string with_signature(const std::string& token, const Signature& signature) {
  auto parts = forge::parts_of(token);
  parts.signature = jeton::base64url(signature);
  return parts.joined();
}

std::string alg_patch(std::string_view alg) { return Json{{"alg", alg}}.dump(); }

TEST_CASE("RFC 8725 section 3.1: no key makes a token genuine whose alg is none or an HMAC") {
  const auto& key = forge::issuer_key(any_algorithm());
  for (const auto* alg : {"none", "None", "noNE", "NONE", "", "HS256", "HS384", "HS512", "hs256", "RS512", "PS256",
                          "ES384", "ES256K", "Ed448", "eddsa", "es256", "rs256", "RS256 ", "ES256,RS256"}) {
    CAPTURE(alg);
    const auto token = forge::token_of(key, alg_patch(alg));
    CHECK(code_of(token) == Code::bad_token);
    const auto parts = forge::parts_of(token);
    CHECK(code_of(parts.header + "." + parts.payload + ".") == Code::bad_token);
  }
}

TEST_CASE("RFC 8725 section 2.1: an HMAC under any spelling of the public key is refused") {
  const auto algorithm = any_algorithm();
  const auto& key = forge::issuer_key(algorithm).verifying_key();
  const auto number = key.jwk().at(algorithm == Algorithm::rs256 ? "n" : "x").get<std::string>();
  const auto bytes = jeton::from_base64url(number).value();
  for (const auto& secret : {key.jwk().dump(), number, std::string(bytes.begin(), bytes.end()), std::string()})
    for (const auto* alg : {"HS256", "EdDSA", "ES256", "RS256"}) {
      const auto input = forge::encoded(forge::header_of(forge::issuer_key(algorithm), alg_patch(alg))) + "." +
                         forge::encoded(forge::payload_with());
      const auto mac = jeton::hmac_sha256(jeton::as_bytes(secret), jeton::as_bytes(input));
      Signature signature(mac.begin(), mac.end());
      CHECK(code_of(input + "." + jeton::base64url(signature)) == Code::bad_token);
      for (const std::size_t size : {64U, 256U}) {  // as long as one of an algorithm that there is
        signature.resize(size);
        const auto code = code_of(input + "." + jeton::base64url(signature));
        CHECK((code == Code::bad_token || code == Code::bad_signature));
      }
    }
}

TEST_CASE("RFC 8725 section 3.1: a header that names another algorithm than its key has is refused") {
  const auto algorithm = any_algorithm();
  for (const auto other : jeton::all_algorithms) {
    if (other == algorithm) continue;
    CAPTURE(jeton::name_of(algorithm), jeton::name_of(other));
    // given: signed by the right key, over a header that says otherwise
    const bool same_length = algorithm != Algorithm::rs256 && other != Algorithm::rs256;
    CHECK(code_of(forge::token_of(forge::issuer_key(algorithm), alg_patch(jeton::name_of(other)))) ==
          (same_length ? Code::bad_signature : Code::bad_token));
    // given: signed by the issuer's own key of the algorithm that the header says, under the kid of this one
    const auto kid = forge::issuer_key(algorithm).verifying_key().kid();
    CHECK(code_of(forge::token_of(forge::issuer_key(other), Json{{"kid", kid}}.dump())) == Code::bad_signature);
  }
}

TEST_CASE("RFC 7515 section 4.1: every header member but typ, alg and kid is refused with every algorithm") {
  const auto& key = forge::issuer_key(any_algorithm());
  const auto own_key = R"({"jwk":)" + forge::key_named("mallory").verifying_key().jwk().dump() + "}";
  for (const auto* patch :
       {R"({"crit":["exp"],"exp":1})", R"({"crit":[]})", own_key.c_str(), R"({"jku":"https://evil.example"})",
        R"({"x5u":"https://evil.example"})", R"({"x5c":["MA"]})", R"({"b64":false})", R"({"zip":"DEF"})",
        R"({"typ":"JWT"})", R"({"typ":"txntoken+jwt"})", R"({"typ":null})", R"({"kid":"key-1"})", R"({"kid":null})"}) {
    CAPTURE(patch);
    CHECK(code_of(forge::token_of(key, patch)) == Code::bad_token);
  }
}

TEST_CASE("RFC 7519 section 4: a claim or header member twice is refused with every algorithm") {
  const auto& key = forge::issuer_key(any_algorithm());
  const auto header = forge::header_of(key), payload = forge::payload_with();
  CHECK(code_of(forge::signed_token(R"({"alg":"none",)" + header.substr(1), payload, key)) == Code::bad_token);
  CHECK(code_of(forge::signed_token(header, R"({"aud":"https://other.example/mcp",)" + payload.substr(1), key)) ==
        Code::bad_token);
  CHECK(code_of(forge::token_of(key, "{}", R"({"aud":["https://crm.example/mcp","https://other.example/mcp"]})")) ==
        Code::bad_token);
}

TEST_CASE("RFC 4648 section 3.5: a token of every algorithm has one spelling") {
  const auto token = good_token(any_algorithm());
  const auto parts = forge::parts_of(token);
  REQUIRE(code_of(token) == Code::internal);
  const auto variants = forge::trailing_bit_variants(parts.signature);
  REQUIRE(variants.size() == 15);
  for (const auto& signature : variants)
    CHECK(code_of(parts.header + "." + parts.payload + "." + signature) == Code::bad_token);
  for (const auto& variant : {token + "=", token + "==", token + "\n", "\n" + token, token + ".",
                              parts.header + "=." + parts.payload + "." + parts.signature})
    CHECK(code_of(variant) == Code::bad_token);
}

TEST_CASE("the key of another issuer under the same kid makes no token of any algorithm genuine") {
  const auto algorithm = any_algorithm();
  const auto stranger = jeton::SigningKey::generate(algorithm);
  const auto header = forge::header_of(forge::issuer_key(algorithm));
  CHECK(code_of(forge::signed_token(header, forge::payload_with(), stranger)) == Code::bad_signature);
  CHECK(code_of(forge::token_of(stranger)) == Code::unknown_key);
  CHECK(code_of(good_token(algorithm), jeton::KeySet()) == Code::unknown_key);
}

TEST_CASE("a signature of another length than its algorithm makes is refused before any key is asked") {
  const auto algorithm = any_algorithm();
  const auto token = good_token(algorithm);
  for (const std::size_t size : {1U, 32U, 63U, 65U, 70U, 72U, 96U, 128U, 255U, 513U, 1024U}) {
    CAPTURE(size);
    CHECK(parse_code(with_signature(token, Signature(size, 7))) == Code::bad_token);
  }
  for (const std::size_t size : {257U, 384U, 512U})  // as long as those of some RSA key: this one says no
    CHECK(code_of(with_signature(token, Signature(size, 7))) ==
          (algorithm == Algorithm::rs256 ? Code::bad_signature : Code::bad_token));
}

TEST_CASE("of the two ES256 signatures of a text a token has the lower and no other") {
  const auto token = good_token(Algorithm::es256);
  const auto parts = forge::parts_of(token);
  const auto twin = forge::twin_of(jeton::from_base64url(parts.signature).value());
  REQUIRE(forge::issuer_key(Algorithm::es256).verifying_key().verifies(parts.header + "." + parts.payload, twin));
  CHECK(code_of(with_signature(token, twin)) == Code::bad_signature);
  CHECK(code_of(token) == Code::internal);
}

TEST_CASE("no single changed byte leaves a token of any algorithm genuine") {
  const auto good = good_token(any_algorithm());
  const auto keys = forge::keys_of_all();
  for (std::size_t at = 0; at < good.size(); ++at) {
    auto bad = good;
    bad[at] = bad[at] == 'A' ? 'B' : 'A';
    CAPTURE(at);
    CHECK(code_of(bad, keys) != Code::internal);
  }
}

TEST_CASE("a token over 8 KiB is refused with every algorithm and one of 8 KiB is looked at") {
  const auto& key = forge::issuer_key(any_algorithm());
  auto claims = forge::good_claims();
  std::string last_good, text;
  for (claims.sub.resize(4800, 'x'); text.size() <= jeton::token_bytes_max; claims.sub += 'x')
    last_good = std::exchange(text, jeton::sign_token(claims, key).expose_for_transport());
  CHECK(parse_code(text) == Code::bad_token);
  CHECK(last_good.size() > jeton::token_bytes_max - 4);
  CHECK(code_of(last_good) == Code::internal);
}

TEST_CASE("RFC 9864: a header that says Ed25519 is taken for EdDSA on an Ed25519 key and on no other") {
  const auto said_by = [](Algorithm algorithm) {
    return code_of(forge::token_of(forge::issuer_key(algorithm), alg_patch("Ed25519")));
  };
  CHECK(said_by(Algorithm::es256) == Code::bad_signature);
  CHECK(said_by(Algorithm::rs256) == Code::bad_token);
  CHECK(said_by(Algorithm::eddsa) == Code::internal);
}

TEST_CASE("the header of every algorithm is exactly the protocol's text") {
  for (const auto algorithm : jeton::all_algorithms) {
    const auto header = jeton::from_base64url(forge::parts_of(good_token(algorithm)).header).value();
    CHECK(std::string(header.begin(), header.end()) == R"({"typ":"at+jwt","alg":")" +
                                                           std::string(jeton::name_of(algorithm)) + R"(","kid":")" +
                                                           forge::issuer_key(algorithm).verifying_key().kid() + "\"}");
  }
}

TEST_CASE("a token of every algorithm is genuine under its key and carries its claims") {
  for (const auto algorithm : jeton::all_algorithms) {
    const auto token = UnverifiedToken::parse(good_token(algorithm));
    REQUIRE(token);
    CHECK(token->algorithm_before_verification() == algorithm);
    const auto genuine = GenuineToken::verify(*token, forge::keys_of_all());
    REQUIRE(genuine);
    CHECK(genuine->claims().json() == forge::good_claims().json());
  }
}

}  // namespace
