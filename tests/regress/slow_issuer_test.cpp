// Does an issuer that takes two seconds to answer ever get its new keys to us?
#include "support/trust_fixture.hpp"

namespace jeton::testing {
namespace {

TrustedIssuer people() {
  TrustedIssuer entry{"people", "https://login.example", "https://login.example/jwks"};
  entry.delegates_to = {billing};
  return entry;
}

struct Given : TrustFixture {
  Given() : TrustFixture({{}, {people()}}) { fetch.answer(people().jwks, jwks_of({jwk_of(es256_key(), "old")})); }

  /// The code for a user's token of this key; whatever has to be fetched is.
  std::string code_of(const SigningKey& key, std::string_view kid) {
    const Json claims{
        {"iss", people().issuer}, {"sub", "alice"}, {"aud", our_issuer}, {"iat", now_s()}, {"exp", now_s() + 300}};
    const auto subject = subject_of(jwt(claims, key, kid), billing);
    return subject ? "ok" : std::string(name_of(subject.error().code));
  }
};

}  // namespace

TEST_CASE("who has no key to be judged by waits for it as long as for the first one") {
  Given given;
  REQUIRE(given.code_of(es256_key(), "old") == "ok");
  REQUIRE(given.fetch.last_limits().timeout_ms == 3'000);

  // When the issuer has a new key, the old one being known
  given.fetch.answer(people().jwks, jwks_of({jwk_of(es256_key(), "old"), jwk_of(rs256_key(), "new")}));
  given.clock.pass_s(60);
  CHECK(given.code_of(rs256_key(), "new") == "ok");
  CHECK(given.fetch.last_limits().timeout_ms == 3'000);

  // And who can go on with the key there is waits a little only
  given.clock.pass_s(300);
  CHECK(given.code_of(es256_key(), "old") == "ok");
  CHECK(given.fetch.asked() == 3);
  CHECK(given.fetch.last_limits().timeout_ms == 1'000);
}

}  // namespace jeton::testing
