// A key as bytes for a file, and the plain JWT that such keys sign.
#include "jeton/kept_key.hpp"

#include <stdexcept>

#include "jeton/federation_token.hpp"
#include "jeton/token.hpp"
#include "support/catch.hpp"

namespace {

using jeton::Algorithm;
using jeton::SigningKey;

SigningKey kept(Algorithm algorithm) {
  const auto der = jeton::generate_pkcs8(algorithm);
  REQUIRE(der);
  auto key = SigningKey::from_pkcs8(*der);
  REQUIRE(key);
  CHECK(key->verifying_key().algorithm() == algorithm);
  return std::move(*key);
}

}  // namespace

TEST_CASE("a kept key is what the reader of PKCS 8 takes and each is another one") {
  for (const auto algorithm : {Algorithm::es256, Algorithm::rs256}) {
    const auto key = kept(algorithm), other = kept(algorithm);
    CHECK(key.verifying_key().verifies("text", key.sign("text")));
    CHECK(key.verifying_key().kid() != other.verifying_key().kid());
  }
}

TEST_CASE("an RSA key in the making is given up and an Ed25519 key is kept otherwise") {
  CHECK_FALSE(jeton::generate_pkcs8(Algorithm::rs256, [] { return false; }));
  CHECK_THROWS_AS(jeton::generate_pkcs8(Algorithm::eddsa), std::logic_error);
}

TEST_CASE("RFC 8725 section 3.11: a federation token is of another type than any token of a call") {
  const auto token =
      sign_federation_token({"https://a.example/federation", "spiffe://a/agent/x", "aud", 1, 2, jeton::Jti::random()},
                            kept(Algorithm::es256));
  const auto parsed = jeton::UnverifiedToken::parse(token.expose_for_transport());
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().code == jeton::Code::bad_token);
}
