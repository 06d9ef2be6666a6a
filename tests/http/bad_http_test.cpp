// Bytes that are no request, or two requests at once to a reader that is not careful.
#include "http/door_fixture.hpp"

namespace jeton::outside {

TEST_CASE("a malformed request line is refused and the connection is closed") {
  const DoorFixture door;
  for (const char* bytes :
       {"\x16\x03\x01\x02\r\n\r\n", "GET\r\n\r\n", "GET /v1/status\r\n\r\n", "GET /v1/status HTTP/9.9\r\n\r\n",
        "GET  /v1/status HTTP/1.1\r\n\r\n", " GET /v1/status HTTP/1.1\r\n\r\n", "GET /v1/status HTTP/1.1 x\r\n\r\n",
        "GET /v1/\x01 HTTP/1.1\r\n\r\n", "{\"json\":1}\r\n\r\n"})
    door.check_refused_and_closed(bytes);
  CHECK(door.refusals("bad_request") == 9);
}

TEST_CASE("malformed fields and bare line feeds are refused and the connection is closed") {
  const DoorFixture door;
  for (const char* bytes :
       {"GET /v1/status HTTP/1.1\nHost: x\n\n", "GET /v1/status HTTP/1.1\r\nHost x\r\n\r\n",
        "GET /v1/status HTTP/1.1\r\n: x\r\n\r\n", "GET /v1/status HTTP/1.1\r\nA b: x\r\n\r\n",
        "GET /v1/status HTTP/1.1\r\nContent-Length : 0\r\n\r\n", "GET /v1/status HTTP/1.1\r\nA: \x01\r\n\r\n"})
    door.check_refused_and_closed(bytes);
  std::string with_null = "GET /v1/status HTTP/1.1\r\nA: x\r\n\r\n";
  with_null[with_null.find('x')] = '\0';
  door.check_refused_and_closed(with_null);
  CHECK(door.refusals("bad_request") == 7);
}

TEST_CASE("fields one byte over the limit are refused and one below are not") {
  const DoorFixture door;
  // The request line has the same limit, for itself.
  const auto with_fields_of = [](std::size_t size) {
    return "GET /v1/status HTTP/1.1\r\nA: " + std::string(size - 7, 'x') + "\r\n\r\n";
  };
  CHECK(door.answer_to(with_fields_of(16 * 1024)).status == 200);
  door.check_refused_and_closed(with_fields_of(16 * 1024 + 1));
  // A header that never ends is refused when it is too long, not when it ends.
  door.check_refused_and_closed("GET /" + std::string(20 * 1024, 'x'));
}

TEST_CASE("a content length that is too large or no number or said twice is refused and the connection is closed") {
  const DoorFixture door;
  const auto with = [](const std::string& fields) {
    return "POST /v1/calls HTTP/1.1\r\n" + fields + "\r\n\r\n" + mint_body;
  };
  for (const char* fields :
       {"Content-Length: 1048577", "Content-Length: 18446744073709551615", "Content-Length: 18446744073709551616",
        "Content-Length: -1", "Content-Length: +5", "Content-Length: 0x10", "Content-Length: abc",
        "Content-Length: ", "Content-Length: 5, 6", "Content-Length: 5\r\nContent-Length: 6"})
    door.check_refused_and_closed(with(fields));
  CHECK(door.refusals("bad_request") == 10);
  CHECK(door.ledger().count("event = 'token.minted'") == 0);
}

TEST_CASE("a body of unclear length is never read twice") {
  const DoorFixture door;
  const std::string smuggled = "GET /v1/status HTTP/1.1\r\n\r\n";
  const auto with = [&](const std::string& fields) {
    return "POST /v1/calls HTTP/1.1\r\n" + fields + "\r\n\r\n" +
           fmt::format("{:x}\r\n{}\r\n0\r\n\r\n", mint_body.size(), mint_body) + smuggled;
  };
  const auto length = fmt::format("Content-Length: {}", mint_body.size());
  door.check_refused_and_closed(with(length + "\r\nTransfer-Encoding: chunked"));
  door.check_refused_and_closed(with("Transfer-Encoding: chunked\r\n" + length));
  door.check_refused_and_closed(with("Transfer-Encoding: chunked, identity"));
  door.check_refused_and_closed(with("Transfer-Encoding: xchunked"));
  CHECK(door.ledger().count("event = 'token.minted'") == 0);
}

TEST_CASE("chunks make a body and broken chunks are refused") {
  const DoorFixture door;
  const std::string head = "POST /v1/calls HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
  auto chunked = head;
  for (std::size_t at = 0; at < mint_body.size(); at += 7) {
    const auto part = mint_body.substr(at, 7);
    chunked += fmt::format("{:x};name=value\r\n{}\r\n", part.size(), part);
  }
  const auto answer = door.answer_to(chunked + "0\r\nTrailer: x\r\n\r\n");
  CHECK(answer.status == 200);
  for (const char* broken : {"zz\r\n{}\r\n0\r\n\r\n", "-1\r\n{}\r\n0\r\n\r\n", "2\r\n{}XX0\r\n\r\n", "\r\n\r\n",
                             "fffffffffffffffff\r\n", "7fffffffffffffff\r\n", "200000\r\n"})
    door.check_refused_and_closed(head + broken);
  // More chunks than a body may hold, each of them small.
  std::string many = head;
  for (int i = 0; i < 1100; ++i) many += "400\r\n" + std::string(1024, ' ') + "\r\n";
  door.check_refused_and_closed(many);
}

TEST_CASE("requests sent at once are answered one after the other") {
  const DoorFixture door;
  auto client = door.connect();
  std::string burst;
  for (int i = 0; i < 30; ++i)
    burst += i % 3 == 0 ? "GET /v1/status HTTP/1.1\r\n\r\n" : post(i % 3 == 1 ? "/v1/calls" : "/v1/none", mint_body);
  client.send(burst);
  for (int i = 0; i < 30; ++i) {
    const auto answer = client.answer();
    REQUIRE(answer);
    CHECK(answer->status == (i % 3 == 2 ? 400 : 200));
    CHECK((answer->body.find("\"token\"") != std::string::npos) == (i % 3 == 1));
  }
  client.half_close();
  CHECK(client.ends());
}

TEST_CASE("a client that closes its half still gets its answer") {
  const DoorFixture door;
  auto client = door.connect();
  client.send(post("/v1/calls", mint_body));
  client.half_close();
  CHECK(client.answer()->status == 200);
  CHECK(client.ends());
}

TEST_CASE("connection close and the versions of http are honoured") {
  const DoorFixture door;
  const auto stays_open = [&](const std::string& head) {
    auto client = door.connect();
    client.send("GET /v1/status " + head + "\r\n\r\n");
    CHECK(client.answer()->status == 200);
    client.send("GET /v1/status HTTP/1.1\r\n\r\n");
    return client.answer().has_value();
  };
  CHECK_FALSE(stays_open("HTTP/1.1\r\nConnection: close"));
  CHECK_FALSE(stays_open("HTTP/1.1\r\nConnection: keep-alive, close"));
  CHECK_FALSE(stays_open("HTTP/1.0"));
  CHECK(stays_open("HTTP/1.0\r\nConnection: keep-alive"));
  CHECK(stays_open("HTTP/1.1"));
}

TEST_CASE("head is answered as get is without the body") {
  const DoorFixture door;
  const auto said = [&](const std::string& line) {
    auto client = door.connect();
    client.send(line + " HTTP/1.1\r\nConnection: close\r\n\r\n");
    return client.rest();
  };
  const auto head_of = [](std::string answer) {
    answer.erase(answer.find("\r\n\r\n") + 4);
    const auto id = answer.find("X-Request-Id: ");
    return answer.erase(id, answer.find("\r\n", id) - id);
  };
  for (const auto* path : {"/healthz", "/readyz", "/v1/jwks", "/oauth2/jwks", "/openapi.json", "/nothing"}) {
    INFO(path);
    const auto whole = said(std::string("GET ") + path);
    const auto head = said(std::string("HEAD ") + path);
    CHECK_THAT(head, Catch::EndsWith("\r\n\r\n"));
    CHECK_THAT(head, !Catch::Contains("Content-Length: 0\r\n"));
    if (path != std::string("/nothing")) CHECK(head_of(head) == head_of(whole));
    CHECK(whole.size() > head_of(whole).size());
  }
  // Also where the request itself is wrong.
  for (const char* fault : {"Content-Length: 1\r\nContent-Length: 2", "Transfer-Encoding: gzip", "Content-Length: -1",
                            "Content-Length: 99999999"}) {
    CAPTURE(fault);
    auto client = door.connect();
    client.send(std::string("HEAD /healthz HTTP/1.1\r\n") + fault + "\r\n\r\n");
    const auto answer = client.rest();
    CHECK_THAT(answer, Catch::StartsWith("HTTP/1.1 4") && Catch::EndsWith("\r\n\r\n"));
    CHECK(answer.find("\r\n\r\n") == answer.size() - 4);
  }
  CHECK_THAT(said("HEAD /v1/status"), Catch::StartsWith("HTTP/1.1 200 "));
  CHECK_THAT(said("HEAD /nothing"), Catch::StartsWith("HTTP/1.1 400 "));
  CHECK_THAT(said("HEAD /v1/redeem"), Catch::StartsWith("HTTP/1.1 405 ") && Catch::Contains("\r\nAllow: POST\r\n") &&
                                          Catch::EndsWith("\r\n\r\n"));
}

TEST_CASE("after an answer to head a connection goes on with the next request") {
  const DoorFixture door;
  auto client = door.connect();
  client.send("HEAD /v1/jwks HTTP/1.1\r\n\r\nGET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n");
  const auto said = client.rest();
  const auto second = said.find("\r\n\r\n") + 4;
  CHECK_THAT(said, Catch::StartsWith("HTTP/1.1 200 "));
  CHECK_THAT(said.substr(second), Catch::StartsWith("HTTP/1.1 200 ") && Catch::EndsWith("\r\n\r\nok\n"));
}

TEST_CASE("a client that leaves in the middle leaves nothing behind") {
  const DoorFixture door;
  const auto before = door.ledger().count("1");
  for (int i = 0; i < 50; ++i) door.connect().send("POST /v1/calls HTTP/1.1\r\nContent-Length: 100\r\n\r\n{");
  for (int i = 0; i < 50; ++i) (void)door.connect();
  CHECK(door.mints());
  // Whether it was seen before it was gone or after, it never got anything.
  CHECK(door.ledger().count("event = 'token.minted'") == 1);
  CHECK(door.ledger().count("event = 'request.refused' AND code <> 'unattested_peer'") == 0);
  CHECK(door.ledger().count("1") >= before + 1);
}

}  // namespace jeton::outside
