// Key sets believed by a root: exactly the certified keys of a document, for as long as they are certified.
#include "jeton/domain.hpp"
#include "jeton/token.hpp"
#include "support/catch.hpp"
#include "support/trust_domain.hpp"

namespace {

namespace forge = jeton::forge;
using jeton::GenuineToken;
using jeton::Json;
using jeton::KeySet;
using jeton::UnverifiedToken;
using jeton::testing::certified_jwks;
using jeton::testing::domain_now_s;
using jeton::testing::domain_now_us;
using jeton::testing::entry_of;
using jeton::testing::jwks_with;
using jeton::testing::TrustDomain;

std::string code_of(const Json& document) {
  const auto set = KeySet::from_certified_jwks(document, TrustDomain().root(), domain_now_us);
  return set ? std::to_string(set->keys().size()) : std::string(name_of(set.error().code));
}

std::string verdict_on(const jeton::TokenClaims& claims, const KeySet& keys) {
  auto token = UnverifiedToken::parse(sign_token(claims, forge::issuer_key()).expose_for_transport());
  REQUIRE(token);
  const auto genuine = GenuineToken::verify(std::move(*token), keys);
  return genuine ? "genuine" : std::string(name_of(genuine.error().code));
}

KeySet good_keys() {
  const TrustDomain domain;
  return KeySet::from_certified_jwks(certified_jwks(domain.chain()), domain.root(), domain_now_us).value();
}

}  // namespace

TEST_CASE("of a key set exactly the certified keys are accepted") {
  const TrustDomain domain;
  const auto other = forge::key_named("another key");
  const auto bad = entry_of(other, domain.chain());  // of another key
  const auto good = entry_of(forge::issuer_key(), domain.chain());
  CHECK(code_of(jwks_with({bad, good, other.verifying_key().jwk()})) == "1");
  CHECK(code_of(jwks_with({entry_of(other, domain.chain(other)), good})) == "2");
  CHECK(code_of(jwks_with({bad})) == "unknown_key");
  CHECK(code_of(jwks_with({other.verifying_key().jwk()})) == "unknown_key");
  CHECK(code_of(jwks_with({})) == "unknown_key");
}

TEST_CASE("an entry that is no key lends its chain to nobody and spoils no other") {
  const TrustDomain domain;
  auto without_x = entry_of(forge::issuer_key(), domain.chain());
  without_x.erase("x");
  auto with_private = entry_of(forge::issuer_key(), domain.chain());
  with_private["d"] = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
  auto other_kid = entry_of(forge::issuer_key(), domain.chain());
  other_kid["kid"] = domain.identity.verifying_key().kid();
  const auto good = entry_of(forge::issuer_key(), domain.chain());
  for (const auto& bad : {without_x, with_private, other_kid}) {
    CHECK(code_of(jwks_with({bad})) == "bad_request");
    CHECK(code_of(jwks_with({bad, good})) == "1");
  }
}

TEST_CASE("two certified keys of one kid and documents that are no key set are refused") {
  const TrustDomain domain;
  const auto good = entry_of(forge::issuer_key(), domain.chain());
  CHECK(code_of(jwks_with({good, good})) == "bad_request");
  for (const auto& document : {Json(), Json::array(), Json::object(), Json("keys"), Json{{"keys", "x"}},
                               Json{{"keys", Json::object()}}, Json{{"keys", {7}}}, Json{{"keys", {"x"}}}})
    CHECK(code_of(document) == "bad_request");
}

TEST_CASE("a huge key set is refused before any of it is verified") {
  const TrustDomain domain;
  const auto good = entry_of(forge::issuer_key(), domain.chain());
  const auto without = forge::key_named("x").verifying_key().jwk();
  std::vector<Json> entries(KeySet::certified_entries_max, without);
  entries.front() = good;
  CHECK(code_of(jwks_with(entries)) == "1");
  entries.push_back(without);
  CHECK(code_of(jwks_with(entries)) == "bad_request");
  entries.assign(20'000, good);
  CHECK(code_of(jwks_with(entries)) == "bad_request");
}

TEST_CASE("a certified key signs for its daemon's issuer and for agents of its trust domain alone") {
  const auto keys = good_keys();
  CHECK(verdict_on(forge::good_claims(), keys) == "genuine");
  auto other_issuer = forge::good_claims();
  other_issuer.iss = "https://another.example";
  CHECK(verdict_on(other_issuer, keys) == "wrong_issuer");
  for (const char* agent : {"spiffe://other.example/agent/billing", "spiffe://acme.example.evil/agent/billing",
                            "spiffe://acme.example", "billing"}) {
    auto other_agent = forge::good_claims();
    other_agent.client_id = agent;
    CHECK(verdict_on(other_agent, keys) == "wrong_issuer");
  }
  // A user may be anybody's: it is the agent that is of the domain.
  auto for_a_user = forge::good_claims();
  for_a_user.sub = "user:alice@elsewhere.example";
  CHECK(verdict_on(for_a_user, keys) == "genuine");
  CHECK(verdict_on(other_issuer, forge::issuer_keys()) == "genuine");
}

TEST_CASE("a certified key is forgotten when its certificates have ended and others stay") {
  const TrustDomain domain;
  const auto keys = good_keys();
  const auto at = [&](std::int64_t s) { return keys.in_time(s * 1'000'000).keys().size(); };
  CHECK(at(domain.of_key.from_s - 6) == 0);
  CHECK(at(domain.of_key.from_s - 5) == 1);
  CHECK(at(domain_now_s) == 1);
  CHECK(at(domain.of_key.until_s + 4) == 1);
  CHECK(at(domain.of_key.until_s + 5) == 0);
  CHECK(forge::issuer_keys().in_time(0).keys().size() == 1);  // believed as they are
}

TEST_CASE("key sets of several daemons are one and the newer word about a key counts") {
  const TrustDomain domain;
  TrustDomain other;
  other.identity = forge::key_named("another daemon of acme.example");
  other.daemon = {"acme.example", "https://other-issuer.example", other.identity.verifying_key()};
  const auto key = forge::key_named("a token key of the other daemon");
  const auto theirs =
      KeySet::from_certified_jwks(jwks_with({entry_of(key, other.chain(key))}), domain.root(), domain_now_us).value();
  const auto both = good_keys().with(theirs);
  REQUIRE(both);
  CHECK(both->keys().size() == 2);
  CHECK(both->certified(key.verifying_key().kid())->issuer == "https://other-issuer.example");
  CHECK(both->certified(forge::issuer_key().verifying_key().kid())->issuer == forge::issuer);
  // One daemon's key speaks for no other daemon's issuer.
  auto claims = forge::good_claims();
  claims.iss = "https://other-issuer.example";
  CHECK(verdict_on(claims, *both) == "wrong_issuer");

  TrustDomain shorter;
  shorter.of_key.until_s = domain_now_s + 10;
  const auto newer = KeySet::from_certified_jwks(certified_jwks(shorter.chain()), domain.root(), domain_now_us).value();
  CHECK(both->with(newer)->certified(forge::issuer_key().verifying_key().kid())->until_s == domain_now_s + 10);
}
