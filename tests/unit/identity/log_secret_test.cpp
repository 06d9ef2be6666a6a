// The log's key file: whole, private and its owner's, or refused; and what is derived from it.
#include "identity/log_secret.hpp"

#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/catch.hpp"
#include "support/temp_dir.hpp"

namespace {

using jeton::Code;
using jeton::LogSecret;
using jeton::Txn;
using jeton::testing::bytes_of;
using jeton::testing::TempDir;
using jeton::testing::write_bytes;

const jeton::ArgsDigest some_digest{jeton::sha256("digest")};

mode_t mode_of(const std::filesystem::path& file) {
  struct stat info {};
  REQUIRE(::lstat(file.c_str(), &info) == 0);
  return info.st_mode & 07777;
}

std::string refusal_of(const std::filesystem::path& file) {
  const auto secret = LogSecret::load_or_create(file);
  if (secret) return "none";
  CHECK(secret.error().code == Code::log_unavailable);
  CHECK_THAT(secret.error().message, Catch::Contains(file.string()));
  return secret.error().message;
}

/// A key file as jetond made it.
std::filesystem::path made(const TempDir& dir) {
  REQUIRE(LogSecret::load_or_create(dir / "log.key"));
  return dir / "log.key";
}

}  // namespace

TEST_CASE("a key file that others may read is refused") {
  const TempDir dir;
  const auto file = made(dir);
  for (const mode_t mode : {0640, 0604, 0620, 0601}) {
    CAPTURE(mode);
    REQUIRE(::chmod(file.c_str(), mode) == 0);
    CHECK_THAT(refusal_of(file), Catch::Contains("chmod 0600"));
  }
  REQUIRE(::chmod(file.c_str(), 0400) == 0);
  CHECK(refusal_of(file) == "none");
}

TEST_CASE("a key file that is cut off or too long or of another kind is refused and stays as it was") {
  const TempDir dir;
  const auto file = made(dir);
  const auto whole = bytes_of(file);
  auto other_header = whole;
  other_header[0] = 'J';
  for (const auto& bytes :
       {std::string(), whole.substr(0, 10), whole.substr(0, whole.size() - 1), whole + "x", other_header}) {
    CAPTURE(bytes.size());
    write_bytes(file, bytes);
    CHECK_THAT(refusal_of(file), Catch::Contains("restore it from the backup"));
    CHECK((bytes_of(file) == bytes));
  }
}

TEST_CASE("a link or a directory in the place of the key file is refused") {
  const TempDir dir, elsewhere;
  const auto file = made(elsewhere);
  std::filesystem::create_symlink(file, dir / "linked");
  CHECK(refusal_of(dir / "linked") != "none");
  std::filesystem::create_symlink(dir / "nothing", dir / "dangling");
  CHECK(refusal_of(dir / "dangling") != "none");
  CHECK_FALSE(std::filesystem::exists(dir / "nothing"));
  std::filesystem::create_directory(dir / "directory");
  CHECK(refusal_of(dir / "directory") != "none");
}

TEST_CASE("a key file of another account is refused") {
  if (::geteuid() != 0) return;  // only root can give a file away
  const TempDir dir;
  const auto file = made(dir);
  REQUIRE(::chown(file.c_str(), 4242, 4242) == 0);
  CHECK_THAT(refusal_of(file), Catch::Contains("own account"));
}

TEST_CASE("a directory that cannot be written gives no secret that would be lost") {
  CHECK(refusal_of("/nonexistent/log.key") != "none");
}

TEST_CASE("the key file is made once and private whatever the umask says") {
  const TempDir dir;
  const auto before = ::umask(0);
  write_bytes(dir / "log.key.new", "left by one that was killed");
  const auto file = made(dir);
  ::umask(before);
  CHECK(mode_of(file) == 0600);
  CHECK(bytes_of(file).size() == 16 + 32 + 32);
  CHECK_FALSE(std::filesystem::exists(dir / "log.key.new"));
  const auto bytes = bytes_of(file);
  REQUIRE(LogSecret::load_or_create(file));
  CHECK((bytes_of(file) == bytes));
}

TEST_CASE("the secret is the same after a restart and another in another state directory") {
  const TempDir dir, other;
  const auto first = LogSecret::load_or_create(dir / "log.key");
  const auto again = LogSecret::load_or_create(dir / "log.key");
  const auto stranger = LogSecret::load_or_create(other / "log.key");
  REQUIRE(first);
  REQUIRE(again);
  REQUIRE(stranger);
  const auto txn = Txn::random();
  CHECK(first->args_mac(txn, some_digest) == again->args_mac(txn, some_digest));
  CHECK(first->txn_of("a", "id") == again->txn_of("a", "id"));
  CHECK(first->args_mac(txn, some_digest) != stranger->args_mac(txn, some_digest));
  CHECK(first->txn_of("a", "id") != stranger->txn_of("a", "id"));
}

TEST_CASE("the mac of the same arguments differs from call to call") {
  const auto secret = LogSecret::ephemeral();
  const auto one = Txn::random(), two = Txn::random();
  CHECK(secret.args_mac(one, some_digest) == secret.args_mac(one, some_digest));
  CHECK(secret.args_mac(one, some_digest) != secret.args_mac(two, some_digest));
  CHECK(secret.args_mac(one, some_digest) != secret.args_mac(one, jeton::ArgsDigest{jeton::sha256("other")}));
  CHECK(secret.args_mac(one, some_digest) != some_digest.bytes);
}

TEST_CASE("the txn of an open id is the own of each agent") {
  const auto secret = LogSecret::ephemeral();
  CHECK(secret.txn_of("spiffe://a/agent/x", "id") == secret.txn_of("spiffe://a/agent/x", "id"));
  CHECK(secret.txn_of("spiffe://a/agent/x", "id") != secret.txn_of("spiffe://a/agent/y", "id"));
  CHECK(secret.txn_of("spiffe://a/agent/x", "id") != secret.txn_of("spiffe://a/agent/x", "id2"));
  CHECK(secret.txn_of("spiffe://a/agent/x", "yid") != secret.txn_of("spiffe://a/agent/xy", "id"));
}

namespace {

/// $CREDENTIALS_DIRECTORY as systemd sets it for a service, for as long as this lives.
struct Credentials {
  TempDir dir;
  Credentials() { ::setenv("CREDENTIALS_DIRECTORY", dir.path().c_str(), 1); }
  ~Credentials() { ::unsetenv("CREDENTIALS_DIRECTORY"); }
};

}  // namespace

TEST_CASE("a key that systemd hands over is used in the place of the file and none is made") {
  const TempDir state;
  const TempDir elsewhere;
  const auto sealed = bytes_of(made(elsewhere));
  const Txn expected = LogSecret::load_or_create(elsewhere / "log.key")->txn_of("agent", "open");
  const Credentials credentials;
  CHECK_FALSE(LogSecret::is_credential());
  write_bytes(credentials.dir / "jeton-log-key", sealed);
  ::chmod((credentials.dir / "jeton-log-key").c_str(), 0440);

  CHECK(LogSecret::is_credential());
  const auto secret = LogSecret::load_or_create(state / "log.key");
  REQUIRE(secret);
  CHECK(secret->txn_of("agent", "open") == expected);
  CHECK_FALSE(std::filesystem::exists(state / "log.key"));
}

TEST_CASE("a credential that is none or that everybody may read is refused and no file takes its place") {
  const TempDir state;
  const TempDir elsewhere;
  const auto whole = bytes_of(made(elsewhere));
  const Credentials credentials;
  const auto file = credentials.dir / "jeton-log-key";
  write_bytes(file, "nonsense");
  ::chmod(file.c_str(), 0440);
  CHECK_FALSE(LogSecret::load_or_create(state / "log.key"));
  write_bytes(file, whole);
  ::chmod(file.c_str(), 0444);
  CHECK_FALSE(LogSecret::load_or_create(state / "log.key"));
  CHECK_FALSE(std::filesystem::exists(state / "log.key"));
}

namespace {

/// What a stranger does, in their own words: HMAC-SHA-256 of SHA-256 of the call as RFC 8785 writes it.
jeton::Sha256 mac_by_hand(const jeton::Secret& key, const std::string& call) {
  jeton::Sha256 digest, mac;
  crypto_hash_sha256(digest.data(), reinterpret_cast<const unsigned char*>(call.data()), call.size());
  crypto_auth_hmacsha256(mac.data(), digest.data(), digest.size(), key.expose_for_signing().data());
  return mac;
}

}  // namespace

TEST_CASE("with a disclosed key a stranger checks the arguments of that call and of no other") {
  const auto secret = LogSecret::ephemeral();
  const auto disclosed = Txn::random(), other = Txn::random();
  const auto digest = jeton::args_digest("refund", {{"order", "A-17"}, {"amount", 40.0}}).value();
  const auto key = secret.args_key(disclosed);
  REQUIRE(key.size() == crypto_auth_hmacsha256_KEYBYTES);
  const std::string call = R"({"arguments":{"amount":40,"order":"A-17"},"name":"refund"})";

  CHECK(mac_by_hand(key, call) == secret.args_mac(disclosed, digest));
  CHECK(mac_by_hand(key, call) != secret.args_mac(other, digest));
  CHECK(mac_by_hand(key, R"({"arguments":{"amount":41,"order":"A-17"},"name":"refund"})") !=
        secret.args_mac(disclosed, digest));
}

TEST_CASE("who discloses makes no key where there is none") {
  const TempDir state;
  CHECK_FALSE(LogSecret::load_to_disclose(state / "log.key"));
  CHECK_FALSE(std::filesystem::exists(state / "log.key"));
  const auto made = LogSecret::load_or_create(state / "log.key");
  REQUIRE(made);
  const auto read = LogSecret::load_to_disclose(state / "log.key");
  REQUIRE(read);
  const auto txn = Txn::random();
  CHECK(read->args_mac(txn, some_digest) == made->args_mac(txn, some_digest));
}
