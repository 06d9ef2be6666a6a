// What the door reads out of a body, and everything it will not read.
#include "http/decode.hpp"

#include <chrono>

#include "support/catch.hpp"

namespace {

using jeton::DecodeLimits;
using jeton::Json;

constexpr const char* txn = "AAECAwQFBgcICQoLDA0ODw";

/// A request with everything in it, as a merge patch (RFC 7396) leaves it.
std::string open_body(const char* patch = "{}") {
  auto body = Json::parse(R"({"server":"https://crm.example/mcp","tool":"refund","arguments":{"amount":1},"open_id":"o",
      "call_id":"c","run_id":"r","session_id":"s","parent_txn":"AAECAwQFBgcICQoLDA0ODw",
      "framework":"f","agent_label":"l",
      "traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"})");
  body.merge_patch(Json::parse(patch));
  return body.dump();
}
std::string redeem_body(const char* patch = "{}") {
  auto body = Json::parse(
      R"({"server":"https://crm.example/mcp","tool":"refund","arguments":{},"token":"a.b.c","redemption_id":"x"})");
  body.merge_patch(Json::parse(patch));
  return body.dump();
}
std::string finish_body(const char* patch = "{}") {
  auto body = Json::parse(R"({"jti":"AAECAwQFBgcICQoLDA0ODw","outcome":"tool_error","detail":"HTTP_503","duration_ms":0,
      "receipt":{"jti":"AAECAwQFBgcICQoLDA0ODw","redeemed_at":1790000000,"log_index":7}})");
  body.merge_patch(Json::parse(patch));
  return body.dump();
}

template <class T>
std::string outcome_of(const jeton::Result<T>& result) {
  return result ? "ok" : std::string(name_of(result.error().code));
}
std::string open(const std::string& body) { return outcome_of(jeton::decode_open(body, {})); }
std::string redeem(const std::string& body) { return outcome_of(jeton::decode_redeem(body, {})); }
std::string finish(const std::string& body) { return outcome_of(jeton::decode_finish(body, txn, {})); }
std::string message_of(const std::string& body) { return jeton::decode_open(body, {}).error().message; }

/// An open with this text in the place of its arguments.
std::string with_arguments(const std::string& arguments) {
  return R"({"tool":"refund","arguments":)" + arguments + "}";
}
std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

}  // namespace

TEST_CASE("what is no JSON object is a bad request") {
  for (const std::string body : {"", " ", "null", "[]", "\"x\"", "1", "{", "{}x", "{\"tool\":}", "\xEF\xBB\xBF{}",
                                 "{'tool':1}", "{\"tool\":\"a\",}", "NaN"}) {
    CAPTURE(body);
    CHECK(open(body) == "bad_request");
    CHECK(redeem(body) == "bad_request");
    CHECK(finish(body) == "bad_request");
  }
  CHECK(open(open_body() + std::string(1, '\0')) == "bad_request");
}

TEST_CASE("a member that nobody asked for is named and refused") {
  CHECK(open(open_body(R"({"agent":"spiffe://x"})")) == "bad_request");
  CHECK_THAT(message_of(open_body(R"({"agent":"secret"})")), Catch::Contains("agent") && !Catch::Contains("secret"));
  CHECK(open(open_body(R"({"scope":"a.b.c"})")) == "bad_request");
  CHECK(open(open_body(R"({"redemption_id":"x"})")) == "bad_request");
  CHECK(redeem(redeem_body(R"({"open_id":"x"})")) == "bad_request");
  CHECK(finish(finish_body(R"({"role":"agent"})")) == "bad_request");
  CHECK(finish(finish_body(R"({"receipt":{"extra":1}})")) == "bad_request");
  CHECK(outcome_of(jeton::decode_mint(open_body(), txn, {})) == "bad_request");
}

TEST_CASE("the name of an unknown member cannot break a line of a message") {
  const auto message =
      message_of(R"({"tool":"refund","arguments":{},"a\u001b[2J\n)" + std::string(5000, 'x') + R"(":1})");
  CHECK(message.size() < 300);
  CHECK(message.find('\n') == message.npos);
  CHECK(message.find('\x1b') == message.npos);
}

TEST_CASE("exactly one of arguments and args_digest is needed") {
  const std::string digest(43, 'A');
  CHECK(open(R"({"tool":"refund"})") == "bad_request");
  CHECK(open(R"({"tool":"refund","arguments":{},"args_digest":")" + digest + "\"}") == "bad_request");
  CHECK(open(R"({"tool":"refund","args_digest":")" + digest + "\"}") == "ok");
  for (const auto* bad : {"null", "1", "\"\"", "\"AAAA\"", "{}"}) {
    CAPTURE(bad);
    CHECK(open(std::string(R"({"tool":"refund","args_digest":)") + bad + "}") == "bad_request");
  }
  CHECK(open(R"({"tool":"refund","args_digest":")" + std::string(42, 'A') + "B\"}") == "bad_request");
}

TEST_CASE("arguments are an object and nothing else") {
  for (const auto* bad : {"null", "[]", "\"{}\"", "1", "true"}) {
    CAPTURE(bad);
    CHECK(open(with_arguments(bad)) == "bad_arguments");
  }
  CHECK(open(with_arguments("{}")) == "ok");
}

TEST_CASE("arguments that have two readings are bad arguments and the message names the member") {
  const std::vector<std::pair<std::string, std::string>> faults = {
      {R"({"a":1,"a":1})", "/arguments/a"},
      {R"({"a":{"b":1,"b":2}})", "/arguments/a/b"},
      {R"({"id":9007199254740992})", "/arguments/id"},
      {R"({"id":-9007199254740992})", "/arguments/id"},
      {R"({"id":18446744073709551616})", "/arguments/id"},
      {R"({"id":9007199254740993.0})", "/arguments/id"},
      {R"({"id":1e400})", "/arguments/id"},
      {"{\"a\":\"\xFF\"}", "/arguments/a"},
      {"{\"\xC0\x80\":1}", "/arguments"},
      {R"({"a":"\ud800"})", "/arguments/a"},
      {R"({"a":"\uffff"})", "/arguments/a"},
      {R"({"list":[1,2,9007199254740992]})", "/arguments/list/2"}};
  for (const auto& [arguments, place] : faults) {
    CAPTURE(arguments);
    CHECK(open(with_arguments(arguments)) == "bad_arguments");
    CHECK_THAT(message_of(with_arguments(arguments)), Catch::Contains(place) && !Catch::Contains("9007199254740992"));
  }
  CHECK_THAT(message_of(with_arguments(R"({"id":9007199254740992})")), Catch::Contains("send it as a string"));
}

TEST_CASE("two members arguments are bad arguments and two of another name a bad request") {
  CHECK(open(R"({"tool":"refund","arguments":{},"arguments":{}})") == "bad_arguments");
  CHECK(open(R"({"tool":"refund","tool":"refund","arguments":{}})") == "bad_request");
  CHECK(open(R"({"tool":"refund","arguments_too":{"a":1,"a":2},"arguments":{}})") == "bad_request");
}

TEST_CASE("arguments may be 64 deep and no deeper") {
  CHECK(open(with_arguments(R"({"a":)" + nested(63) + "}")) == "ok");
  CHECK(open(with_arguments(R"({"a":)" + nested(64) + "}")) == "bad_arguments");
  CHECK(open(with_arguments(R"({"a":)" + nested(2000) + "}")) == "bad_arguments");
  CHECK(open(R"({"tool":)" + nested(100) + R"(,"arguments":{}})") == "bad_request");
}

TEST_CASE("a body of brackets is refused at once") {
  const auto begun = std::chrono::steady_clock::now();
  CHECK(open(std::string(400'000, '[')) == "bad_request");
  std::string objects;
  for (int i = 0; i < 80'000; ++i) objects += R"({"a":)";
  CHECK(open(objects) == "bad_request");
  CHECK(open(R"({"arguments":)" + objects) == "bad_arguments");
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(1));
}

TEST_CASE("sizes are bounded") {
  const DecodeLimits small{200, 50};
  const auto big = R"({"a":")" + std::string(60, 'x') + "\"}";
  CHECK(outcome_of(jeton::decode_open(with_arguments(big), small)) == "bad_arguments");
  CHECK(outcome_of(jeton::decode_open(open_body(), small)) == "bad_request");
  CHECK(open(with_arguments(R"({"a":")" + std::string(256 * 1024, 'x') + "\"}")) == "bad_arguments");
}

TEST_CASE("tools and servers are short and of their form") {
  CHECK(open(open_body(R"({"tool":""})")) == "bad_request");
  CHECK(open(open_body(R"({"tool":null})")) == "bad_request");
  CHECK(open(open_body(R"({"tool":["refund"]})")) == "bad_request");
  CHECK(open(R"({"tool":")" + std::string(256, 'x') + R"(","arguments":{}})") == "ok");
  CHECK(open(R"({"tool":")" + std::string(257, 'x') + R"(","arguments":{}})") == "bad_request");
  CHECK(open(open_body(R"({"server":"crm"})")) == "bad_request");
  CHECK(open(open_body(R"({"server":"https://crm.example/\n"})")) == "bad_request");
  CHECK(open(open_body(R"({"server":null})")) == "ok");
  CHECK(open(R"({"tool":"refund","arguments":{},"server":null})") == "bad_request");
  CHECK(redeem(redeem_body(R"({"server":null})")) == "bad_request");
}

TEST_CASE("ids are printable and short") {
  for (const std::string name : {"open_id", "call_id", "run_id", "session_id", "framework", "agent_label"}) {
    CAPTURE(name);
    for (const auto& bad :
         {Json(""), Json("a b"), Json("\n"), Json("\u00e9"), Json(std::string(129, 'x')), Json(1), Json::array()})
      CHECK(open(open_body(Json{{name, bad}}.dump().c_str())) == "bad_request");
    CHECK(open(open_body(Json{{name, std::string(128, '~')}}.dump().c_str())) == "ok");
  }
  for (const auto& bad : {"", "AAECAwQFBgcICQoLDA0OD", "AAECAwQFBgcICQoLDA0ODx", "AAECAwQFBgcICQoLDA0ODw=="})
    CHECK(open(open_body(Json{{"parent_txn", bad}}.dump().c_str())) == "bad_request");
}

TEST_CASE("a traceparent is what the W3C says") {
  const auto with = [](const std::string& text) { return open(open_body(Json{{"traceparent", text}}.dump().c_str())); };
  const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736", span = "00f067aa0ba902b7";
  CHECK(with("00-" + trace + "-" + span + "-00") == "ok");
  CHECK(with("cc-" + trace + "-" + span + "-01-what-the-future-brings") == "ok");
  CHECK(with("cc-" + trace + "-" + span + "-01") == "ok");
  for (const auto& bad : {"ff-" + trace + "-" + span + "-01", "00-" + trace + "-" + span + "-01-more",
                          "cc-" + trace + "-" + span + "-01more", "00-" + std::string(32, '0') + "-" + span + "-01",
                          "00-" + trace + "-" + std::string(16, '0') + "-01", "00-" + trace + "-" + span + "-0",
                          "00-4BF92F3577B34DA6A3CE929D0E0E4736-" + span + "-01", "00_" + trace + "-" + span + "-01",
                          "cc-" + trace + "-" + span + "-01- ", std::string(), std::string(55, '-')}) {
    CAPTURE(bad);
    CHECK(with(bad) == "bad_request");
  }
}

TEST_CASE("the txn of a path is 128 bits") {
  for (const std::string bad : {"", "x", "AAECAwQFBgcICQoLDA0ODw==", "AAECAwQFBgcICQoLDA0OD%77"}) {
    CAPTURE(bad);
    CHECK(outcome_of(jeton::decode_finish(finish_body(), bad, {})) == "bad_request");
    CHECK(outcome_of(jeton::decode_mint(R"({"server":"https://a.example","tool":"t","arguments":{}})", bad, {})) ==
          "bad_request");
  }
}

TEST_CASE("an outcome is one of five words and its detail a code") {
  CHECK(finish(finish_body()) == "ok");
  for (const auto* bad :
       {R"({"outcome":"OK"})", R"({"outcome":null})", R"({"outcome":""})", R"({"outcome":1})",
        R"({"detail":"it went wrong"})", R"({"detail":""})", R"({"detail":"a\nb"})", R"({"duration_ms":-1})",
        R"({"duration_ms":1.5})", R"({"duration_ms":"1"})", R"({"duration_ms":18446744073709551615})", R"({"jti":"x"})",
        R"({"receipt":1})", R"({"receipt":{"jti":null}})", R"({"receipt":{"log_index":-1}})",
        R"({"receipt":{"redeemed_at":"now"}})"}) {
    CAPTURE(bad);
    CHECK(finish(finish_body(bad)) == "bad_request");
  }
  CHECK(finish(R"({"outcome":"ok"})") == "ok");
}

TEST_CASE("a redemption needs a token and an id of its own") {
  CHECK(redeem(redeem_body()) == "ok");
  for (const auto* bad : {R"({"token":null})", R"({"token":""})", R"({"token":1})", R"({"redemption_id":null})",
                          R"({"redemption_id":""})", R"({"redemption_id":"a b"})"}) {
    CAPTURE(bad);
    CHECK(redeem(redeem_body(bad)) == "bad_request");
  }
}

TEST_CASE("everything that was sent arrives") {
  const auto request = jeton::decode_open(open_body(), {});
  REQUIRE(request);
  CHECK(request->server == "https://crm.example/mcp");
  CHECK(request->call.tool == "refund");
  CHECK(request->call.digest.equals(jeton::args_digest("refund", Json{{"amount", 1}}).value()));
  CHECK(request->open_id == "o");
  CHECK(request->call_id == "c");
  CHECK(request->run_id == "r");
  CHECK(request->session_id == "s");
  CHECK(request->parent_txn->text() == txn);
  CHECK(request->traceparent->size() == 55);
  CHECK(request->framework == "f");
  CHECK(request->agent_label == "l");
  const auto report = jeton::decode_finish(finish_body(), txn, {});
  REQUIRE(report);
  CHECK(report->outcome == jeton::Outcome::tool_error);
  CHECK(report->duration_ms == 0);
  CHECK(report->detail == "HTTP_503");
  CHECK(report->receipt->log_index == 7);
  CHECK(report->receipt->redeemed_at == 1'790'000'000);
}
