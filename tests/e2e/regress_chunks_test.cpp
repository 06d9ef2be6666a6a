// Chunked bodies that once brought the daemon down: a last chunk in pieces, and an extension or a trailer without end.
#include "http/door_fixture.hpp"

namespace jeton::outside {
namespace {

const std::string chunked_head = "POST /v1/calls HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";

/// Sends more of the same until the daemon has heard enough, but no more than 4 MiB.
void check_soon_refused(const std::string& opening) {
  const DoorFixture door;
  auto client = door.connect();
  REQUIRE(client.send(opening));
  const std::string more(64 * 1024, 'a');
  int sent = 0;
  while (sent < 64 && client.send(more)) ++sent;
  CHECK(sent < 64);
  const auto answer = client.answer();
  REQUIRE(answer);
  CHECK(answer->code() == "bad_request");
  CHECK(client.ends());
}

}  // namespace

TEST_CASE("a chunk extension without end is refused before it fills the memory") {
  check_soon_refused(chunked_head + "5;name=");
}

TEST_CASE("a trailer without end is refused before it fills the memory") {
  check_soon_refused(chunked_head + "0\r\nX: ");
}

TEST_CASE("a last chunk that arrives byte by byte ends its body") {
  const DoorFixture door;
  auto client = door.connect();
  REQUIRE(client.send(chunked_head));
  // Each byte waits until the daemon has surely read the one before: it answers somebody else in between.
  for (const char* piece : {"0", "\r", "\n", "\r", "\n"}) {
    CHECK(client.send(piece));
    CHECK(door.mints());
  }
  const auto answer = client.answer();
  REQUIRE(answer);
  CHECK(answer->code() == "bad_request");
  CHECK(answer->body.find("not valid JSON") != std::string::npos);
}

}  // namespace jeton::outside
