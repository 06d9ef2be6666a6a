// Reading and making key files without a moment in which half of one, or a readable one, has the name.
#include "identity/key_file.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jeton/hash.hpp"
#include "store/whole_file.hpp"

namespace jeton {
namespace {

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

/// The file systemd made of a credential of this name, or nothing.
std::filesystem::path credential_of(const KeyFileKind& kind) {
  const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
  if (directory == nullptr || *directory != '/' || kind.credential.empty()) return {};
  auto file = std::filesystem::path(directory) / kind.credential;
  return std::filesystem::exists(file) ? file : std::filesystem::path();
}

}  // namespace

bool is_credential(const KeyFileKind& kind) { return !credential_of(kind).empty(); }

Result<std::optional<Secret>> read_key_file(const std::filesystem::path& state_file, const KeyFileKind& kind,
                                            KeyReader reader) {
  const auto handed = credential_of(kind);
  const auto& file = handed.empty() ? state_file : handed;
  const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd && errno == ENOENT) return std::nullopt;
  struct stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0) return unusable(file, std::strerror(errno));
  const bool ours = info.st_uid == ::geteuid() || (!handed.empty() && info.st_uid == 0);
  const bool as_root = reader == KeyReader::person && ::geteuid() == 0;
  if (!S_ISREG(info.st_mode) || !(ours || as_root))
    return unusable(file, "is not a file of the daemon's own account; restore it from the backup");
  // systemd gives its credentials to a service's account by an ACL, which shows as the group's bits.
  if ((info.st_mode & (handed.empty() ? 077 : 007)) != 0)
    return unusable(file, "is readable by others; chmod 0600 and consider it known to them");

  const auto size = static_cast<std::size_t>(info.st_size);
  const bool fits = size >= kind.header.size() + kind.bytes_min && size <= kind.header.size() + kind.bytes_max;
  Secret secret(fits ? size - kind.header.size() : 1);
  std::string head(kind.header.size(), '\0');
  const bool whole = fits && read_all(fd.get(), {reinterpret_cast<unsigned char*>(head.data()), head.size()}) &&
                     head == kind.header && read_all(fd.get(), secret.writable());
  if (!whole) return unusable(file, fmt::format("is not a jeton {}; restore it from the backup", kind.name));
  secret.seal();
  return secret;
}

Result<void> write_key_file(const std::filesystem::path& file, const KeyFileKind& kind, const Secret& secret) {
  const auto fresh = file.string() + ".new";
  ::unlink(fresh.c_str());
  const Fd fd(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  const bool written = fd && write_whole(fd.get(), as_bytes(kind.header)) &&
                       write_whole(fd.get(), secret.expose_for_signing()) && ::fsync(fd.get()) == 0;
  if (!written || ::rename(fresh.c_str(), file.c_str()) != 0) {
    const int error = errno;
    if (fd) ::unlink(fresh.c_str());  // no secret stays where nobody looks for one
    return unusable(file, std::strerror(error));
  }
  const Fd directory(::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || ::fsync(directory.get()) != 0) return unusable(file, std::strerror(errno));
  return {};
}

}  // namespace jeton
