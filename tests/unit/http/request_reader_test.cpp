// Requests as bytes, whole and in pieces, and what is refused of them.
#include "http/request_reader.hpp"

#include "support/catch.hpp"

namespace {

using jeton::Code;
using jeton::RequestReader;

constexpr RequestReader::Limits limits{1024, 4096};

/// Feeds piece by piece as a socket would; what is left over.
std::string feed(RequestReader& reader, const std::string& bytes, std::size_t piece) {
  std::string buffer;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    buffer += bytes.substr(at, piece);
    if (!reader.done() && !reader.fault()) buffer.erase(0, reader.feed(buffer));
  }
  return buffer;
}

}  // namespace

TEST_CASE("what is no HTTP or too large is refused however it is cut") {
  const std::vector<std::pair<std::string, Code>> bad{
      {"nonsense\r\n\r\n", Code::bad_request},
      {"POST /v1/calls HTTP/1.1\r\nContent-Length: 4097\r\n\r\n", Code::bad_request},
      {"POST /v1/calls HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", Code::bad_request},
      {"POST /v1/calls HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n\r\n", Code::bad_request},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", Code::bad_request},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
       Code::bad_request},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked;q=1\r\n\r\n2\r\n{}\r\n0\r\n\r\n", Code::bad_request},
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", Code::bad_request},
      {"POST /v1/calls HTTP/1.1\r\nX: " + std::string(2000, 'x') + "\r\n\r\n", Code::bad_request},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(20'000, 'x'), Code::bad_request},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nT: " + std::string(20'000, 'x'), Code::bad_request}};
  for (const auto& [bytes, code] : bad)
    for (const std::size_t piece : {1u, 7u, 100'000u}) {
      CAPTURE(bytes.substr(0, 60), piece);
      RequestReader reader(limits);
      (void)feed(reader, bytes, piece);
      REQUIRE(reader.fault());
      CHECK(reader.fault()->code == code);
      CHECK_FALSE(reader.done());
    }
}

TEST_CASE("a stranger's larger body is refused for who it is") {
  for (const auto& [sender, code] : {std::pair{RequestReader::Sender::known, Code::bad_request},
                                     {RequestReader::Sender::stranger, Code::unknown_agent},
                                     {RequestReader::Sender::unproved, Code::bad_request}}) {
    RequestReader reader({1024, 10, sender});
    (void)feed(reader, "POST / HTTP/1.1\r\nContent-Length: 11\r\n\r\n01234567890", 5);
    REQUIRE(reader.fault());
    CHECK(reader.fault()->code == code);
  }
}

TEST_CASE("a field that comes twice is read as one with a comma so that nothing equals it") {
  RequestReader reader(limits);
  (void)feed(reader,
             "GET / HTTP/1.1\r\nHost: a.example\r\nOrigin: https://a.example\r\nhost: b.example\r\n"
             "Origin: https://b.example\r\nAuthorization: Basic x\r\nAuthorization: Bearer y\r\n\r\n",
             7);
  REQUIRE(reader.done());
  const auto request = reader.take();
  CHECK(request.host == "a.example, b.example");
  CHECK(request.origin == "https://a.example, https://b.example");
  CHECK(request.authorization == std::vector<std::string>{"Basic x", "Bearer y"});
}

TEST_CASE("a body that is read into the room of another has nothing of it") {
  for (const char* head :
       {"Content-Length: 5\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"})
    for (const std::size_t before : {0u, 3u, 5u, 100u, 8192u, 100'000u}) {
      CAPTURE(head, before);
      RequestReader reader(limits, std::string(before, 'x'));
      (void)feed(reader, "POST / HTTP/1.1\r\n" + std::string(head), 9);
      REQUIRE(reader.done());
      const auto body = reader.take().body;
      CHECK(body == "hello");
      // Nobody keeps the room of a large body because of a small one.
      CHECK(body.capacity() <= 8192);
    }
  RequestReader without(limits, "of the one before");
  (void)feed(without, "GET / HTTP/1.1\r\n\r\n", 100);
  REQUIRE(without.done());
  CHECK(without.take().body.empty());
}

TEST_CASE("a request is the same in one piece and byte by byte and the next one is left alone") {
  const std::string one = "POST /v1/calls HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\nhello";
  const std::string chunked =
      "POST /v1/calls HTTP/1.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
      "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n";
  for (const auto& bytes : {one, chunked})
    for (const std::size_t piece : {1u, 3u, 1000u}) {
      RequestReader reader(limits);
      const auto left = feed(reader, bytes + "GET /next", piece);
      REQUIRE(reader.done());
      CHECK(left == "GET /next");
      CHECK(reader.keep_alive());
      CHECK_FALSE(reader.is_head());
      const auto request = reader.take();
      CHECK(request.method == "POST");
      CHECK(request.target == "/v1/calls");
      CHECK(request.content_type == "application/json");
      CHECK(request.body == "hello");
    }
}
