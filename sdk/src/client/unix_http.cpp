// Sockets by hand, so that a deadline is a deadline.
#include "client/unix_http.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/core.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "jeton/http_codec.hpp"
#include "jeton/secret.hpp"

namespace jeton {
namespace {

tl::unexpected<Error> unavailable(std::string why) { return refuse(Code::sidecar_unavailable, std::move(why)); }

/// Whoever listens must be who owns the file: a socket somebody else put there is not the sidecar.
Result<void> check_daemon(int fd, const std::filesystem::path& socket, std::optional<uid_t> daemon_uid) {
  ucred peer{};
  socklen_t size = sizeof peer;
  struct stat file {};
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || ::stat(socket.c_str(), &file) != 0)
    return unavailable(fmt::format("{}: {}", socket.string(), std::strerror(errno)));
  if (peer.uid != file.st_uid)
    return unavailable(
        fmt::format("{} belongs to uid {}, but uid {} listens on it", socket.string(), file.st_uid, peer.uid));
  if (daemon_uid && peer.uid != *daemon_uid)
    return unavailable(fmt::format("uid {} listens on {}, expected uid {}", peer.uid, socket.string(), *daemon_uid));
  return {};
}

}  // namespace

Result<UnixHttp> UnixHttp::connect(const std::filesystem::path& socket, std::optional<uid_t> daemon_uid,
                                   Deadline deadline) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto& path = socket.native();
  if (path.empty() || path.size() >= sizeof address.sun_path)
    return unavailable(fmt::format("{}: a socket path has 1 to {} bytes", path, sizeof address.sun_path - 1));
  std::memcpy(address.sun_path, path.data(), path.size());

  UnixHttp connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (connection.fd_ < 0) return unavailable(fmt::format("{}: {}", path, std::strerror(errno)));
  while (::connect(connection.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    // EAGAIN: the daemon's queue is full; a Unix socket cannot be polled for room, so look again shortly.
    if (errno != EAGAIN && errno != EINTR) return unavailable(fmt::format("{}: {}", path, std::strerror(errno)));
    if (std::chrono::steady_clock::now() >= deadline) return unavailable(fmt::format("{}: no answer in time", path));
    ::poll(nullptr, 0, 1);
  }
  if (auto trusted = check_daemon(connection.fd_, socket, daemon_uid); !trusted) return refuse(trusted.error());
  return connection;
}

UnixHttp::~UnixHttp() {
  if (fd_ >= 0) ::close(fd_);
}
UnixHttp::UnixHttp(UnixHttp&& other) noexcept : fd_(std::exchange(other.fd_, -1)), reusable_(other.reusable_) {}
UnixHttp& UnixHttp::operator=(UnixHttp&& other) noexcept {
  std::swap(fd_, other.fd_);
  reusable_ = other.reusable_;
  return *this;
}

Result<void> UnixHttp::wait_for(short events, Deadline deadline) const {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    if (left <= 0) return unavailable("the sidecar did not answer in time");
    pollfd waiting{fd_, events, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(left));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return unavailable(std::strerror(errno));
  }
}

Result<void> UnixHttp::send_all(std::string_view bytes, Deadline deadline) {
  while (!bytes.empty()) {
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      if (auto ready = wait_for(POLLOUT, deadline); !ready) return ready;
    } else if (errno == EPIPE || errno == ECONNRESET) {
      return {};  // it said no before it had read everything: what it said is there to be read
    } else if (errno != EINTR) {
      return unavailable(fmt::format("the sidecar closed the connection: {}", std::strerror(errno)));
    }
  }
  return {};
}

Result<HttpAnswer> UnixHttp::exchange(std::string_view request, Deadline deadline) {
  reusable_ = false;
  if (auto sent = send_all(request, deadline); !sent) return refuse(sent.error());

  AnswerDecoder decoder;
  std::array<char, 16 * 1024> chunk;
  for (auto state = AnswerDecoder::State::need_more; state != AnswerDecoder::State::done;) {
    if (auto ready = wait_for(POLLIN, deadline); !ready) return refuse(ready.error());
    const auto count = ::recv(fd_, chunk.data(), chunk.size(), 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (count <= 0) return unavailable("the sidecar closed the connection");
    const auto fed = decoder.feed({chunk.data(), static_cast<std::size_t>(count)});
    if (!fed) return refuse(fed.error());
    state = *fed;
  }
  wipe({reinterpret_cast<unsigned char*>(chunk.data()), chunk.size()});
  reusable_ = decoder.reusable();
  return decoder.take();
}

}  // namespace jeton
