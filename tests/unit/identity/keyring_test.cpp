// Token keys: published before they sign, kept until the last token is over, gone with the process.
#include "identity/keyring.hpp"

#include "support/catch.hpp"
#include "support/fake_clock.hpp"
#include "support/slow_keys.hpp"

namespace {

using jeton::Algorithm;
using jeton::Keyring;
using jeton::testing::FakeClock;
using jeton::testing::SlowKeysByHand;

std::vector<std::string> kids(const Keyring& keyring) {
  std::vector<std::string> all;
  const auto document = keyring.jwks();
  for (const auto& key : document.at("keys")) all.push_back(key.at("kid"));
  return all;
}

void an_hour_passes(FakeClock& clock, Keyring& keyring) {
  clock.pass_s(3600);
  keyring.follow(keyring.algorithms());
  keyring.rotate();
}

}  // namespace

TEST_CASE("a new process has keys that no other has") {
  const FakeClock clock;
  const Keyring one(clock), two(clock);
  CHECK(one.current().verifying_key().kid() != two.current().verifying_key().kid());
  CHECK(one.key_set().find(two.current().verifying_key().kid()) == nullptr);
}

TEST_CASE("the key set shows next and current and later previous") {
  FakeClock clock;
  Keyring keyring(clock);
  const auto first = kids(keyring);
  REQUIRE(first.size() == 2);
  CHECK(first[1] == keyring.current().verifying_key().kid());
  CHECK(first[0] != first[1]);

  an_hour_passes(clock, keyring);
  const auto second = kids(keyring);
  REQUIRE(second.size() == 3);
  CHECK(second[1] == first[0]);  // what was next signs now
  CHECK(second[2] == first[1]);
  CHECK(keyring.current().verifying_key().kid() == first[0]);

  an_hour_passes(clock, keyring);
  const auto third = kids(keyring);
  CHECK(third.size() == 3);
  CHECK(third[1] == second[0]);
  CHECK(keyring.key_set().find(first[1]) == nullptr);
}

TEST_CASE("a signature of the previous key still verifies and one of the key before does not") {
  FakeClock clock;
  Keyring keyring(clock);
  const auto kid = keyring.current().verifying_key().kid();
  const auto signature = keyring.current().sign("text");
  an_hour_passes(clock, keyring);
  REQUIRE(keyring.key_set().find(kid) != nullptr);
  CHECK(keyring.key_set().find(kid)->verifies("text", signature));
  CHECK_FALSE(keyring.current().verifying_key().verifies("text", signature));
  an_hour_passes(clock, keyring);
  CHECK(keyring.key_set().find(kid) == nullptr);
}

TEST_CASE("a rotation is due after an hour that the wall clock has no say in") {
  FakeClock clock;
  Keyring keyring(clock);
  clock.set_wall_ahead_s(86'400);
  CHECK_FALSE(keyring.rotation_due());
  clock.pass_s(3599);
  CHECK_FALSE(keyring.rotation_due());
  clock.set_wall_back_s(172'800);
  clock.pass_s(1);
  CHECK(keyring.rotation_due());
  keyring.rotate();
  CHECK_FALSE(keyring.rotation_due());
}

TEST_CASE("the key set shows public halves alone") {
  FakeClock clock;
  SlowKeysByHand slow;
  Keyring keyring(clock, {Algorithm::eddsa, Algorithm::es256, Algorithm::rs256}, &slow);
  while (slow.ordered > 0) slow.make(jeton::SigningKey::generate(Algorithm::rs256));
  keyring.follow(keyring.algorithms());
  an_hour_passes(clock, keyring);
  const auto document = keyring.jwks();
  CHECK(document.at("keys").size() == 8);  // the next RS256 key is in the making
  for (const auto& key : document.at("keys")) {
    for (const auto* secret : {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}) CHECK_FALSE(key.contains(secret));
    CHECK(key.at("use") == "sig");
    CHECK(jeton::VerifyingKey::from_jwk(key));
  }
  CHECK(jeton::KeySet::from_jwks(document));
}

TEST_CASE("there are keys of the algorithms in use and of no other") {
  const FakeClock clock;
  SlowKeysByHand slow;
  const Keyring keyring(clock, {Algorithm::es256}, &slow);
  CHECK(keyring.is_ready(Algorithm::es256));
  CHECK_FALSE(keyring.is_ready(Algorithm::eddsa));
  CHECK_FALSE(keyring.is_ready(Algorithm::rs256));
  CHECK_THROWS(keyring.current());
  CHECK(slow.ordered == 0);
  const auto document = keyring.jwks();
  CHECK(document.at("keys").size() == 2);
  for (const auto& key : document.at("keys")) CHECK(key.at("alg") == "ES256");
  CHECK(keyring.not_locked().size() == 1);
}

TEST_CASE("a key that is still being made is waited for by nobody and signs as soon as it is there") {
  const FakeClock clock;
  SlowKeysByHand slow;
  Keyring keyring(clock, {Algorithm::eddsa, Algorithm::rs256}, &slow);
  CHECK(slow.ordered == 2);
  CHECK_FALSE(keyring.is_ready(Algorithm::rs256));
  CHECK(kids(keyring).size() == 2);

  for (int again = 0; again < 5; ++again) keyring.follow(keyring.algorithms());
  CHECK(slow.ordered == 2);  // what is ordered is not ordered again

  slow.make();
  keyring.follow(keyring.algorithms());
  REQUIRE(keyring.is_ready(Algorithm::rs256));
  const auto kid = keyring.current(Algorithm::rs256).verifying_key().kid();
  CHECK(keyring.key_set().find(kid) != nullptr);
  CHECK(kids(keyring).size() == 3);

  slow.make();
  keyring.follow(keyring.algorithms());
  CHECK(kids(keyring).size() == 4);
  CHECK(keyring.current(Algorithm::rs256).verifying_key().kid() == kid);
  CHECK(slow.ordered == 0);
}

TEST_CASE("a key keeps signing while the next one is not made or was not shown for two minutes") {
  FakeClock clock;
  SlowKeysByHand slow;
  Keyring keyring(clock, {Algorithm::eddsa, Algorithm::rs256}, &slow);
  slow.make();
  keyring.follow(keyring.algorithms());
  const auto kid = [&](Algorithm algorithm) { return keyring.current(algorithm).verifying_key().kid(); };
  const auto rsa = kid(Algorithm::rs256), ed25519 = kid(Algorithm::eddsa);

  clock.pass_s(3600);  // when: the hour is over and the next RSA key is not there
  keyring.rotate();
  CHECK(kid(Algorithm::eddsa) != ed25519);
  CHECK(kid(Algorithm::rs256) == rsa);
  CHECK_FALSE(keyring.rotation_due());

  clock.pass_s(3481);  // when: it is there for 119 s
  slow.make();
  keyring.follow(keyring.algorithms());
  clock.pass_s(119);
  keyring.rotate();
  CHECK(kid(Algorithm::rs256) == rsa);

  an_hour_passes(clock, keyring);
  CHECK(kid(Algorithm::rs256) != rsa);
  CHECK(keyring.key_set().find(rsa) != nullptr);
  CHECK(slow.ordered == 1);
}

TEST_CASE("an algorithm that is no longer in use signs nothing and verifies for another hour") {
  FakeClock clock;
  Keyring keyring(clock, {Algorithm::eddsa, Algorithm::es256});
  const auto before = keyring.current(Algorithm::es256).verifying_key().kid();
  an_hour_passes(clock, keyring);
  const auto last = keyring.current(Algorithm::es256).verifying_key().kid();

  keyring.follow({Algorithm::eddsa});
  CHECK_FALSE(keyring.is_ready(Algorithm::es256));
  CHECK(keyring.key_set().find(before) != nullptr);
  CHECK(keyring.key_set().find(last) != nullptr);
  CHECK(kids(keyring).size() == 5);  // its next key never signed: nobody needs it
  clock.pass_s(3599);
  keyring.follow({Algorithm::eddsa});
  CHECK(keyring.key_set().find(last) != nullptr);
  clock.pass_s(1);
  keyring.follow({Algorithm::eddsa});
  CHECK(keyring.key_set().find(before) == nullptr);
  CHECK(keyring.key_set().find(last) == nullptr);
  CHECK(kids(keyring).size() == 3);
}

TEST_CASE("an algorithm that comes back has new keys and the old ones go on verifying") {
  FakeClock clock;
  Keyring keyring(clock, {Algorithm::es256});
  const auto old = keyring.current(Algorithm::es256).verifying_key().kid();
  keyring.follow({Algorithm::eddsa});
  keyring.follow({Algorithm::es256});
  CHECK(keyring.current(Algorithm::es256).verifying_key().kid() != old);
  CHECK(keyring.key_set().find(old) != nullptr);
  CHECK(jeton::KeySet::from_jwks(keyring.jwks()));
}
