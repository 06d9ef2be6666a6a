// Key files of a configuration: read where nobody else could have written them, or the configuration does not hold.
#include "app/trust.hpp"

#include <fstream>

#include <sys/stat.h>
#include <unistd.h>

#include "app/doctor.hpp"
#include "support/catch.hpp"
#include "support/fake_clock.hpp"
#include "support/foreign_issuer.hpp"
#include "support/temp_dir.hpp"

namespace jeton::testing {
namespace {

struct Given {
  TempDir directory;
  std::filesystem::path file = directory / "keys.json";
  FakeClock clock;
  TrustedClients clients{{nullptr, clock, "https://jeton.acme.example", ::geteuid()}};

  void write(const std::string& text, mode_t mode = 0644) const {
    std::ofstream(file) << text;
    REQUIRE(::chmod(file.c_str(), mode) == 0);
  }
  [[nodiscard]] Config config(const std::string& more = "") const {
    auto config = parse_config(
        "trust_domain = \"acme.example\"\n[[agent]]\nname = \"deploy\"\nkeys = \"" + file.string() + "\"\n" + more,
        "jeton.toml", ::geteuid());
    if (!config) FAIL(config.error().message);
    return *std::move(config);
  }
  [[nodiscard]] Result<std::function<void()>> prepare(const std::string& more = "") {
    return prepare_trust(clients, config(more), ::geteuid());
  }
};

}  // namespace

TEST_CASE("a client's key file is read and every mistake in it is told with its name") {
  Given given;
  CHECK_THAT(given.prepare().error().message, Catch::StartsWith(given.file.string() + ": there is no such file"));
  auto private_key = jwk_of(es256_key(), "a");
  private_key["d"] = "AAAA";
  for (const std::string& text : {std::string("{"), std::string("[]"), jwks_of({}), jwks_of({private_key})}) {
    CAPTURE(text);
    given.write(text);
    const auto prepared = given.prepare();
    REQUIRE_FALSE(prepared);
    CHECK(prepared.error().code == Code::bad_request);
    CHECK_THAT(prepared.error().message, Catch::StartsWith(given.file.string() + ": ") && Catch::Contains("; "));
  }
  given.write(jwks_of({jwk_of(es256_key(), "a")}), 0666);
  CHECK_THAT(given.prepare().error().message, Catch::Contains("writable by"));
  given.write(jwks_of({jwk_of(es256_key(), "a")}));
  CHECK(given.prepare());
}

TEST_CASE("a key file takes effect when it is put in force and the old keys hold until then") {
  Given given;
  const auto other = SigningKey::generate(Algorithm::es256);
  const std::string agent = "spiffe://acme.example/agent/deploy";
  const auto is_believed = [&](const SigningKey& key, const char* jti) {
    given.clock.pass_s(10);
    const auto now = given.clock.wall_us() / us_per_s;
    const Json claims{{"iss", agent}, {"sub", agent},    {"aud", "https://jeton.acme.example"},
                      {"iat", now},   {"exp", now + 60}, {"jti", jti}};
    return given.clients
        .authenticate({std::nullopt, "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", jwt(claims, key, "a"),
                       std::nullopt})
        .has_value();
  };
  given.write(jwks_of({jwk_of(es256_key(), "a")}));
  (*given.prepare())();
  CHECK(is_believed(es256_key(), "1"));
  given.write(jwks_of({jwk_of(other, "a")}));
  const auto put_in_force = given.prepare();
  REQUIRE(put_in_force);
  CHECK(is_believed(es256_key(), "2"));
  (*put_in_force)();
  CHECK_FALSE(is_believed(es256_key(), "3"));
  CHECK(is_believed(other, "4"));
}

TEST_CASE("an issuer's key set in a file must be there when the daemon starts and one at a URL need not be") {
  Given given;
  given.write(jwks_of({jwk_of(es256_key(), "a")}));
  const auto issuer = [](const std::string& jwks) {
    return "[[trusted_issuer]]\nname = \"ci\"\nissuer = \"https://ci.example\"\njwks = \"" + jwks +
           "\"\nagent = \"deploy\"\nsub_prefix = \"x:\"\n";
  };
  CHECK(given.prepare(issuer("https://ci.example/jwks")));
  CHECK(given.prepare(issuer(given.file.string())));
  const auto missing = (given.directory / "missing.json").string();
  CHECK_THAT(given.prepare(issuer(missing)).error().message, Catch::StartsWith(missing + ": "));
}

TEST_CASE("a doctor says which key file is bad and that a key of its own is weaker than a platform's tokens") {
  Given given;
  const auto said = [&](const std::string& what, const std::string& more = "") {
    for (const auto& finding : examine_config(given.config(more), ::geteuid()))
      if (finding.what.find(what) != finding.what.npos) return std::string(name_of(finding.urgency));
    return std::string("nothing");
  };
  CHECK(said("keys.json") == "error");
  given.write(jwks_of({jwk_of(es256_key(), "a")}));
  CHECK(said("keys.json") == "nothing");
  CHECK(said("agent deploy proves itself by a key that it keeps") == "warning");
  const std::string issuer =
      "[[trusted_issuer]]\nname = \"ci\"\nissuer = \"https://ci.example\"\njwks = "
      "\"https://ci.example/jwks\"\nagent = \"deploy\"\nsub_prefix = ";
  CHECK(said("ends within a name", issuer + "\"repo:acme/shop\"\n") == "warning");
  CHECK(said("ends within a name", issuer + "\"repo:acme/shop:\"\n") == "nothing");
  // Nobody is everybody: an agent that no socket knows takes nobody's place.
  CHECK(said("is never anybody", "[[agent]]\nname = \"local\"\nmatch = [\"unix:uid:1001\"]\n") == "nothing");
  CHECK(said("is also the tool server",
             "[[server]]\nurl = \"https://crm.example/mcp\"\nkeys = \"" + given.file.string() + "\"\n") == "nothing");
  CHECK(said("anybody on this machine may redeem",
             "[[server]]\nurl = \"https://crm.example/mcp\"\nkeys = \"" + given.file.string() + "\"\n") == "nothing");

  const auto of_status = [](const Json& issuer_status) {
    const auto found = examine_issuers({{"trusted_issuers", {issuer_status}}});
    return found.empty() ? "nothing" : std::string(name_of(found[0].urgency));
  };
  CHECK(of_status({{"issuer", "x"}, {"jwks", "https://x"}, {"keys", 2}, {"age_s", 5}}) == "nothing");
  CHECK(of_status({{"issuer", "x"}, {"jwks", "https://x"}, {"keys", 2}, {"age_s", 999}, {"fault", "y"}}) == "warning");
  CHECK(of_status({{"issuer", "x"}, {"jwks", "https://x"}, {"keys", 0}, {"fault", "y"}}) == "error");
  CHECK(examine_issuers(Json::object()).empty());
}

}  // namespace jeton::testing
