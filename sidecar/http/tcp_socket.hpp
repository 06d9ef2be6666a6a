// An address to listen on, the TCP socket that does, and the two ends of a connection.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "jeton/error.hpp"

namespace jeton {

/// An IP address and a port. Never a name: who resolves it would decide where the daemon listens.
struct TcpAddress {
  std::string host;        ///< "127.0.0.1", "::1": as inet_ntop(3) writes it
  std::uint16_t port = 0;  ///< 0, to listen on: whichever is free

  /// "127.0.0.1:8470" or "[::1]:8470".
  [[nodiscard]] static std::optional<TcpAddress> parse(std::string_view text);
  [[nodiscard]] bool is_loopback() const;
  /// In the form of `parse`, which is also that of a URL's authority.
  [[nodiscard]] std::string text() const;

  bool operator==(const TcpAddress&) const = default;
};

/// A bound socket; nobody can connect before `listen`. Movable, closed with its owner.
class TcpSocket {
 public:
  /// bad_request says what is in the way. [::] is every address of the machine, IPv4 too.
  [[nodiscard]] static Result<TcpSocket> bind(const TcpAddress& wanted);
  ~TcpSocket();
  TcpSocket(TcpSocket&& other) noexcept;
  TcpSocket& operator=(TcpSocket&&) = delete;

  /// As it was bound: never port 0.
  [[nodiscard]] const TcpAddress& address() const { return address_; }
  /// From now on people connect. The descriptor is the caller's.
  [[nodiscard]] Result<int> listen() &&;

 private:
  TcpSocket(int fd, TcpAddress address) : fd_(fd), address_(std::move(address)) {}
  int fd_;
  TcpAddress address_;
};

/// Who is connected, and which of this machine's addresses they asked for.
struct TcpEnds {
  TcpAddress here, there;
};
/// None when the peer has left already. IPv4 seen through an IPv6 socket is IPv4.
[[nodiscard]] std::optional<TcpEnds> ends_of(int connected);
/// Answers leave at once, without waiting for more to go with them.
void send_without_delay(int connected);

/// What counts as one remote: an IPv4 address, and of IPv6 the 64 bits that one network has, within which anybody picks
/// addresses at will.
[[nodiscard]] std::string one_remote(const std::string& host);

}  // namespace jeton
