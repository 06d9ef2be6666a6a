// Is every malformed line of a transcript named, with its file, its line and the reason, and nothing taken from it?
#include "agent/transcript.hpp"

#include <filesystem>
#include <fstream>

#include "support/catch.hpp"

using example::parse_transcript;

namespace {

const std::string good = R"({"run":"r","call_id":"c","name":"refund","arguments":{"amount":40}})";

void check_named(const std::string& line, const std::string& why) {
  INFO(line.substr(0, 200));
  const auto parsed = parse_transcript(good + "\n" + line + "\n" + good + "\n", "calls.jsonl");
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().starts_with("calls.jsonl:2: "));
  CHECK(parsed.error().find(why) != std::string::npos);
}

}  // namespace

TEST_CASE("a line that is not strict JSON is named") {
  check_named("", "");
  check_named("{", "");
  check_named(R"({"run":"r")", "");
  check_named(R"({"run":"r","run":"s","call_id":"c","name":"n","arguments":{}})", "run");
  check_named(R"({"run":"r","call_id":"c","name":"n","arguments":{"a":1,"a":2}})", "a");
  check_named(R"({"run":"r","call_id":"c","name":"n","arguments":{"big":9007199254740993}})", "send it as a string");
  check_named("{\"run\":\"r\",\"call_id\":\"c\",\"name\":\"n\",\"arguments\":{\"a\":\"\xff\"}}", "a");
  check_named(std::string(400'000, '['), "");
}

TEST_CASE("a line without exactly the four members is named") {
  check_named("[]", "a call is an object");
  check_named("null", "a call is an object");
  check_named(R"({"call_id":"c","name":"n","arguments":{}})", "run is missing");
  check_named(R"({"run":"r","name":"n","arguments":{}})", "call_id is missing");
  check_named(R"({"run":"r","call_id":"c","arguments":{}})", "name is missing");
  check_named(R"({"run":"r","call_id":"c","name":"n"})", "arguments is missing");
  check_named(R"({"run":"r","call_id":"c","name":"n","arguments":{},"more":1})", "unknown member more");
}

TEST_CASE("a line with a member of the wrong kind is named") {
  check_named(R"({"run":7,"call_id":"c","name":"n","arguments":{}})", "run must be");
  check_named(R"({"run":"","call_id":"c","name":"n","arguments":{}})", "run must be");
  check_named(R"({"run":"two words","call_id":"c","name":"n","arguments":{}})", "run must be");
  check_named(R"({"run":"r","call_id":null,"name":"n","arguments":{}})", "call_id must be");
  check_named(R"({"run":"r","call_id":"c","name":"","arguments":{}})", "name must be");
  check_named(R"({"run":"r","call_id":"c","name":"n","arguments":[]})", "arguments must be");
  check_named(R"({"run":"r","call_id":"c","name":"n","arguments":null})", "arguments must be");
}

TEST_CASE("arguments that could never be minted a token are named before anything runs") {
  const std::string head = R"({"run":"r","call_id":"c","name":"n","arguments":)";
  check_named(head + R"({"a":")" + std::string(300 * 1024, 'x') + R"("}})", "");
  std::string deep;
  for (int i = 0; i < 64; ++i) deep += R"({"a":)";
  check_named(head + deep + "{}" + std::string(65, '}'), "");
}

TEST_CASE("what is told about a line holds no argument value") {
  const auto parsed =
      parse_transcript(R"({"run":"r","call_id":"c","name":"n","arguments":{"card":"4111","card":"4111"}})", "f");
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().find("4111") == std::string::npos);
}

TEST_CASE("a file without calls or that cannot be read is named") {
  CHECK_FALSE(parse_transcript("", "calls.jsonl"));
  const auto missing = example::read_transcript("/nowhere/calls.jsonl");
  REQUIRE_FALSE(missing);
  CHECK(missing.error() == "/nowhere/calls.jsonl: cannot be read");
  CHECK_FALSE(example::read_transcript(std::filesystem::temp_directory_path()));
}

TEST_CASE("a good transcript is read in order with or without a last newline") {
  const auto parsed = parse_transcript(good + "\n" + R"({"arguments":{},"name":"n","call_id":"d","run":"r"})", "f");
  REQUIRE(parsed);
  REQUIRE(parsed->size() == 2);
  CHECK(parsed->front().name == "refund");
  CHECK(parsed->front().arguments == example::Json{{"amount", 40}});
  CHECK(parsed->back().call_id == "d");
}
