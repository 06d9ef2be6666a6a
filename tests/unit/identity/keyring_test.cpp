// Token keys: published before they sign, kept until the last token is over, gone with the process.
#include "identity/keyring.hpp"

#include "support/catch.hpp"
#include "support/fake_clock.hpp"

namespace {

using jeton::Keyring;
using jeton::testing::FakeClock;

std::vector<std::string> kids(const Keyring& keyring) {
  std::vector<std::string> all;
  const auto document = keyring.jwks();
  for (const auto& key : document.at("keys")) all.push_back(key.at("kid"));
  return all;
}

}  // namespace

TEST_CASE("a new process has keys that no other has") {
  const FakeClock clock;
  const Keyring one(clock), two(clock);
  CHECK(one.current().verifying_key().kid() != two.current().verifying_key().kid());
  CHECK(one.key_set().find(two.current().verifying_key().kid()) == nullptr);
}

TEST_CASE("the key set shows next and current and later previous") {
  const FakeClock clock;
  Keyring keyring(clock);
  const auto first = kids(keyring);
  REQUIRE(first.size() == 2);
  CHECK(first[1] == keyring.current().verifying_key().kid());
  CHECK(first[0] != first[1]);

  keyring.rotate();
  const auto second = kids(keyring);
  REQUIRE(second.size() == 3);
  CHECK(second[1] == first[0]);  // what was next signs now
  CHECK(second[2] == first[1]);
  CHECK(keyring.current().verifying_key().kid() == first[0]);

  keyring.rotate();
  const auto third = kids(keyring);
  CHECK(third.size() == 3);
  CHECK(third[1] == second[0]);
  CHECK(keyring.key_set().find(first[1]) == nullptr);
}

TEST_CASE("a signature of the previous key still verifies and one of the key before does not") {
  const FakeClock clock;
  Keyring keyring(clock);
  const auto kid = keyring.current().verifying_key().kid();
  const auto signature = keyring.current().sign("text");
  keyring.rotate();
  REQUIRE(keyring.key_set().find(kid) != nullptr);
  CHECK(keyring.key_set().find(kid)->verifies("text", signature));
  CHECK_FALSE(keyring.current().verifying_key().verifies("text", signature));
  keyring.rotate();
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
  const FakeClock clock;
  Keyring keyring(clock);
  keyring.rotate();
  const auto document = keyring.jwks();
  for (const auto& key : document.at("keys")) {
    CHECK_FALSE(key.contains("d"));
    CHECK(key.at("use") == "sig");
    CHECK(key.at("alg") == "EdDSA");
    CHECK(jeton::VerifyingKey::from_jwk(key));
  }
  CHECK(jeton::KeySet::from_jwks(document));
}
