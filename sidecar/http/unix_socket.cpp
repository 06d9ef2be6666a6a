// Making the socket file: never open to more people than it will be, not even for a moment.
#include <cerrno>
#include <cstring>

#include <fmt/core.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "http/server.hpp"

namespace jeton {
namespace {

tl::unexpected<Error> unusable(const std::filesystem::path& path, std::string_view why) {
  return refuse(Code::bad_request, fmt::format("socket {}: {}", path.string(), why));
}

/// A file nobody listens on is left from a daemon that was killed.
Result<void> remove_stale(const sockaddr_un& address, const std::filesystem::path& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return {};
  if (!S_ISSOCK(info.st_mode)) return unusable(path, "is there and no socket; remove it or name another");
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int connected = ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int why = errno;
  ::close(probe);
  if (connected == 0 || why == EAGAIN)
    return unusable(path, "another process listens on it; stop that one or name another");
  if (why != ECONNREFUSED) return unusable(path, std::strerror(why));
  if (::unlink(path.c_str()) != 0) return unusable(path, std::strerror(errno));
  return {};
}

}  // namespace

Result<int> bind_unix_socket(const SocketFile& file) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto& path = file.path.native();
  if (path.empty() || path.size() >= sizeof address.sun_path) return unusable(file.path, "a path has 1 to 107 bytes");
  std::memcpy(address.sun_path, path.data(), path.size());
  if (auto removed = remove_stale(address, file.path); !removed) return refuse(removed.error());

  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return unusable(file.path, std::strerror(errno));
  // The file gets its mode as it is made: chmod by path would follow a link that the owner of the directory, an agent
  // with a socket of its own, can put in its place. Nobody connects before listen, so the group is in time.
  const auto before = ::umask(~file.mode & 0777);
  const bool bound =
      ::fchmod(fd, file.mode) == 0 && ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  int why = errno;
  ::umask(before);
  if (bound) {
    const bool ready = (!file.group || ::lchown(path.c_str(), static_cast<uid_t>(-1), *file.group) == 0) &&
                       ::listen(fd, SOMAXCONN) == 0;
    if (ready) return fd;
    why = errno;
    ::unlink(path.c_str());
  }
  ::close(fd);
  return unusable(file.path, std::strerror(why));
}

}  // namespace jeton
