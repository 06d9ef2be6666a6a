// Making, checking and locking STATE. The lock is the kernel's, so a killed daemon leaves none behind.
#include "app/state_dir.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace jeton {
namespace {

tl::unexpected<Error> unusable(const std::filesystem::path& path, std::string_view why) {
  return refuse(Code::bad_request, fmt::format("state directory {}: {}", path.string(), why));
}

std::string holder_of(int fd) {
  std::array<char, 32> text{};
  const auto size = ::pread(fd, text.data(), text.size() - 1, 0);
  return size > 0 ? std::string(text.data(), static_cast<std::size_t>(size)) : std::string("unknown");
}

}  // namespace

Result<StateDir> StateDir::lock(const std::filesystem::path& path, bool create) {
  if (create) {
    std::error_code error;
    const bool made = std::filesystem::create_directories(path, error);
    if (error) return unusable(path, error.message());
    if (made) std::filesystem::permissions(path, std::filesystem::perms::owner_all, error);
  }
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    if (errno == ENOENT)
      return unusable(path, fmt::format("is not there; make it: install -d -m 0700 {}", path.string()));
    return unusable(path, std::strerror(errno));
  }
  if (!S_ISDIR(info.st_mode)) return unusable(path, "is not a directory");
  if (info.st_uid != ::geteuid())
    return unusable(path, fmt::format("belongs to uid {}, jetond runs as uid {}; chown it", info.st_uid, ::geteuid()));
  if ((info.st_mode & 022) != 0) return unusable(path, "others may write to it; chmod 0700 it");

  const auto file = path / "lock";
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return unusable(path, std::strerror(errno));
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    auto refusal = unusable(
        path, fmt::format("is in use by jetond, pid {}; stop that one or name another --state", holder_of(fd)));
    ::close(fd);
    return refusal;
  }
  const auto pid = std::to_string(::getpid());
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    auto refusal = unusable(path, std::strerror(errno));
    ::close(fd);
    return refusal;
  }
  return StateDir(path, fd);
}

StateDir::~StateDir() {
  if (lock_fd_ >= 0) ::close(lock_fd_);
}
StateDir::StateDir(StateDir&& other) noexcept
    : path_(std::move(other.path_)), lock_fd_(std::exchange(other.lock_fd_, -1)) {}

std::int64_t StateDir::free_bytes() const {
  struct statvfs space {};
  if (::statvfs(path_.c_str(), &space) != 0) return -1;
  return static_cast<std::int64_t>(space.f_bavail) * static_cast<std::int64_t>(space.f_frsize);
}

}  // namespace jeton
