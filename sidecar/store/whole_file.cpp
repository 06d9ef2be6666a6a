// Beside it, synced, renamed.
#include "store/whole_file.hpp"

#include <cerrno>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jeton/hash.hpp"

namespace jeton {
namespace {

tl::unexpected<Error> failed(const std::filesystem::path& file, int error) {
  return refuse(Code::log_unavailable,
                fmt::format("{}: {}", file.string(), std::error_code(error, std::generic_category()).message()));
}

}  // namespace

bool write_whole(int fd, std::span<const unsigned char> bytes) {
  while (!bytes.empty()) {
    const auto n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

Result<void> replace_file(const std::filesystem::path& file, std::string_view bytes) {
  const auto fresh = file.string() + ".new";
  ::unlink(fresh.c_str());
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (fd < 0) return failed(file, errno);
  const bool written = ::fchmod(fd, 0644) == 0 && write_whole(fd, as_bytes(bytes)) && ::fsync(fd) == 0;
  const int error = errno;
  ::close(fd);
  if (!written) {
    ::unlink(fresh.c_str());
    return failed(file, error);
  }
  if (::rename(fresh.c_str(), file.c_str()) == 0) return {};
  const int not_renamed = errno;
  ::unlink(fresh.c_str());
  return failed(file, not_renamed);
}

Result<void> check_own_place(const std::filesystem::path& file) {
  const auto directory = std::filesystem::absolute(file).parent_path();
  if (::faccessat(AT_FDCWD, directory.c_str(), W_OK | X_OK, AT_EACCESS) != 0)
    return refuse(Code::bad_request,
                  fmt::format("{}: {}", directory.string(), std::error_code(errno, std::generic_category()).message()));
  for (const auto& place : {file.string(), file.string() + ".new"}) {
    struct stat found {};
    if (::lstat(place.c_str(), &found) != 0) {
      if (errno == ENOENT) continue;
      return refuse(Code::bad_request,
                    fmt::format("{}: {}", place, std::error_code(errno, std::generic_category()).message()));
    }
    const auto what = S_ISLNK(found.st_mode)        ? "is a link"
                      : !S_ISREG(found.st_mode)     ? "is there and no regular file"
                      : found.st_uid != ::geteuid() ? "belongs to another account"
                                                    : "";
    if (*what != '\0') return refuse(Code::bad_request, fmt::format("{} {}, so it stays as it is", place, what));
  }
  return {};
}

Result<void> sync_directory(const std::filesystem::path& directory) {
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return failed(directory, errno);
  const bool synced = ::fsync(fd) == 0;
  const int error = errno;
  ::close(fd);
  if (!synced) return failed(directory, error);
  return {};
}

}  // namespace jeton
