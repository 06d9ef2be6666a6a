// What a service manager hears from a daemon it started.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/run.hpp"

namespace jeton::outside {

/// A datagram socket that a daemon is told to report to.
class NotifySocket {
 public:
  explicit NotifySocket(const std::filesystem::path& path)
      : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.string().copy(address.sun_path, sizeof address.sun_path - 1);
    if (::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) throw std::runtime_error("bind");
  }
  ~NotifySocket() { ::close(fd_); }
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;
  [[nodiscard]] std::string next() const {
    std::string text(128, '\0');
    ssize_t size = -1;
    if (!eventually([&] { return (size = ::recv(fd_, text.data(), text.size(), 0)) >= 0; })) return "";
    text.resize(static_cast<std::size_t>(size));
    return text;
  }

 private:
  int fd_;
};

}  // namespace jeton::outside
