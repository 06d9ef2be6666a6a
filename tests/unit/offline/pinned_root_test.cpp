// An offline verifier that pins one key: any daemon of the domain will do, and nothing that its root does not vouch
// for.
#include "jeton/offline_verifier.hpp"
#include "support/catch.hpp"
#include "support/fake_clock.hpp"
#include "support/memory_replay_store.hpp"
#include "support/trust_domain.hpp"

namespace {

namespace forge = jeton::forge;
using jeton::Json;
using jeton::OfflineSetup;
using jeton::OfflineVerifier;
using jeton::testing::certified_jwks;
using jeton::testing::domain_now_s;
using jeton::testing::entry_of;
using jeton::testing::FakeClock;
using jeton::testing::jwks_with;
using jeton::testing::MemoryReplayStore;
using jeton::testing::TrustDomain;

const Json arguments = Json::parse(forge::arguments);

/// A tool server that pins acme.example, and key sets from anywhere.
struct House {
  TrustDomain domain;
  std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>();
  std::shared_ptr<MemoryReplayStore> store = std::make_shared<MemoryReplayStore>();

  [[nodiscard]] OfflineSetup setup(std::string issuer = "", Json jwks = {}) const {
    return {std::string(forge::server), std::move(issuer), std::move(jwks), store, clock, domain.root()};
  }
  [[nodiscard]] OfflineVerifier verifier(std::string issuer = "") const {
    auto made = OfflineVerifier::make(setup(std::move(issuer), certified_jwks(domain.chain())));
    REQUIRE(made);
    return *made;
  }
};

/// Another daemon of the same domain, with an issuer and a token key of its own.
struct Neighbour {
  TrustDomain domain;
  jeton::SigningKey key = forge::key_named("a token key of the neighbour");
  Neighbour() {
    domain.identity = forge::key_named("another daemon of acme.example");
    domain.daemon = {"acme.example", "https://neighbour.example", domain.identity.verifying_key()};
  }
  [[nodiscard]] Json jwks() const { return jwks_with({entry_of(key, domain.chain(key))}); }
  [[nodiscard]] std::string token(const std::string& issuer = "https://neighbour.example") const {
    auto claims = forge::good_claims();
    claims.iss = issuer;
    claims.jti = jeton::Jti::random();
    return sign_token(claims, key).expose_for_transport();
  }
};

std::string redeemed(const OfflineVerifier& verifier, const std::string& token, const std::string& id = "first") {
  const auto answer = verifier.redeem(token, forge::tool, arguments, id);
  if (!answer) return std::string(name_of(answer.error().code));
  return answer->repeated ? "repeated" : "redeemed";
}

}  // namespace

TEST_CASE("who pins a domain's key redeems the tokens of any daemon of it and of no other") {
  const House house;
  const Neighbour neighbour;
  const auto verifier = house.verifier();
  CHECK(redeemed(verifier, forge::good_token()) == "redeemed");
  CHECK(redeemed(verifier, neighbour.token()) == "unknown_key");
  REQUIRE(verifier.add_keys(neighbour.jwks()));
  CHECK(redeemed(verifier, neighbour.token()) == "redeemed");
  CHECK(redeemed(verifier, forge::good_token(), "second") == "already_redeemed");
  // One daemon speaks for itself and not for the next.
  CHECK(redeemed(verifier, neighbour.token(std::string(forge::issuer))) == "wrong_issuer");

  Neighbour impostor;
  impostor.domain.root_key = forge::key_named("the root of an impostor");
  const auto added = verifier.add_keys(impostor.jwks());
  REQUIRE_FALSE(added);
  CHECK(added.error().code == jeton::Code::unknown_key);
}

TEST_CASE("a pinned domain and a named issuer are both asked for") {
  const House house;
  const Neighbour neighbour;
  const auto verifier = house.verifier("https://neighbour.example");
  REQUIRE(verifier.add_keys(neighbour.jwks()));
  CHECK(redeemed(verifier, forge::good_token()) == "wrong_issuer");
  CHECK(redeemed(verifier, neighbour.token()) == "redeemed");
}

TEST_CASE("a key set that the root does not vouch for changes nothing") {
  const House house;
  const auto verifier = house.verifier();
  const Json plain{{"keys", {forge::issuer_key().verifying_key().jwk()}}};
  for (const auto& keys : {plain, Json(), Json::array(), certified_jwks(Json::array())}) {
    CHECK_FALSE(verifier.set_keys(keys));
    CHECK_FALSE(verifier.add_keys(keys));
  }
  CHECK_FALSE(OfflineVerifier::make(house.setup("", plain)));
  CHECK(redeemed(verifier, forge::good_token()) == "redeemed");
}

TEST_CASE("a verifier that was given no newer keys forgets a key when its certificate ends") {
  const House house;
  const auto verifier = house.verifier();
  REQUIRE(redeemed(verifier, forge::good_token()) == "redeemed");
  const auto late = house.domain.of_key.until_s + 5 - domain_now_s;
  house.clock->pass_s(late - 1);
  CHECK(redeemed(verifier, forge::good_token(), "second") == "already_redeemed");
  house.clock->pass_s(1);
  CHECK(redeemed(verifier, forge::good_token(), "second") == "unknown_key");
  const auto renewed = verifier.set_keys(certified_jwks(house.domain.chain()));
  REQUIRE_FALSE(renewed);
  CHECK(renewed.error().code == jeton::Code::expired);
}

TEST_CASE("a verifier with a root may begin without keys and without one it may not") {
  const House house;
  const auto verifier = OfflineVerifier::make(house.setup());
  REQUIRE(verifier);
  CHECK(redeemed(*verifier, forge::good_token()) == "unknown_key");
  REQUIRE(verifier->set_keys(certified_jwks(house.domain.chain())));
  CHECK(redeemed(*verifier, forge::good_token()) == "redeemed");

  auto without = house.setup(std::string(forge::issuer));
  without.root.reset();
  CHECK_FALSE(OfflineVerifier::make(without));
  without.jwks = certified_jwks(house.domain.chain());
  const auto plain = OfflineVerifier::make(without);
  REQUIRE(plain);
  CHECK_FALSE(plain->add_keys(without.jwks));
}

TEST_CASE("keys of more daemons than a verifier can keep are refused and the old ones stay") {
  const House house;
  const auto verifier = house.verifier();
  std::vector<Json> entries;
  std::optional<jeton::Error> refused;
  for (int i = 0; i < 1100 && !refused; ++i) {
    const auto key = forge::key_named("key " + std::to_string(i));
    entries.push_back(entry_of(key, house.domain.chain(key)));
    if (entries.size() < jeton::KeySet::certified_entries_max) continue;
    const auto added = verifier.add_keys(jwks_with(std::exchange(entries, {})));
    if (!added) refused = added.error();
  }
  REQUIRE(refused);
  CHECK(refused->code == jeton::Code::bad_request);
  CHECK(redeemed(verifier, forge::good_token()) == "redeemed");
}
