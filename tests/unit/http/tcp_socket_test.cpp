// Addresses as people write them, and sockets on loopback.
#include "http/tcp_socket.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/catch.hpp"

namespace {

using jeton::TcpAddress;
using jeton::TcpSocket;

TcpAddress address(std::string_view text) {
  auto parsed = TcpAddress::parse(text);
  REQUIRE(parsed);
  return *parsed;
}

}  // namespace

TEST_CASE("an address is a number and a port and is written back as it is read") {
  for (const auto* text : {"127.0.0.1:8470", "0.0.0.0:0", "10.1.2.3:65535", "[::1]:8470", "[::]:0", "[2001:db8::7]:1"})
    CHECK(address(text).text() == text);
  CHECK(address("[2001:DB8:0:0:0:0:0:7]:1").text() == "[2001:db8::7]:1");
}

TEST_CASE("a name or half an address is none") {
  for (const auto* text : {"",
                           ":",
                           "8470",
                           "127.0.0.1",
                           "127.0.0.1:",
                           "127.0.0.1:65536",
                           "127.0.0.1:-1",
                           "127.0.0.1:+1",
                           "127.0.0.1:01",
                           "127.0.0.1: 1",
                           "127.0.0.1:1 ",
                           " 127.0.0.1:1",
                           "127.1:1",
                           "0177.0.0.1:1",
                           "2130706433:1",
                           "localhost:8470",
                           "::1:8470",
                           "[::1]",
                           "[::1]:",
                           "[::1:8470",
                           "::1]:8470",
                           "[127.0.0.1]:1",
                           "[fe80::1%lo]:1",
                           "[]:1",
                           "*:8470",
                           "none",
                           "127.0.0.1:84:70",
                           "[::1]x:1"}) {
    CAPTURE(text);
    CHECK_FALSE(TcpAddress::parse(text));
  }
}

TEST_CASE("loopback is what never leaves the machine") {
  for (const auto* text : {"127.0.0.1:1", "127.255.0.1:1", "[::1]:1"}) CHECK(address(text).is_loopback());
  for (const auto* text :
       {"0.0.0.0:1", "10.0.0.1:1", "128.0.0.1:1", "[::]:1", "[2001:db8::1]:1", "[::ffff:127.0.0.1]:1"})
    CHECK_FALSE(address(text).is_loopback());
}

TEST_CASE("a bound socket has a port of its own and takes nobody in before it listens") {
  auto socket = TcpSocket::bind(address("127.0.0.1:0"));
  REQUIRE(socket);
  const auto port = socket->address().port;
  REQUIRE(port != 0);
  const auto connect = [port] {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool connected = ::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
    return connected ? fd : (::close(fd), -1);
  };
  CHECK(connect() == -1);
  const auto listening = std::move(*socket).listen();
  REQUIRE(listening);
  const int client = connect();
  REQUIRE(client >= 0);
  const auto ends = jeton::ends_of(client);
  REQUIRE(ends);
  CHECK(ends->there == TcpAddress{"127.0.0.1", port});
  CHECK(ends->here.host == "127.0.0.1");
  ::close(client);

  // And a second one is told what is in the way.
  auto second = TcpSocket::bind({"127.0.0.1", port});
  const auto refused = second ? std::move(*second).listen() : jeton::Result<int>(jeton::refuse(second.error()));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == jeton::Code::bad_request);
  CHECK_THAT(refused.error().message, Catch::Contains("another port"));
  ::close(*listening);
}

TEST_CASE("ipv4 through a socket for everything is ipv4") {
  auto socket = TcpSocket::bind(address("[::]:0"));
  if (!socket) {
    WARN("skipped: no IPv6 here");
    return;
  }
  const auto port = socket->address().port;
  const auto listening = std::move(*socket).listen();
  REQUIRE(listening);
  const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::connect(client, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
  const int accepted = ::accept4(*listening, nullptr, nullptr, SOCK_CLOEXEC);
  const auto ends = jeton::ends_of(accepted);
  REQUIRE(ends);
  CHECK(ends->there.host == "127.0.0.1");
  CHECK(ends->here == TcpAddress{"127.0.0.1", port});
  for (const int fd : {client, accepted, *listening}) ::close(fd);
  CHECK_FALSE(jeton::ends_of(-1));
}

TEST_CASE("of ipv6 a network of sixty four bits is one remote") {
  CHECK(jeton::one_remote("10.1.2.3") == "10.1.2.3");
  CHECK(jeton::one_remote("2001:db8:1:2:3:4:5:6") == "2001:db8:1:2::/64");
  CHECK(jeton::one_remote("2001:db8:1:2:ffff::") == "2001:db8:1:2::/64");
  CHECK(jeton::one_remote("::1") == "::/64");
}
