// The keys that relying parties pin: made once, kept private, the same after a restart, or refused.
#include "identity/federation_keys.hpp"

#include <thread>

#include <sys/stat.h>
#include <unistd.h>

#include "support/catch.hpp"
#include "support/temp_dir.hpp"

namespace {

using jeton::Algorithm;
using jeton::Code;
using jeton::FederationKeys;
using jeton::Json;
using jeton::testing::bytes_of;
using jeton::testing::TempDir;
using jeton::testing::write_bytes;

/// However long it takes; asks as the loop does.
std::string kid_of(FederationKeys& keys, Algorithm algorithm) {
  for (;;) {
    if (const auto* key = keys.ready(algorithm)) return key->verifying_key().kid();
    std::this_thread::yield();
  }
}

/// What a daemon with this state directory would sign with.
std::string kid_in(const TempDir& state, Algorithm algorithm) {
  FederationKeys keys(state.path());
  REQUIRE(keys.want({algorithm}));
  return kid_of(keys, algorithm);
}

std::string refusal_of(const TempDir& state) {
  FederationKeys keys(state.path());
  const auto wanted = keys.want({Algorithm::es256});
  if (wanted) return "none";
  CHECK(wanted.error().code == Code::log_unavailable);
  CHECK(keys.ready(Algorithm::es256) == nullptr);
  return wanted.error().message;
}

mode_t mode_of(const std::filesystem::path& file) {
  struct stat info {};
  REQUIRE(::lstat(file.c_str(), &info) == 0);
  return info.st_mode & 07777;
}

}  // namespace

TEST_CASE("nothing is made and no file written until some algorithm is wanted") {
  const TempDir state;
  FederationKeys keys(state.path());
  CHECK(keys.jwks() == Json{{"keys", Json::array()}});
  CHECK(keys.empty());
  REQUIRE(keys.want({}));
  CHECK(std::filesystem::is_empty(state.path()));
}

TEST_CASE("a federation key is made once and private and the same after a restart") {
  const TempDir state;
  for (const auto& [algorithm, name] :
       {std::pair(Algorithm::es256, "federation-es256.key"), std::pair(Algorithm::rs256, "federation-rs256.key")}) {
    CAPTURE(name);
    const auto kid = kid_in(state, algorithm);
    CHECK(mode_of(state / name) == 0600);
    const auto bytes = bytes_of(state / name);
    CHECK(kid_in(state, algorithm) == kid);
    CHECK((bytes_of(state / name) == bytes));
  }
}

TEST_CASE("an RSA federation key is made beside the loop and is in its file before anybody sees it") {
  const TempDir state;
  FederationKeys keys(state.path());
  REQUIRE(keys.want({Algorithm::rs256}));
  REQUIRE(keys.want({Algorithm::rs256}));  // as at a reload; no second one
  while (keys.jwks()["keys"].empty()) std::this_thread::yield();
  CHECK(std::filesystem::exists(state / "federation-rs256.key"));
  const auto jwks = keys.jwks();
  REQUIRE(jwks["keys"].size() == 1);
  CHECK(jwks["keys"][0]["alg"] == "RS256");
  CHECK(kid_in(state, Algorithm::rs256) == jwks["keys"][0]["kid"]);
}

TEST_CASE("the document of federation keys shows public halves alone") {
  auto keys = FederationKeys::ephemeral();
  REQUIRE(keys.want({Algorithm::es256}));
  const auto jwks = keys.jwks();
  REQUIRE(jwks["keys"].size() == 1);
  std::set<std::string> members;
  for (const auto& [name, value] : jwks["keys"][0].items()) members.insert(name);
  CHECK(members == std::set<std::string>{"alg", "crv", "kid", "kty", "use", "x", "y"});
}

TEST_CASE("a federation key that others may read is not used") {
  const TempDir state;
  (void)kid_in(state, Algorithm::es256);
  const auto file = state / "federation-es256.key";
  for (const mode_t mode : {0640, 0604, 0620}) {
    CAPTURE(mode);
    REQUIRE(::chmod(file.c_str(), mode) == 0);
    CHECK_THAT(refusal_of(state), Catch::Contains("chmod 0600") && Catch::Contains(file.string()));
  }
  REQUIRE(::chmod(file.c_str(), 0400) == 0);
  CHECK(refusal_of(state) == "none");
}

TEST_CASE("a federation key of another account is not used") {
  if (::geteuid() != 0) return;  // only root can give a file away
  const TempDir state;
  (void)kid_in(state, Algorithm::es256);
  REQUIRE(::chown((state / "federation-es256.key").c_str(), 4242, 4242) == 0);
  CHECK_THAT(refusal_of(state), Catch::Contains("own account"));
}

TEST_CASE("a federation key that is cut off or of another kind or algorithm is refused and stays as it was") {
  const TempDir state, other;
  (void)kid_in(state, Algorithm::es256);
  (void)kid_in(other, Algorithm::rs256);
  const auto file = state / "federation-es256.key";
  const auto whole = bytes_of(file);
  const auto header = whole.substr(0, whole.find('\n') + 1);
  const auto rsa = bytes_of(other / "federation-rs256.key");
  for (const auto& bytes : {std::string(), header, whole.substr(0, whole.size() - 1), whole + "x",
                            "J" + whole.substr(1), rsa, header + rsa.substr(rsa.find('\n') + 1)}) {
    CAPTURE(bytes.size());
    write_bytes(file, bytes);
    CHECK_THAT(refusal_of(state), Catch::Contains("restore it from the backup"));
    CHECK((bytes_of(file) == bytes));
  }
  write_bytes(file, whole);
  CHECK(refusal_of(state) == "none");
}

TEST_CASE("a directory that cannot be written gives no federation key that would be lost") {
  FederationKeys keys("/nonexistent");
  const auto wanted = keys.want({Algorithm::es256});
  REQUIRE_FALSE(wanted);
  CHECK(wanted.error().code == Code::log_unavailable);
  CHECK(keys.jwks()["keys"].empty());
}

TEST_CASE("a federation key that systemd hands over is used in the place of the file") {
  const TempDir state, elsewhere, credentials;
  const auto kid = kid_in(elsewhere, Algorithm::es256);
  CHECK_FALSE(FederationKeys::is_credential(Algorithm::es256));
  write_bytes(credentials / "jeton-federation-es256", bytes_of(elsewhere / "federation-es256.key"));
  ::chmod((credentials / "jeton-federation-es256").c_str(), 0440);
  ::setenv("CREDENTIALS_DIRECTORY", credentials.path().c_str(), 1);
  const bool handed = FederationKeys::is_credential(Algorithm::es256);
  const bool other = FederationKeys::is_credential(Algorithm::rs256);
  const auto used = kid_in(state, Algorithm::es256);
  ::unsetenv("CREDENTIALS_DIRECTORY");
  CHECK(handed);
  CHECK_FALSE(other);
  CHECK(used == kid);
  CHECK_FALSE(std::filesystem::exists(state / "federation-es256.key"));
}
