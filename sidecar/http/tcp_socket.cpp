// Addresses as text and as the kernel has them.
#include "http/tcp_socket.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace jeton {
namespace {

std::optional<std::uint16_t> port_of(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && (text.size() == 1 || text[0] != '0') ? std::optional(port) : std::nullopt;
}

std::string host_of(int family, const void* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(family, address, text.data(), text.size());
  return text.data();
}

struct SocketAddress {
  sockaddr_storage bytes{};
  socklen_t size = sizeof(sockaddr_storage);
  [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&bytes); }
};

SocketAddress socket_address_of(const TcpAddress& address) {
  SocketAddress out;
  if (address.host.find(':') == address.host.npos) {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&out.bytes);
    v4->sin_family = AF_INET;
    v4->sin_port = htons(address.port);
    ::inet_pton(AF_INET, address.host.c_str(), &v4->sin_addr);
    out.size = sizeof *v4;
  } else {
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&out.bytes);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(address.port);
    ::inet_pton(AF_INET6, address.host.c_str(), &v6->sin6_addr);
    out.size = sizeof *v6;
  }
  return out;
}

std::optional<TcpAddress> address_of(const SocketAddress& from) {
  if (from.bytes.ss_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&from.bytes);
    return TcpAddress{host_of(AF_INET, &v4->sin_addr), ntohs(v4->sin_port)};
  }
  if (from.bytes.ss_family != AF_INET6) return std::nullopt;
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&from.bytes);
  constexpr std::size_t mapped_at = 12;
  const bool mapped = IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr);
  return TcpAddress{mapped ? host_of(AF_INET, v6->sin6_addr.s6_addr + mapped_at) : host_of(AF_INET6, &v6->sin6_addr),
                    ntohs(v6->sin6_port)};
}

tl::unexpected<Error> unusable(const TcpAddress& address, int why) {
  return refuse(Code::bad_request,
                fmt::format("cannot listen on {}: {}{}", address.text(), std::strerror(why),
                            why == EADDRINUSE ? "; stop who listens there, or choose another port" : ""));
}

}  // namespace

std::optional<TcpAddress> TcpAddress::parse(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == text.npos) return std::nullopt;
  const auto port = port_of(text.substr(colon + 1));
  auto host = std::string(text.substr(0, colon));
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  in6_addr bytes{};
  const int family = bracketed ? AF_INET6 : AF_INET;
  if (!port || ::inet_pton(family, host.c_str(), &bytes) != 1) return std::nullopt;
  return TcpAddress{host_of(family, &bytes), *port};
}

bool TcpAddress::is_loopback() const { return host == "::1" || host.starts_with("127."); }

std::string TcpAddress::text() const {
  return host.find(':') == host.npos ? fmt::format("{}:{}", host, port) : fmt::format("[{}]:{}", host, port);
}

Result<TcpSocket> TcpSocket::bind(const TcpAddress& wanted) {
  auto address = socket_address_of(wanted);
  const int fd = ::socket(address.bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return unusable(wanted, errno);
  TcpSocket made(fd, wanted);
  // A daemon that starts again must not wait for connections of the one before it to be forgotten.
  const int yes = 1, no = 0;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (address.bytes.ss_family == AF_INET6) ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
  if (::bind(fd, address.get(), address.size) != 0) return unusable(wanted, errno);
  SocketAddress bound;
  if (::getsockname(fd, bound.get(), &bound.size) != 0) return unusable(wanted, errno);
  made.address_.port = address_of(bound)->port;
  return made;
}

TcpSocket::~TcpSocket() {
  if (fd_ >= 0) ::close(fd_);
}
TcpSocket::TcpSocket(TcpSocket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), address_(std::move(other.address_)) {}

Result<int> TcpSocket::listen() && {
  if (::listen(fd_, SOMAXCONN) != 0) return unusable(address_, errno);
  return std::exchange(fd_, -1);
}

std::optional<TcpEnds> ends_of(int connected) {
  SocketAddress here, there;
  if (::getsockname(connected, here.get(), &here.size) != 0) return std::nullopt;
  if (::getpeername(connected, there.get(), &there.size) != 0) return std::nullopt;
  auto from = address_of(here), to = address_of(there);
  if (!from || !to) return std::nullopt;
  return TcpEnds{std::move(*from), std::move(*to)};
}

void send_without_delay(int connected) {
  const int yes = 1;
  ::setsockopt(connected, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

std::string one_remote(const std::string& host) {
  in6_addr address{};
  if (host.find(':') == host.npos || ::inet_pton(AF_INET6, host.c_str(), &address) != 1) return host;
  constexpr std::size_t network_bytes = 8;
  std::memset(address.s6_addr + network_bytes, 0, sizeof address - network_bytes);
  return host_of(AF_INET6, &address) + "/64";
}

}  // namespace jeton
