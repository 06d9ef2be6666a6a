// What a doctor finds about the certificate that is shown over TLS.
#include <ctime>

#include <sys/stat.h>
#include <unistd.h>

#include "app/doctor.hpp"
#include "support/catch.hpp"
#include "support/certificates.hpp"
#include "support/temp_dir.hpp"

namespace {

using jeton::Diagnoses;
using jeton::Json;
using jeton::Urgency;
using jeton::outside::self_signed;
using jeton::outside::Wish;

constexpr int day = 86'400;

/// The files of a listener, belonging to this account.
struct Files {
  explicit Files(const Wish& wish = {.names = {"DNS:jeton.acme.example"}, .until = std::chrono::hours(24 * 90)}) {
    write(self_signed(wish));
  }
  void write(const jeton::outside::Identity& identity) const {
    jeton::testing::write_bytes(dir / "chain.pem", identity.certificate);
    jeton::testing::write_bytes(dir / "key.pem", identity.key);
    REQUIRE(::chmod((dir / "key.pem").c_str(), 0400) == 0);
  }

  [[nodiscard]] jeton::Config config(const std::string& issuer = "https://jeton.acme.example") const {
    const auto parsed =
        jeton::parse_config("trust_domain = \"acme.example\"\nissuer = \"" + issuer +
                                "\"\nlisten = \"127.0.0.1:0\"\n[tls]\ncertificate = \"" + (dir / "chain.pem").string() +
                                "\"\nkey = \"" + (dir / "key.pem").string() + "\"\n",
                            "f", ::geteuid());
    REQUIRE(parsed);
    return *parsed;
  }
  [[nodiscard]] Diagnoses found(std::int64_t in_s = 0, const Json& status = Json::object()) const {
    return examine_tls(config(), status, ::geteuid(), std::time(nullptr) + in_s);
  }

  jeton::testing::TempDir dir;
};

/// The one finding there is.
jeton::Diagnosis only(const Diagnoses& found) {
  REQUIRE(found.size() == 1);
  CHECK_FALSE(found.front().why.empty());
  CHECK_FALSE(found.front().to_type.empty());
  return found.front();
}

}  // namespace

TEST_CASE("a sound certificate and none at all are no finding") {
  const Files files;
  CHECK(files.found().empty());
  CHECK(files.found(75 * day).empty());
  auto without = files.config();
  without.tls.reset();
  CHECK(examine_tls(without, Json::object(), ::geteuid(), std::time(nullptr)).empty());
}

TEST_CASE("a tls certificate is a warning for two weeks before its end and an error after it") {
  const Files files;
  const auto soon = only(files.found(77 * day));
  CHECK(soon.urgency == Urgency::warning);
  CHECK_THAT(soon.what, Catch::Contains(" ends on ") && Catch::Contains((files.dir / "chain.pem").string()));
  CHECK_THAT(soon.to_type, Catch::Contains("systemctl reload jetond"));
  const auto over = only(files.found(91 * day));
  CHECK(over.urgency == Urgency::error);
  CHECK_THAT(over.what, Catch::Contains(" ended on "));
}

TEST_CASE("a certificate without the host of the issuer is an error that names the host") {
  const Files files;
  const auto of_issuer = [&](const std::string& issuer) {
    return examine_tls(files.config(issuer), Json::object(), ::geteuid(), std::time(nullptr));
  };
  CHECK(of_issuer("https://JETON.acme.example:8443/tenant").empty());
  const auto other = only(of_issuer("https://other.example:8443/x"));
  CHECK(other.urgency == Urgency::error);
  CHECK_THAT(other.what, Catch::EndsWith(" is not for other.example"));
  CHECK_THAT(other.to_type, Catch::Contains("DNS:other.example"));
  // A name in the subject is none, a wildcard is one for one step, and an address is compared as an address.
  files.write(self_signed({.name = "jeton.acme.example", .names = {}, .until = std::chrono::hours(24 * 90)}));
  CHECK(files.found().size() == 1);
  files.write(self_signed(
      {.names = {"DNS:*.acme.example", "IP:2001:db8::1", "IP:192.0.2.7"}, .until = std::chrono::hours(24 * 90)}));
  CHECK(files.found().empty());
  CHECK(of_issuer("https://[2001:db8:0::1]:8443").empty());
  CHECK(of_issuer("https://192.0.2.7").empty());
  CHECK_THAT(only(of_issuer("https://192.0.2.8")).to_type, Catch::Contains("IP:192.0.2.8"));
  CHECK(of_issuer("https://a.b.acme.example").size() == 1);
}

TEST_CASE("a key that others may read or that is another certificate's is an error with what to type") {
  const Files files;
  REQUIRE(::chmod((files.dir / "key.pem").c_str(), 0644) == 0);
  const auto open = only(files.found());
  CHECK(open.urgency == Urgency::error);
  CHECK_THAT(open.what, Catch::Contains("readable by others"));
  CHECK_THAT(open.to_type, Catch::Contains("chmod 0400 " + (files.dir / "key.pem").string()));
  REQUIRE(::chmod((files.dir / "key.pem").c_str(), 0600) == 0);
  jeton::testing::write_bytes(files.dir / "chain.pem", self_signed().certificate);
  CHECK_THAT(only(files.found()).what, Catch::Contains("is not that of the first certificate"));
  std::filesystem::remove(files.dir / "chain.pem");
  CHECK_THAT(only(files.found()).what, Catch::Contains("there is no such file"));
  if (::geteuid() == 0)
    CHECK_THAT(only(examine_tls(files.config(), Json::object(), 65'534, std::time(nullptr))).what,
               Catch::Contains("does not belong to the daemon's account"));
}

TEST_CASE("a daemon that shows another certificate than the file's is a warning to reload") {
  const Files files;
  const auto late = only(files.found(0, {{"tls_certificate_ends_at", std::time(nullptr) + day}}));
  CHECK(late.urgency == Urgency::warning);
  CHECK_THAT(late.what, Catch::StartsWith("jetond still shows"));
  CHECK(late.to_type == "systemctl reload jetond");
  CHECK(files.found(0, {{"version", "1"}}).empty());
}
