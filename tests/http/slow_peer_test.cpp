// Peers that dawdle, hoard connections or never read: they cost themselves, and nobody else.
#include <sys/socket.h>

#include <stdexcept>

#include "http/door_fixture.hpp"

namespace jeton::outside {
namespace {

std::chrono::milliseconds since(std::chrono::steady_clock::time_point began) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
}

/// Sends a byte now and then until the daemon says something, for 10 s at most.
std::optional<RawAnswer> drip(RawClient& client, const std::string& bytes) {
  for (const char byte : bytes) {
    if (!client.send({&byte, 1})) break;
    try {
      return client.answer(std::chrono::milliseconds(100));
    } catch (const std::runtime_error&) {
      // Nothing yet; the time itself is under test.
    }
  }
  return client.answer();
}

}  // namespace

TEST_CASE("a body that comes byte by byte is refused when its time is over") {
  const DoorFixture door("request_s = 1");
  auto client = door.connect();
  const auto began = std::chrono::steady_clock::now();
  client.send("POST /v1/calls HTTP/1.1\r\nContent-Length: 1000\r\n\r\n");
  const auto answer = drip(client, std::string(100, ' '));
  REQUIRE(answer);
  CHECK(answer->code() == "bad_request");
  CHECK(since(began) >= std::chrono::seconds(1));
  CHECK(since(began) < std::chrono::seconds(5));
  CHECK(client.ends());
  CHECK(door.refusals("bad_request") == 1);
}

TEST_CASE("a header that comes byte by byte is refused when its time is over") {
  const DoorFixture door("request_s = 1");
  auto client = door.connect();
  const auto answer = drip(client, "GET /v1/status HTTP/1.1\r\nA: " + std::string(100, 'x'));
  REQUIRE(answer);
  CHECK(answer->code() == "bad_request");
  CHECK(client.ends());
}

TEST_CASE("a silent connection is closed after its idle time and a used one begins anew") {
  const DoorFixture door("idle_s = 1");
  auto silent = door.connect();
  const auto began = std::chrono::steady_clock::now();
  CHECK(silent.ends());
  CHECK(since(began) >= std::chrono::milliseconds(900));
  CHECK(since(began) < std::chrono::seconds(5));

  auto used = door.connect();
  used.send("GET /v1/status HTTP/1.1\r\n\r\n");
  CHECK(used.answer()->status == 200);
  CHECK(used.ends());
  CHECK(door.ledger().count("event = 'request.refused'") == 0);
}

TEST_CASE("a client that never reads its answers blocks nobody and is cut off") {
  const DoorFixture door("request_s = 1");
  auto deaf = door.connect();
  std::string burst;
  for (int i = 0; i < 5000; ++i) burst += "GET /v1/status HTTP/1.1\r\n\r\n";
  // As much as it takes without reading; the daemon stops taking more when its answers find no room.
  (void)::send(deaf.fd(), burst.data(), burst.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 10; ++i) CHECK(door.mints());
  CHECK(since(began) < std::chrono::seconds(5));
  CHECK(eventually([&] { return ::send(deaf.fd(), "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno == EPIPE; }));
}

TEST_CASE("the connection over the limit is told overloaded and one place free is enough") {
  const DoorFixture door;
  std::vector<RawClient> held;
  for (int i = 0; i < 128; ++i) {
    held.push_back(door.connect());
    held.back().send("GET /v1/status HTTP/1.1\r\n\r\n");
    REQUIRE(held.back().answer()->status == 200);
  }
  auto surplus = door.connect();
  const auto answer = surplus.answer();
  REQUIRE(answer);
  CHECK(answer->status == 503);
  CHECK(answer->code() == "overloaded");
  CHECK(surplus.ends());
  CHECK(door.refusals("overloaded") == 1);
  CHECK(door.ledger().count(fmt::format("code = 'overloaded' AND uid = {} AND pid = {}", ::geteuid(), ::getpid())) ==
        1);

  // Who holds a connection is served all the while; who lets one go makes room.
  held.front().send(post("/v1/calls", mint_body));
  CHECK(held.front().answer()->status == 200);
  held.pop_back();
  CHECK(eventually([&] { return door.mints(); }));
}

TEST_CASE("limits across accounts hold as well") {
  const DoorFixture door("connections = 2");
  std::vector<RawClient> held;
  for (int i = 0; i < 2; ++i) {
    held.push_back(door.connect());
    held.back().send("GET /v1/status HTTP/1.1\r\n\r\n");
    REQUIRE(held.back().answer()->status == 200);
  }
  CHECK(door.connect().answer()->code() == "overloaded");
  held.clear();
  CHECK(eventually([&] { return door.mints(); }));
}

}  // namespace jeton::outside
