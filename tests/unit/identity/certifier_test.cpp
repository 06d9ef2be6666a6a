// What a daemon certifies with its identity: each shown key once, and only while the domain's root certifies it.
#include "identity/certifier.hpp"

#include <sys/stat.h>

#include "identity/published_keys.hpp"
#include "support/catch.hpp"
#include "support/fake_clock.hpp"
#include "support/temp_dir.hpp"
#include "support/trust_domain.hpp"

namespace {

namespace forge = jeton::forge;
using jeton::Certifier;
using jeton::Json;
using jeton::Keyring;
using jeton::KeySet;
using jeton::PublishedKeys;
using jeton::Validity;
using jeton::testing::bytes_of;
using jeton::testing::FakeClock;
using jeton::testing::TempDir;
using jeton::testing::TrustDomain;
using jeton::testing::write_bytes;

/// A daemon of the trust domain, certified or not.
struct House {
  FakeClock clock;
  TrustDomain domain;
  Keyring keyring{clock};
  Certifier certifier{forge::key_named("a daemon of acme.example"), "acme.example", std::string(forge::issuer), clock};
  PublishedKeys published{keyring, &certifier};

  void certify() { certifier.install(domain.daemon_certificate()); }
  [[nodiscard]] std::size_t accepted() const {
    const auto set = KeySet::from_certified_jwks(published.jwks(), domain.root(), clock.wall_us());
    return set ? set->keys().size() : 0;
  }
  [[nodiscard]] std::vector<std::string> key_certificates() const {
    std::vector<std::string> all;
    const auto document = published.jwks();
    for (const auto& key : document.at("keys")) all.push_back(key.at("jeton_chain").at(0));
    return all;
  }
  [[nodiscard]] std::string fault() const { return certifier.status().value("fault", ""); }
};

}  // namespace

TEST_CASE("without a certificate the key set is what it was") {
  House house;
  CHECK(house.published.jwks() == house.keyring.jwks());
  CHECK_FALSE(house.certifier.is_certified());
  CHECK(house.certifier.status() == Json{{"daemon", house.domain.daemon.id()}});
}

TEST_CASE("with a certificate every key has a chain and nothing else of it changes") {
  House house;
  house.certify();
  house.clock.pass_us(Keyring::shown_before_signing_us);
  house.keyring.rotate();
  auto document = house.published.jwks();
  REQUIRE(document.at("keys").size() == 3);
  for (auto& key : document.at("keys")) {
    CHECK(key.at("jeton_chain").at(1) == house.domain.daemon_certificate());
    key.erase("jeton_chain");
  }
  CHECK(document == house.keyring.jwks());
  CHECK(house.accepted() == 3);
  // Who does not know chains reads the same keys as before.
  const auto plain = KeySet::from_jwks(house.published.jwks());
  REQUIRE(plain);
  CHECK(plain->keys().size() == 3);
}

TEST_CASE("a chain holds for as long as its key is shown and for little longer") {
  House house;
  house.certify();
  const auto kid = house.keyring.jwks().at("keys").at(0).at("kid").get<std::string>();
  const auto made_s = house.clock.wall_us() / jeton::us_per_s;
  const auto until_of = [&] {
    const auto set = KeySet::from_certified_jwks(house.published.jwks(), house.domain.root(), house.clock.wall_us());
    return set && set->find(kid) != nullptr ? set->certified(kid)->until_s : 0;
  };
  // next, then current, then previous: an hour each
  for (int hour = 0; hour < 3; ++hour) {
    CHECK(until_of() == made_s + Certifier::key_certificate_s);
    house.clock.pass_s(3600);
    CHECK(house.accepted() >= 2);
    house.keyring.rotate();
  }
  CHECK(until_of() == 0);  // not shown any more
  CHECK(made_s + Certifier::key_certificate_s - house.clock.wall_us() / jeton::us_per_s <= 600);
}

TEST_CASE("a key is certified once and not at every question") {
  House house;
  house.certify();
  const auto first = house.key_certificates();
  house.clock.pass_s(1800);
  CHECK(house.key_certificates() == first);
  house.keyring.rotate();
  const auto second = house.key_certificates();
  CHECK(second.at(1) == first.at(0));
  CHECK(second.at(2) == first.at(1));
}

TEST_CASE("a wall clock that is set gets keys certified anew and none is refused for it") {
  for (const std::int64_t ahead_s : {86'400, -86'400}) {
    House house;
    house.certify();
    const auto before = house.key_certificates();
    house.clock.set_wall_ahead_s(ahead_s);
    house.domain.of_daemon.from_s -= 100'000;
    house.certify();
    CHECK(house.accepted() == 2);
    CHECK(house.key_certificates() != before);
  }
  // Without another daemon certificate as well.
  House house;
  house.domain.of_daemon.from_s -= 100'000;
  house.certify();
  REQUIRE(house.accepted() == 2);
  house.clock.set_wall_back_s(3600);
  CHECK(house.accepted() == 2);
  house.clock.set_wall_ahead_s(86'400);
  CHECK(house.accepted() == 2);
}

TEST_CASE("a key that goes on for longer than planned is certified in time") {
  House house;
  house.certify();
  for (int minute = 0; minute < 300; ++minute) {
    CHECK(house.accepted() == 2);
    house.clock.pass_s(60);
  }
}

TEST_CASE("no key certificate outlives the daemon's") {
  House house;
  house.domain.of_daemon.until_s = house.clock.wall_us() / jeton::us_per_s + 1000;
  house.certify();
  for (const auto& text : house.key_certificates()) {
    const auto parts = forge::parts_of(text);
    const auto bytes = jeton::from_base64url(parts.payload).value();
    CHECK(Json::parse(bytes.begin(), bytes.end()).at("exp") == house.domain.of_daemon.until_s);
  }
  const auto before = house.key_certificates();
  house.clock.pass_s(900);
  CHECK(house.key_certificates() == before);  // nothing longer could be made
  house.clock.pass_s(100);
  CHECK(house.published.jwks() == house.keyring.jwks());
  CHECK_THAT(house.fault(), Catch::Contains("has ended"));
  CHECK_FALSE(house.certifier.is_certified());
}

TEST_CASE("a certificate that is not this daemon's certifies nothing and is named") {
  House house;
  const auto fault_of = [&](const std::string& certificate) {
    house.certify();
    REQUIRE(house.certifier.is_certified());
    house.certifier.install(certificate);
    CHECK_FALSE(house.certifier.is_certified());
    CHECK(house.published.jwks() == house.keyring.jwks());
    return house.fault();
  };
  auto other = house.domain.daemon;
  other.key = forge::key_named("another daemon").verifying_key();
  CHECK_THAT(fault_of(certify_daemon(other, house.domain.root_key, house.domain.of_daemon)),
             Catch::Contains("another daemon's key"));
  other = house.domain.daemon;
  other.issuer = "https://somebody-else.example";
  CHECK_THAT(fault_of(certify_daemon(other, house.domain.root_key, house.domain.of_daemon)),
             Catch::Contains("another issuer"));
  other = house.domain.daemon;
  other.trust_domain = "other.example";
  CHECK_THAT(fault_of(certify_daemon(other, house.domain.root_key, house.domain.of_daemon)),
             Catch::Contains("another trust domain"));
  CHECK_THAT(fault_of(house.domain.key_certificate()), Catch::Contains("jeton_use"));
  CHECK_FALSE(fault_of("nonsense").empty());
  auto later = house.domain.of_daemon;
  later.from_s = house.clock.wall_us() / jeton::us_per_s + 100;
  CHECK_THAT(fault_of(certify_daemon(house.domain.daemon, house.domain.root_key, later)),
             Catch::Contains("from the future"));
}

TEST_CASE("what another root signed is shown and refused by whoever pins the right one") {
  House house;
  house.certifier.install(
      certify_daemon(house.domain.daemon, forge::key_named("another root"), house.domain.of_daemon));
  CHECK(house.certifier.is_certified());
  CHECK(house.accepted() == 0);
  CHECK(house.certifier.status().at("root") == forge::key_named("another root").verifying_key().kid());
}

TEST_CASE("status says who certified the daemon and until when") {
  House house;
  house.certify();
  CHECK(house.certifier.status() == Json{{"daemon", house.domain.daemon.id()},
                                         {"root", house.domain.root_key.verifying_key().kid()},
                                         {"certificate_ends_at", house.domain.of_daemon.until_s}});
  house.certifier.install_none("cannot be read");
  CHECK(house.certifier.status() == Json{{"daemon", house.domain.daemon.id()}, {"fault", "cannot be read"}});
}

TEST_CASE("the request is this daemon's and proves that it has the key") {
  const House house;
  const auto read = jeton::read_daemon_request(house.certifier.request());
  REQUIRE(read);
  CHECK(read->id() == house.certifier.self().id());
  CHECK(read->issuer == forge::issuer);
}

TEST_CASE("the identity key is made once and private and the same after a restart") {
  const TempDir dir;
  const auto file = dir / "identity.key";
  const auto before = ::umask(0);
  const auto made = Certifier::load_or_make_key(file);
  ::umask(before);
  REQUIRE(made);
  struct stat info {};
  REQUIRE(::lstat(file.c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0600);
  CHECK(bytes_of(file).size() == 17 + 32);
  const auto again = Certifier::load_or_make_key(file);
  REQUIRE(again);
  CHECK(again->verifying_key().kid() == made->verifying_key().kid());
  const auto other = Certifier::load_or_make_key(dir / "other.key");
  REQUIRE(other);
  CHECK(other->verifying_key().kid() != made->verifying_key().kid());
}

TEST_CASE("an identity key that others may read or that is of another kind is not used") {
  const TempDir dir;
  const auto file = dir / "identity.key";
  REQUIRE(Certifier::load_or_make_key(file));
  const auto whole = bytes_of(file);
  REQUIRE(::chmod(file.c_str(), 0640) == 0);
  CHECK_FALSE(Certifier::load_or_make_key(file));
  REQUIRE(::chmod(file.c_str(), 0600) == 0);
  for (const auto& bytes : {std::string(), whole + "x", whole.substr(0, 40), "jeton log key 1\n" + whole.substr(17)}) {
    write_bytes(file, bytes);
    const auto read = Certifier::load_or_make_key(file);
    REQUIRE_FALSE(read);
    CHECK(read.error().code == jeton::Code::log_unavailable);
    CHECK((bytes_of(file) == bytes));
  }
}

TEST_CASE("an identity key that systemd hands over is used in the place of the file") {
  const TempDir elsewhere, state, credentials;
  const auto kid = Certifier::load_or_make_key(elsewhere / "identity.key")->verifying_key().kid();
  CHECK_FALSE(Certifier::is_credential());
  write_bytes(credentials / "jeton-identity-key", bytes_of(elsewhere / "identity.key"));
  ::chmod((credentials / "jeton-identity-key").c_str(), 0440);
  ::setenv("CREDENTIALS_DIRECTORY", credentials.path().c_str(), 1);
  const auto handed = Certifier::load_or_make_key(state / "identity.key");
  const bool is_credential = Certifier::is_credential();
  ::unsetenv("CREDENTIALS_DIRECTORY");
  REQUIRE(handed);
  CHECK(is_credential);
  CHECK(handed->verifying_key().kid() == kid);
  CHECK_FALSE(std::filesystem::exists(state / "identity.key"));
}
