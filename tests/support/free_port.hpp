// A TCP port for a program that wants to be told one.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/catch.hpp"

namespace jeton::outside {

/// A port that was free a moment ago.
[[nodiscard]] inline int free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* plain = reinterpret_cast<sockaddr*>(&address);
  REQUIRE(::bind(fd, plain, size) == 0);
  REQUIRE(::getsockname(fd, plain, &size) == 0);
  ::close(fd);
  return ntohs(address.sin_port);
}

}  // namespace jeton::outside
