// Peers over TCP that dawdle, never listen or want everything: each costs its own connections, and nobody else.
#include <cerrno>
#include <list>
#include <stdexcept>

#include <sys/socket.h>

#include "support/catch.hpp"
#include "support/tcp.hpp"
#include "support/tls_house.hpp"

namespace jeton::outside {
namespace {

using SteadyClock = std::chrono::steady_clock;
using std::chrono::milliseconds, std::chrono::seconds;

/// What a busy machine may make of one second at worst.
constexpr seconds at_worst(8);

/// Sends a byte now and then until `said` has something to say of it, for 10 s at most; the time itself is under test.
template <class Send, class Said>
auto drip(const std::string& bytes, Send send, Said said) -> decltype(said()) {
  for (const char byte : bytes) {
    send(std::string_view(&byte, 1));
    try {
      return said();
    } catch (const std::runtime_error&) {
    }
  }
  FAIL("nothing was said of it");
  return {};
}

/// A client's first words, as they are on the wire.
std::string hello() { return TlsPeer().take_outgoing(); }

}  // namespace

TEST_CASE("a tls peer that never finishes its handshake is ended in request_s and others are served meanwhile") {
  const TlsHouse house("request_s = 1");
  const auto began = SteadyClock::now();
  auto silent = over_tcp(house.daemon), half = over_tcp(house.daemon), stuck = over_tcp(house.daemon);
  const auto words = hello();
  half.send(std::string_view(words).substr(0, words.size() / 2));
  stuck.send(words);  // and never the rest of it
  for (int i = 0; i < 5; ++i) CHECK(house.serves());
  for (auto* peer : {&silent, &half, &stuck}) (void)peer->rest(at_worst);
  CHECK(SteadyClock::now() - began >= milliseconds(900));
  CHECK(SteadyClock::now() - began < at_worst);
  CHECK(eventually([&] { return house.metric("jeton_tls_handshakes_failed_total") == "3"; }));
  CHECK(eventually([&] { return house.metric("jeton_network_connections") == "0"; }));
}

TEST_CASE("a tls handshake that comes byte by byte is ended in request_s") {
  const TlsHouse house("request_s = 1");
  auto peer = over_tcp(house.daemon);
  const auto began = SteadyClock::now();
  const auto said = drip(
      hello(), [&](std::string_view byte) { peer.send(byte); }, [&] { return peer.rest(milliseconds(100)); });
  CHECK(said.empty());
  CHECK(SteadyClock::now() - began >= milliseconds(900));
  CHECK(SteadyClock::now() - began < at_worst);
  CHECK(house.serves());
}

TEST_CASE("a request over tls that comes byte by byte is refused when its time is over and its connection ends") {
  const TlsHouse house("request_s = 1");
  auto peer = house.connect();
  REQUIRE(peer.shake_hands());
  const auto answer = drip(
      "GET /healthz HTTP/1.1\r\nA: " + std::string(200, 'x'), [&](std::string_view byte) { peer.send(byte); },
      [&] { return peer.answer(milliseconds(100)); });
  REQUIRE(answer);
  CHECK(answer->status == 400);
  CHECK(answer->code() == "bad_request");
  CHECK(peer.ends());
  CHECK(house.serves());
}

TEST_CASE("a peer over tls that never reads its answers blocks nobody and is cut off") {
  const TlsHouse house("request_s = 1");
  auto deaf = house.connect();
  REQUIRE(deaf.shake_hands());
  std::string burst;
  for (int i = 0; i < 500; ++i) burst += get_document("/openapi.json");  // some ten megabytes of answers
  deaf.peer().say(burst);
  const auto wire = deaf.peer().take_outgoing();
  (void)::send(deaf.fd(), wire.data(), wire.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  const auto began = SteadyClock::now();
  for (int i = 0; i < 5; ++i) CHECK(house.serves());
  CHECK(SteadyClock::now() - began < seconds(5));
  const auto cut_off = [&] {
    return ::send(deaf.fd(), "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && (errno == EPIPE || errno == ECONNRESET);
  };
  CHECK(eventually(cut_off, at_worst));
}

TEST_CASE("a silent connection over tls is closed after idle_s") {
  const TlsHouse house("idle_s = 1");
  auto peer = house.connect();
  REQUIRE(peer.shake_hands());
  const auto began = SteadyClock::now();
  CHECK(peer.ends());
  CHECK(SteadyClock::now() - began >= milliseconds(900));
  CHECK(SteadyClock::now() - began < at_worst);
}

TEST_CASE("a greedy address holds its own places and the network half of all and nobody else waits for it") {
  const TlsHouse house("connections_per_address = 4\nconnections = 16");
  std::list<TlsClient> held;
  const auto comes_in = [&](const std::string& from) {
    held.emplace_back(connect_tcp(port_of(house.daemon), from));
    return held.back().shake_hands();
  };
  // given: one address that takes all it can get
  for (int i = 0; i < 4; ++i) CHECK(comes_in("127.0.0.1"));
  for (int i = 0; i < 3; ++i) CHECK_FALSE(comes_in("127.0.0.1"));
  CHECK(house.metric("jeton_network_connections_turned_away_total") == "3");
  CHECK(house.serves("127.0.0.2"));

  // and then many addresses, which is all that the network can hold
  for (int i = 0; i < 4; ++i) CHECK(comes_in("127.0.0.3"));
  CHECK_FALSE(comes_in("127.0.0.4"));
  CHECK(house.daemon.client().status());
  CHECK(house.metric("jeton_network_connections") == "8");

  // then: one that goes makes room
  held.clear();
  CHECK(eventually([&] { return house.metric("jeton_network_connections") == "0"; }));
  CHECK(house.serves());
}

}  // namespace jeton::outside
