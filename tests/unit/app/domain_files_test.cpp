// The files of the trust domain in STATE: the request is shown, and a certificate is taken when it is put there.
#include "app/domain_files.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include "support/catch.hpp"
#include "support/fake_clock.hpp"
#include "support/temp_dir.hpp"
#include "support/trust_domain.hpp"

namespace {

namespace forge = jeton::forge;
using jeton::testing::bytes_of;
using jeton::testing::FakeClock;
using jeton::testing::TempDir;
using jeton::testing::TrustDomain;
using jeton::testing::write_bytes;

struct House {
  TempDir state;
  FakeClock clock;
  TrustDomain domain;
  jeton::Certifier certifier{forge::key_named("a daemon of acme.example"), "acme.example", std::string(forge::issuer),
                             clock};
  jeton::DomainFiles files{state.path(), certifier};

  void put(const std::string& text) const {
    write_bytes(state / "domain.cert.new", text);
    std::filesystem::rename(state / "domain.cert.new", state / "domain.cert");
  }
  void look() {
    files.look();
    files.settle();
  }
  [[nodiscard]] std::string fault() const { return certifier.status().value("fault", ""); }
};

}  // namespace

TEST_CASE("a daemon shows its request and writes it again only when it is another") {
  const House house;
  REQUIRE(house.files.show_request());
  CHECK(bytes_of(house.state / "domain.request") == house.certifier.request() + "\n");
  struct stat first {
  }, second{};
  REQUIRE(::stat((house.state / "domain.request").c_str(), &first) == 0);
  REQUIRE(house.files.show_request());
  REQUIRE(::stat((house.state / "domain.request").c_str(), &second) == 0);
  CHECK(first.st_ino == second.st_ino);
  write_bytes(house.state / "domain.request", "of another issuer\n");
  REQUIRE(house.files.show_request());
  CHECK(bytes_of(house.state / "domain.request") == house.certifier.request() + "\n");
}

TEST_CASE("a certificate is taken when it is put there and given up when it is taken away") {
  House house;
  house.look();
  CHECK_FALSE(house.certifier.is_certified());
  house.put(house.domain.daemon_certificate() + "\n");
  house.look();
  CHECK(house.certifier.is_certified());
  house.put("nonsense");
  house.look();
  CHECK_FALSE(house.certifier.is_certified());
  CHECK_FALSE(house.fault().empty());
  house.put(house.domain.daemon_certificate());
  house.look();
  CHECK(house.certifier.is_certified());
  std::filesystem::remove(house.state / "domain.cert");
  house.look();
  CHECK_FALSE(house.certifier.is_certified());
  CHECK(house.fault().empty());
}

TEST_CASE("a certificate that somebody else could have put there is not taken") {
  House house;
  house.put(house.domain.daemon_certificate());
  REQUIRE(::chmod((house.state / "domain.cert").c_str(), 0666) == 0);
  house.look();
  CHECK_FALSE(house.certifier.is_certified());
  CHECK_THAT(house.fault(), Catch::Contains("writable"));
  REQUIRE(::chmod((house.state / "domain.cert").c_str(), 0644) == 0);
  house.look();
  CHECK(house.certifier.is_certified());
}

TEST_CASE("what stands in the place of a certificate hangs nothing and is named") {
  House house;
  std::filesystem::create_directory(house.state / "domain.cert");
  house.look();
  CHECK_FALSE(house.fault().empty());
  std::filesystem::remove(house.state / "domain.cert");
  REQUIRE(::mkfifo((house.state / "domain.cert").c_str(), 0600) == 0);
  house.look();
  CHECK_FALSE(house.fault().empty());
  std::filesystem::remove(house.state / "domain.cert");
  house.put(std::string(2 << 20, 'x'));
  house.look();
  CHECK_FALSE(house.fault().empty());
}
