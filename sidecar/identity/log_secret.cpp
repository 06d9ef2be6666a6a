// Reading and making log.key without a moment in which half of it, or a readable one, has the name.
#include "identity/log_secret.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/whole_file.hpp"

namespace jeton {
namespace {

constexpr std::string_view header = "jeton log key 1\n";
constexpr std::size_t seed_bytes = 32;
constexpr std::size_t secret_bytes = 32;
constexpr std::size_t file_bytes = header.size() + seed_bytes + secret_bytes;

tl::unexpected<Error> unusable(const std::filesystem::path& file, std::string_view why) {
  return refuse(Code::log_unavailable, fmt::format("{}: {}", file.string(), why));
}

/// A file descriptor that closes itself.
class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  [[nodiscard]] int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

bool read_all(int fd, std::span<unsigned char> bytes) {
  while (!bytes.empty()) {
    const auto n = ::read(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

Result<void> create(const std::filesystem::path& file, const Secret& seed, const Secret& secret) {
  const auto fresh = file.string() + ".new";
  ::unlink(fresh.c_str());
  const Fd fd(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  const bool written = fd && write_whole(fd.get(), as_bytes(header)) &&
                       write_whole(fd.get(), seed.expose_for_signing()) &&
                       write_whole(fd.get(), secret.expose_for_signing()) && ::fsync(fd.get()) == 0;
  if (!written || ::rename(fresh.c_str(), file.c_str()) != 0) return unusable(file, std::strerror(errno));
  const Fd directory(::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || ::fsync(directory.get()) != 0) return unusable(file, std::strerror(errno));
  return {};
}

/// The file systemd made of a credential of this name, or nothing.
std::filesystem::path credential() {
  const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
  if (directory == nullptr || *directory != '/') return {};
  auto file = std::filesystem::path(directory) / "jeton-log-key";
  return std::filesystem::exists(file) ? file : std::filesystem::path();
}

}  // namespace

LogSecret LogSecret::ephemeral() { return {Secret::random(seed_bytes), Secret::random(secret_bytes)}; }

bool LogSecret::is_credential() { return !credential().empty(); }

Result<LogSecret> LogSecret::load_or_create(const std::filesystem::path& state_file) {
  return load(state_file, Reader::daemon);
}

Result<LogSecret> LogSecret::load_to_disclose(const std::filesystem::path& state_file) {
  return load(state_file, Reader::person);
}

Result<LogSecret> LogSecret::load(const std::filesystem::path& state_file, Reader reader) {
  const auto handed = credential();
  const auto& file = handed.empty() ? state_file : handed;
  const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd && errno == ENOENT && reader == Reader::daemon) {
    auto fresh = ephemeral();
    if (auto made = create(file, fresh.seed_, fresh.secret_); !made) return refuse(made.error());
    return fresh;
  }
  struct stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0) return unusable(file, std::strerror(errno));
  const bool ours = info.st_uid == ::geteuid() || (!handed.empty() && info.st_uid == 0);
  const bool as_root = reader == Reader::person && ::geteuid() == 0;
  if (!S_ISREG(info.st_mode) || !(ours || as_root))
    return unusable(file, "is not a file of the daemon's own account; restore it from the backup");
  // systemd gives its credentials to a service's account by an ACL, which shows as the group's bits.
  if ((info.st_mode & (handed.empty() ? 077 : 007)) != 0)
    return unusable(file, "is readable by others; chmod 0600 and consider it known to them");

  std::array<char, header.size()> head{};
  Secret seed(seed_bytes);
  Secret secret(secret_bytes);
  const bool whole = static_cast<std::size_t>(info.st_size) == file_bytes &&
                     read_all(fd.get(), {reinterpret_cast<unsigned char*>(head.data()), head.size()}) &&
                     read_all(fd.get(), seed.writable()) && read_all(fd.get(), secret.writable()) &&
                     std::string_view(head.data(), head.size()) == header;
  if (!whole) return unusable(file, "is not a jeton log key; restore it from the backup");
  seed.seal();
  secret.seal();
  return LogSecret(std::move(seed), std::move(secret));
}

Sha256 LogSecret::key_of(const Txn& txn) const {
  std::string purpose = "jeton args 1\n";
  purpose.append(reinterpret_cast<const char*>(txn.bytes.data()), txn.bytes.size());
  auto key = hmac_sha256(secret_.expose_for_signing(), as_bytes(purpose));
  return key;
}

Secret LogSecret::args_key(const Txn& txn) const {
  auto key = key_of(txn);
  Secret disclosed(key.size());
  std::copy(key.begin(), key.end(), disclosed.writable().begin());
  wipe(key);
  return disclosed;
}

Sha256 LogSecret::args_mac(const Txn& txn, const ArgsDigest& digest) const {
  auto key = key_of(txn);
  const auto mac = hmac_sha256(key, digest.bytes);
  wipe(key);
  return mac;
}

Txn LogSecret::txn_of(std::string_view agent, std::string_view open_id) const {
  // A SPIFFE ID has no line feed, so agent and open_id cannot run into one another.
  const auto mac =
      hmac_sha256(secret_.expose_for_signing(), as_bytes(fmt::format("jeton txn 1\n{}\n{}", agent, open_id)));
  Txn txn;
  std::copy_n(mac.begin(), txn.bytes.size(), txn.bytes.begin());
  return txn;
}

}  // namespace jeton
