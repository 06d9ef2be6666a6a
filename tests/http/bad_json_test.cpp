// Proper HTTP around bodies that nobody should take, and paths that are none.
#include "http/door_fixture.hpp"

namespace jeton::outside {
namespace {

std::string opening(const std::string& arguments) {
  return post("/v1/calls", R"({"server":"mcp:stdio:x","tool":"t","arguments":)" + arguments + "}");
}

}  // namespace

TEST_CASE("a body that is no object is refused") {
  const DoorFixture door;
  for (const char* body :
       {"", "null", "[]", "1", "\"x\"", "{", "{}x", "{} {}", "{\"a\":1,}", "// {}", "{'a':1}", "\xEF\xBB\xBF{}", "NaN"})
    door.check_refused(post("/v1/calls", body), "bad_request");
}

TEST_CASE("arguments without an unambiguous form are refused as arguments") {
  const DoorFixture door;
  for (const char* arguments :
       {R"({"a":1,"a":2})", R"({"a":{"b":1,"\u0062":2}})", "{\"a\":\"\xff\"}", "{\"a\":\"\xc0\xaf\"}",
        R"({"a":"\ud800"})", R"({"a":"\uffff"})", R"({"a":9007199254740993})", R"({"a":9.007199254740993e15})",
        R"({"a":1e400})", R"({"a":-9007199254740992})", "null", "[]", "\"x\""})
    door.check_refused(opening(arguments), "bad_arguments");
  CHECK(door.answer_to(opening(R"({"a":9007199254740991,"b":1e21})")).status == 200);
  CHECK(door.ledger().count("event = 'token.minted'") == 1);
}

TEST_CASE("four hundred kilobytes of brackets cost no stack") {
  const DoorFixture door;
  const std::string open(400'000, '['), close(400'000, ']');
  door.check_refused(post("/v1/calls", open), "bad_request");
  door.check_refused(post("/v1/calls", open + close), "bad_request");
  door.check_refused(opening("{\"a\":" + open + close + "}"), "bad_arguments");
  std::string objects;
  for (int i = 0; i < 60'000; ++i) objects += "{\"a\":";
  door.check_refused(opening(objects), "bad_arguments");
}

TEST_CASE("arguments as deep and as long as allowed are served and more are refused") {
  const DoorFixture door;
  const auto deep = [](int depth) {
    std::string text;
    for (int i = 1; i < depth; ++i) text += "{\"a\":";
    return text + "{}" + std::string(static_cast<std::size_t>(depth - 1), '}');
  };
  CHECK(door.answer_to(opening(deep(64))).status == 200);
  door.check_refused(opening(deep(65)), "bad_arguments");
  const auto long_text = [](std::size_t size) { return "{\"a\":\"" + std::string(size, 'x') + "\"}"; };
  CHECK(door.answer_to(opening(long_text(255 * 1024))).status == 200);
  door.check_refused(opening(long_text(256 * 1024)), "bad_arguments");
}

TEST_CASE("members that are missing or unknown or of another type are refused") {
  const DoorFixture door;
  for (const char* body :
       {"{}", R"({"tool":"t"})", R"({"tool":"t","arguments":{},"args_digest":"x"})", R"({"tool":"","arguments":{}})",
        R"({"tool":1,"arguments":{}})", R"({"tool":"t","arguments":{},"surprise":1})",
        R"({"tool":"t","args_digest":"short"})", R"({"tool":"t","arguments":{},"server":"not a url"})",
        R"({"tool":"t","arguments":{},"server":"https://a@b/"})", R"({"tool":"t","arguments":{},"call_id":"a b"})",
        R"({"tool":"t","arguments":{},"call_id":""})", R"({"tool":"t","arguments":{},"run_id":"a\u0000b"})",
        R"({"tool":"t","arguments":{},"open_id":["x"]})", R"({"tool":"t","arguments":{},"parent_txn":"x"})",
        R"({"tool":"t","arguments":{},"traceparent":"00-0-0-0"})"})
    door.check_refused(post("/v1/calls", body), "bad_request");
}

TEST_CASE("a tool name of any text is one log line and a long one is refused") {
  const DoorFixture door;
  door.check_refused(post("/v1/calls", R"({"server":"mcp:stdio:y","tool":"a\nb\u0000\u001b[31m","arguments":{}})"),
                     "unknown_server");
  CHECK(door.ledger().count(R"(tool GLOB '*[^ -~]*')") == 0);
  door.check_refused(post("/v1/calls", R"({"tool":")" + std::string(257, 't') + R"(","arguments":{}})"), "bad_request");
}

TEST_CASE("other paths are refused") {
  const DoorFixture door;
  for (const char* line : {"OPTIONS *", "GET /", "GET /v1", "GET /v1/status/", "GET /v1/status?x=1",
                           "GET /v1/../v1/status", "GET /v1/%73tatus", "GET http://x/v1/status"})
    door.check_refused(fmt::format("{} HTTP/1.1\r\nContent-Length: 0\r\n\r\n", line), "bad_request");
}

TEST_CASE("other methods are refused and told which one the path takes") {
  const DoorFixture door;
  for (const auto& [line, allowed] :
       std::vector<std::pair<std::string, std::string>>{{"PUT /v1/calls", "POST"},
                                                        {"DELETE /v1/calls", "POST"},
                                                        {"GET /v1/calls", "POST"},
                                                        {"PATCH /v1/redeem", "POST"},
                                                        {"GET /oauth2/token", "POST"},
                                                        {"BREW /v1/status", "GET, HEAD"},
                                                        {"POST /v1/status", "GET, HEAD"},
                                                        {"TRACE /v1/status", "GET, HEAD"}}) {
    INFO(line);
    const auto before = door.refusals("bad_request");
    const auto answer = door.answer_to(fmt::format("{} HTTP/1.1\r\nContent-Length: 0\r\n\r\n", line));
    CHECK(answer.status == 405);
    CHECK_THAT(answer.head, Catch::Contains("\r\nAllow: " + allowed + "\r\n"));
    CHECK(answer.code() == "bad_request");
    CHECK(door.refusals("bad_request") == before + 1);
  }
}

TEST_CASE("a call path with anything but a txn in it is refused") {
  const DoorFixture door;
  for (const char* txn : {"", "x", "..", "AAAAAAAAAAAAAAAAAAAAAA%00", "AAAAAAAAAAAAAAAAAAAAAB"})
    door.check_refused(post(fmt::format("/v1/calls/{}/tokens", txn), mint_body), "bad_request");
  door.check_refused(post("/v1/calls/AAAAAAAAAAAAAAAAAAAAAA/tokens", mint_body), "unknown_call");
  door.check_refused(post("/v1/calls/AAAAAAAAAAAAAAAAAAAAAA/tokens/", mint_body), "bad_request");
  door.check_refused(post("/v1/calls/AAAAAAAAAAAAAAAAAAAAAA/outcome", R"({"outcome":"fine"})"), "bad_request");
  door.check_refused(post("/v1/calls/AAAAAAAAAAAAAAAAAAAAAA/outcome", R"({"outcome":"ok","detail":"free text"})"),
                     "bad_request");
}

TEST_CASE("tokens that are none are refused and never shown again") {
  const DoorFixture door;
  const auto redeem = [](const std::string& token) {
    return post("/v1/redeem", Json{{"token", token},
                                   {"server", "mcp:stdio:x"},
                                   {"tool", "t"},
                                   {"arguments", Json::object()},
                                   {"redemption_id", "r"}}
                                  .dump());
  };
  for (const char* token :
       {"x", "..", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJub25lIiwia2lkIjoieCJ9.e30."})
    door.check_refused(redeem(token), "bad_token");
  door.check_refused(redeem(std::string(300'000, 'A')), "bad_token");
  door.check_refused(redeem(""), "bad_request");
  const auto answer = door.answer_to(redeem("secret-looking.text-in.a-token"));
  CHECK(answer.body.find("secret-looking") == std::string::npos);
}

TEST_CASE("what is refused more than twenty times a minute is counted and written at the stop") {
  Daemon daemon;
  RawClient client(daemon.socket());
  for (int i = 0; i < 75; ++i) {
    client.send("GET /nothing HTTP/1.1\r\n\r\n");
    REQUIRE(client.answer()->status == 400);
  }
  const Ledger ledger(daemon.state());
  CHECK(ledger.count("event = 'request.refused'") == 20);
  CHECK(daemon.stop() == 0);
  CHECK(ledger.one("SELECT count FROM events WHERE event = 'refusals.suppressed' AND code = 'bad_request'") == "55");
}

}  // namespace jeton::outside
