// Is every text that two readers could read differently refused, with the right reason and the right place?
#include "jeton/json.hpp"

#include <limits>

#include "support/catch.hpp"

using jeton::Code;
using jeton::Json;
using jeton::JsonFault;
using jeton::parse_json_strictly;

namespace Catch {
template <>
struct StringMaker<JsonFault> {
  static std::string convert(JsonFault fault) { return "fault " + std::to_string(static_cast<int>(fault)); }
};
}  // namespace Catch

namespace {

struct Refused {
  std::string_view text;
  JsonFault fault;
  std::string pointer;
};

void check(const Refused& expected, jeton::JsonLimits limits = {}) {
  INFO(expected.text.substr(0, 200));
  const auto parsed = parse_json_strictly(expected.text, limits);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().fault == expected.fault);
  CHECK(parsed.error().pointer == expected.pointer);
}

std::string repeated(std::string_view piece, std::size_t times) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i) text += piece;
  return text;
}

}  // namespace

TEST_CASE("what is not RFC 8259 is a syntax fault where the reader was") {
  using enum JsonFault;
  check({"", syntax, ""});
  check({"{} {}", syntax, ""});
  check({"\xEF\xBB\xBF{}", syntax, ""});
  check({"\xEF\xBB", syntax, ""});
  check({"[1,]", syntax, "/1"});
  check({"NaN", syntax, ""});
  check({"{\"a\":01}", syntax, ""});
  check({"{\"arguments\":{\"a\":nul}}", syntax, "/arguments/a"});
  check({"{\"arguments\":{\"a\":[1,{\"b\":-}]}}", syntax, "/arguments/a/1/b"});
  check({"{\"arguments\":{\"a\":1 2}}", syntax, "/arguments"});
  check({"{\"arguments\":{}, tool}", syntax, ""});
  check({"/* no */ {}", syntax, ""});
}

TEST_CASE("a zero byte does not end the text") {
  check({std::string_view("{}\0", 3), JsonFault::syntax, ""});
  check({std::string_view("{}\0{\"a\":1}", 10), JsonFault::syntax, ""});
  check({std::string_view("{\"a\":\"\0\"}", 9), JsonFault::syntax, "/a"});
}

TEST_CASE("a name that appears twice is refused at any depth and in any spelling") {
  using enum JsonFault;
  check({R"({"arguments":{"a":1,"a":1}})", duplicate_name, "/arguments/a"});
  check({R"({"arguments":{},"arguments":{}})", duplicate_name, "/arguments"});
  check({R"({"a":1,"\u0061":2})", duplicate_name, "/a"});
  check({R"([{"x":[{"~/":0,"~/":0}]}])", duplicate_name, "/0/x/0/~0~1"});
  CHECK(parse_json_strictly(R"({"a":{"a":{"a":1}},"b":{"a":1}})"));
}

TEST_CASE("a string refused for its characters is told apart from one refused for its grammar") {
  // The library tells them apart by its wording alone. When this fails after an upgrade, see blames_characters.
  using enum JsonFault;
  for (const std::string_view bad : {"\xFF", "\xC0\x80", "\xE2\x28\xA1", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82",
                                     R"(\ud800)", R"(\uDC00)", R"(\ud800\u0041)", R"(\ud800x)", R"(\ud800\n)"}) {
    check({"{\"arguments\":{\"a\":\"" + std::string(bad) + "\"}}", bad_string, "/arguments/a"});
    check({"{\"arguments\":{\"" + std::string(bad) + "\":1}}", bad_string, "/arguments"});
  }
  for (const std::string_view bad :
       {"\x01", "\n", R"(\q)", R"(\u12)", R"(\ud800\u)", R"(ill-formed UTF-8, surrogate U+D800 \q)"})
    check({"{\"a\":\"" + std::string(bad) + "\"}", syntax, "/a"});
  check({R"(["ill-formed UTF-8", surrogate U+D800; last read:])", syntax, "/1"});
  check({R"(["no end)", syntax, "/0"});
}

TEST_CASE("noncharacters are refused in names and values however they are spelled") {
  for (const std::string_view bad :
       {R"(\ufdd0)", R"(\uFDEF)", R"(\ufffe)", R"(\uffff)", R"(\ud83f\udffe)", R"(\udbff\udfff)", "\xEF\xB7\x90",
        "\xEF\xB7\xAF", "\xEF\xBF\xBE", "\xEF\xBF\xBF", "\xF0\x9F\xBF\xBF"}) {
    check({"[\"x" + std::string(bad) + "\"]", JsonFault::bad_string, "/0"});
    check({"{\"a\":{\"x" + std::string(bad) + "\":0}}", JsonFault::bad_string, "/a"});
  }
  for (const std::string_view good :
       {R"(\ufdcf)", R"(\ufdf0)", R"(\ufffd)", R"(\ud83d\ude00)", R"(\u0000)", "\xEF\xBF\xBD"})
    CHECK(parse_json_strictly("[\"" + std::string(good) + "\"]"));
}

TEST_CASE("numbers that a double would change are refused however they are spelled") {
  for (const std::string_view bad :
       {"9007199254740992", "9007199254740993", "-9007199254740992", "9007199254740992.0", "9007199254740991.5",
        "9.007199254740993e15", "90071992547409930e-1", "1e20", "100000000000000000000", "18446744073709551615",
        "18446744073709551616", "-9223372036854775808", "999999999999999900000", "1e400", "-1e400"})
    check({"{\"arguments\":{\"n\":" + std::string(bad) + "}}", JsonFault::bad_number, "/arguments/n"});
  check({"1" + repeated("0", 400), JsonFault::bad_number, ""});
}

TEST_CASE("the refusal of a number names the member and the way out") {
  const auto parsed = jeton::parse_json(R"({"arguments":{"card":4111111111111111111}})", Code::bad_arguments);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().code == Code::bad_arguments);
  CHECK_THAT(parsed.error().message, Catch::Contains("/arguments/card") && Catch::EndsWith("send it as a string"));
  CHECK_THAT(parsed.error().message, !Catch::Contains("4111"));
}

TEST_CASE("numbers that survive are accepted") {
  for (const std::string_view good :
       {"9007199254740991", "-9007199254740991", "9007199254740991.0", "9007199254740990.5", "1e21", "-1e21", "1e308",
        "1.0", "-0", "-0.0", "0e10", "1e-400", "0.1", "1.7976931348623157e308", "1000000000000000000000"})
    CHECK(parse_json_strictly(good));
  CHECK(parse_json_strictly("1.0").value() == Json(1));
  CHECK(parse_json_strictly("1e-400").value() == Json(0));
}

TEST_CASE("a number with a sign is a signed one, and minus zero no count") {
  CHECK(parse_json_strictly("0").value().is_number_unsigned());
  CHECK(parse_json_strictly("7").value().is_number_unsigned());
  for (const char* signed_one : {"-0", "-7"}) {
    CHECK(parse_json_strictly(signed_one).value().type() == Json::value_t::number_integer);
    CHECK_FALSE(parse_json_strictly(signed_one).value().is_number_unsigned());
  }
  CHECK(parse_json_strictly("-0.0").value().is_number_float());
}

TEST_CASE("no depth that is asked for lets a text exhaust the stack") {
  const auto nested = [](std::size_t depth) { return repeated("[", depth) + repeated("]", depth); };
  const jeton::JsonLimits endless{.depth = std::numeric_limits<std::size_t>::max()};
  CHECK(parse_json_strictly(nested(256), endless));
  check({nested(257), JsonFault::too_deep, repeated("/0", 256)}, endless);
  check({repeated("[", 400'000), JsonFault::too_deep, repeated("/0", 256)}, endless);
}

TEST_CASE("depth counts containers and the first one too many is refused") {
  const auto nested = [](std::size_t depth) { return repeated("[", depth) + repeated("]", depth); };
  CHECK(parse_json_strictly(nested(64)));
  check({nested(65), JsonFault::too_deep, repeated("/0", 64)});
  check({"{}", JsonFault::too_deep, ""}, {.depth = 0});
  CHECK(parse_json_strictly("{}", {.depth = 1}));
  check({R"({"arguments":{"a":{}}})", JsonFault::too_deep, "/arguments/a"}, {.depth = 2});
  CHECK(parse_json_strictly("[[],[],{}]", {.depth = 2}));
}

TEST_CASE("hundreds of thousands of brackets are refused at the depth limit") {
  check({repeated("[", 400'000), JsonFault::too_deep, repeated("/0", 64)});
  check({repeated("{\"a\":", 80'000), JsonFault::too_deep, repeated("/a", 64)});
}

TEST_CASE("size is judged before anything else") {
  check({"[[[[", JsonFault::too_large, ""}, {.bytes = 3});
  CHECK(parse_json_strictly("[[]]", {.bytes = 4}));
}

TEST_CASE("a message shortens names and keeps them printable") {
  const auto parsed = parse_json_strictly("{\"\\u001b[31m\xC3\xBC" + std::string(500, 'n') + "\":1e20}");
  REQUIRE_FALSE(parsed);
  CHECK_THAT(parsed.error().message, Catch::Contains("/?[31m?nnn") && Catch::Contains("..."));
  CHECK(parsed.error().message.size() < 250);
  CHECK(parsed.error().pointer == "/\x1b[31m\xC3\xBC" + std::string(500, 'n'));
}

TEST_CASE("a strict text becomes the value it says") {
  const auto parsed =
      parse_json_strictly(R"( {"a":[1,-2,0.5,true,false,null,"\ud83d\ude00"],"":{},"b":[[],[{"c":0}]]} )");
  REQUIRE(parsed);
  CHECK(*parsed == Json{{"a", {1, -2, 0.5, true, false, nullptr, "\xF0\x9F\x98\x80"}},
                        {"", Json::object()},
                        {"b", Json::array({Json::array(), Json::array({{{"c", 0}}})})}});
  CHECK(parse_json_strictly("\"lonely\"").value() == "lonely");
}
