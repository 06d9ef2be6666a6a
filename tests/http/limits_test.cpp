// Every limit of the door where it lies: what just fits is served, one more is refused and told which limit it met.
#include "http/door_fixture.hpp"

namespace jeton::outside {
namespace {

/// A mint that is so long, with blanks that mean nothing.
std::string body_of(std::size_t bytes) { return mint_body + std::string(bytes - mint_body.size(), ' '); }

}  // namespace

TEST_CASE("the limits that hold without a configuration are those of the protocol") {
  const DoorFixture door;
  const auto limits = door.daemon().client().status()->at("limits");
  CHECK(limits == Json{{"body_bytes", 1048576},
                       {"arguments_bytes", 262144},
                       {"header_bytes", 16384},
                       {"connections_per_uid", 128},
                       {"connections_per_address", 64},
                       {"connections", 1024},
                       {"idle_s", 60},
                       {"request_s", 5}});
  CHECK(door.daemon().client().status()->at("reserve_bytes") == 67108864);
  CHECK(ClientOptions().deadline == std::chrono::milliseconds(250));
}

TEST_CASE("a body of one mebibyte is served and one byte more is refused and the connection is closed") {
  const DoorFixture door;
  CHECK(door.answer_to(post("/v1/calls", body_of(1048576))).status == 200);
  door.check_refused_and_closed(post("/v1/calls", body_of(1048577)));
  // The length alone is enough: nothing of the body needs to come.
  door.check_refused_and_closed("POST /v1/calls HTTP/1.1\r\nContent-Length: 1048577\r\n\r\n");
}

TEST_CASE("a chunked body is refused when it has grown over the limit and not before") {
  const DoorFixture door("body_bytes = 1024\narguments_bytes = 1024");
  const auto chunked = [](std::size_t bytes) {
    return fmt::format("POST /v1/calls HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{}\r\n0\r\n\r\n", bytes,
                       body_of(bytes));
  };
  CHECK(door.answer_to(chunked(1024)).status == 200);
  door.check_refused_and_closed(chunked(1025));
}

TEST_CASE("of a flood of refusals twenty are events and the rest is one count that the stop writes") {
  Daemon daemon({.config = config_with("")});
  RawClient client(daemon.socket());
  for (int i = 0; i < 50; ++i) {
    client.send(post("/v1/calls", "{}"));
    const auto answer = client.answer();
    REQUIRE(answer);
    CHECK(answer->code() == "bad_request");
    CHECK((answer->body.find("log_index") != std::string::npos) == (i < 20));
  }
  CHECK(daemon.stop() == 0);
  const Ledger ledger(daemon.state());
  CHECK(ledger.count("event = 'request.refused'") == 20);
  CHECK(ledger.one(fmt::format("SELECT count FROM events WHERE event = 'refusals.suppressed' AND "
                               "code = 'bad_request' AND uid = {}",
                               ::geteuid())) == "30");
}

}  // namespace jeton::outside
