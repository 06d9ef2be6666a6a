// A request that arrives in pieces is the same request, wherever it was cut.
#include <stdexcept>

#include "http/door_fixture.hpp"

namespace jeton::outside {
namespace {

/// A round trip on a connection of its own: what was sent before it has been read when it returns.
class Pulse {
 public:
  explicit Pulse(const DoorFixture& door) : client_(door.connect()) {}
  void beat() {
    client_.send("GET /v1/status HTTP/1.1\r\n\r\n");
    if (client_.answer()->status != 200) throw std::runtime_error("no pulse");
  }

 private:
  RawClient client_;
};

const std::string head = "POST /v1/calls HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";

std::string chunked_request() {
  const auto half = mint_body.size() / 2;
  return head + fmt::format("{:x};a=\"b\"\r\n{}\r\n{:X}\r\n{}\r\n0;c=d\r\nTrailer: x\r\n\r\n", half,
                            mint_body.substr(0, half), mint_body.size() - half, mint_body.substr(half));
}

}  // namespace

TEST_CASE("a chunked request cut anywhere is served") {
  const DoorFixture door;
  Pulse pulse(door);
  const auto request = chunked_request();
  for (std::size_t cut = 1; cut < request.size(); ++cut) {
    INFO("cut at " << cut);
    auto client = door.connect();
    client.send(request.substr(0, cut));
    pulse.beat();
    client.send(request.substr(cut));
    const auto answer = client.answer();
    REQUIRE(answer);
    CHECK(answer->status == 200);
  }
}

TEST_CASE("requests that come byte by byte are served one after the other on one connection") {
  const DoorFixture door;
  Pulse pulse(door);
  auto client = door.connect();
  for (const auto& request : {chunked_request(), post("/v1/calls", mint_body), head + "0\r\n\r\n",
                              std::string("GET /v1/jwks HTTP/1.1\r\n\r\n"), chunked_request()}) {
    for (const char byte : request) {
      client.send({&byte, 1});
      pulse.beat();
    }
    const auto answer = client.answer();
    REQUIRE(answer);
    CHECK(answer->status == (request == head + "0\r\n\r\n" ? 400 : 200));
  }
}

TEST_CASE("broken chunks that come byte by byte are refused and the daemon lives") {
  const DoorFixture door;
  Pulse pulse(door);
  for (const char* broken :
       {"0\r\nX\r\n\r\n", "0\r\r\n", "0x\r\n\r\n", "1\r\nXX\r\n", "0\n\r\n\r\n", ";\r\n\r\n", "0;\"\r\n\r\n"}) {
    INFO(broken);
    auto client = door.connect();
    client.send(head);
    for (const char* byte = broken; *byte != '\0'; ++byte) {
      client.send({byte, 1});
      pulse.beat();
    }
    client.half_close();
    const auto answer = client.answer();
    if (answer) CHECK(answer->status == 400);
  }
  CHECK(door.ledger().count("event = 'token.minted'") == 0);
}

TEST_CASE("a chunk extension or a trailer that never ends is refused") {
  const DoorFixture door;
  const std::string much(200'000, 'x');
  door.check_refused_and_closed(head + "1;" + much);
  door.check_refused_and_closed(head + "0\r\nA: " + much);
  door.check_refused_and_closed(head + "0\r\n" + much);
  door.check_refused_and_closed(head + std::string(200'000, '0'));
}

}  // namespace jeton::outside
