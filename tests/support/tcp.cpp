// Plain sockets; from which address of the loopback network is the caller's to say.
#include "support/tcp.hpp"

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace jeton::outside {
namespace {

sockaddr_in address_of(const std::string& host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  ::inet_pton(AF_INET, host.c_str(), &address.sin_addr);
  return address;
}

}  // namespace

std::string listen_of(const Daemon& daemon) {
  const std::string before = " listen=";
  const auto& line = daemon.ready_line();
  const auto begin = line.find(before) + before.size();
  return line.substr(begin, line.find(' ', begin) - begin);
}

std::uint16_t port_of(const Daemon& daemon) {
  const auto listen = listen_of(daemon);
  return static_cast<std::uint16_t>(std::stoi(listen.substr(listen.rfind(':') + 1)));
}

int connect_tcp(std::uint16_t port, const std::string& from) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto here = address_of(from, 0), there = address_of("127.0.0.1", port);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&here), sizeof here) != 0 ||
      ::connect(fd, reinterpret_cast<const sockaddr*>(&there), sizeof there) != 0) {
    const int why = errno;
    ::close(fd);
    throw std::runtime_error(fmt::format("connect to port {}: {}", port, std::strerror(why)));
  }
  return fd;
}

RawClient over_tcp(const Daemon& daemon, const std::string& from) {
  return RawClient(connect_tcp(port_of(daemon), from));
}

std::string get_from(const std::string& host, const std::string& target, const std::string& more) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\n{}\r\n", target, host, more);
}

}  // namespace jeton::outside
