// Are the canonical bytes those of RFC 8785, for every value that has any?
#include <bit>
#include <cmath>
#include <limits>

#include "jeton/json.hpp"
#include "support/catch.hpp"

using jeton::canonical_json;
using jeton::Code;
using jeton::Json;

namespace {

std::string canonical(const Json& value) {
  const auto bytes = canonical_json(value);
  return bytes ? *bytes : "refused: " + bytes.error().message;
}

bool is_refused(const Json& value) {
  const auto bytes = canonical_json(value);
  return !bytes && bytes.error().code == Code::bad_arguments;
}

Json nested(std::size_t depth) {
  Json value = Json::array();
  for (std::size_t i = 1; i < depth; ++i) {  // moves only: an initialiser list would copy, and copying recurses
    Json outer;
    if (i % 2 == 0)
      outer.push_back(std::move(value));
    else
      outer["a"] = std::move(value);
    value = std::move(outer);
  }
  return value;
}

}  // namespace

TEST_CASE("numbers without one reading have no canonical form") {
  CHECK(is_refused(std::numeric_limits<double>::quiet_NaN()));
  CHECK(is_refused(std::numeric_limits<double>::infinity()));
  CHECK(is_refused(-std::numeric_limits<double>::infinity()));
  CHECK(is_refused(9007199254740992));
  CHECK(is_refused(-9007199254740992));
  CHECK(is_refused(9007199254740992.0));
  CHECK(is_refused(std::numeric_limits<std::int64_t>::min()));
  CHECK(is_refused(std::numeric_limits<std::uint64_t>::max()));
  CHECK(is_refused(1e20));
  CHECK(is_refused(std::nextafter(1e21, 0)));
}

TEST_CASE("strings that are not clean UTF-8 have no canonical form") {
  for (const std::string bad :
       {"\xFF", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82", "\x80", "\xF0\x80\x80\x80", "\xE0\x80\x80",
        "\xF8\x88\x80\x80\x80", "\xEF\xBF\xBF", "\xEF\xB7\x90", "\xF0\x9F\xBF\xBE"}) {
    CHECK(is_refused(bad));
    CHECK(is_refused(Json{{bad, 1}}));
  }
}

TEST_CASE("binary and discarded values have no canonical form") {
  CHECK(is_refused(Json::binary({1, 2})));
  CHECK(is_refused(Json(Json::value_t::discarded)));
}

TEST_CASE("a value deeper than 66 has no canonical form") {
  CHECK_FALSE(is_refused(nested(66)));
  CHECK(is_refused(nested(67)));
}

TEST_CASE("a very deep value is refused without exhausting the stack") { CHECK(is_refused(nested(100'000))); }

TEST_CASE("the refusal names the member and never the value") {
  const auto bytes = canonical_json(Json{{"a", Json::array({0, Json{{"b/c", 1e20}}})}});
  REQUIRE_FALSE(bytes);
  CHECK(bytes.error().message == "the number at /a/1/b~1c does not survive as a double; send it as a string");
}

TEST_CASE("doubles are written as ECMAScript writes them") {
  // given: the samples of RFC 8785 appendix B that the number rule lets through
  const std::pair<std::uint64_t, std::string> samples[] = {
      {0x0000000000000000, "0"},
      {0x8000000000000000, "0"},
      {0x0000000000000001, "5e-324"},
      {0x8000000000000001, "-5e-324"},
      {0x7fefffffffffffff, "1.7976931348623157e+308"},
      {0xffefffffffffffff, "-1.7976931348623157e+308"},
      {0x44b52d02c7e14af5, "9.999999999999997e+22"},
      {0x44b52d02c7e14af6, "1e+23"},
      {0x44b52d02c7e14af7, "1.0000000000000001e+23"},
      {0x444b1ae4d6e2ef50, "1e+21"},
      {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
      {0x3eb0c6f7a0b5ed8d, "0.000001"},
      {0x41b3de4355555553, "333333333.3333332"},
      {0x41b3de4355555554, "333333333.33333325"},
      {0x41b3de4355555555, "333333333.3333333"},
      {0x41b3de4355555556, "333333333.3333334"},
      {0x41b3de4355555557, "333333333.33333343"},
      {0xbecbf647612f3696, "-0.0000033333333333333333"},
      {0x43143ff3c1cb0959, "1424953923781206.2"},
  };
  for (const auto& [bits, text] : samples) CHECK(canonical(std::bit_cast<double>(bits)) == text);
  for (const std::uint64_t bits :
       {0x4340000000000000U, 0xc340000000000000U, 0x4430000000000000U, 0x444b1ae4d6e2ef4eU, 0x444b1ae4d6e2ef4fU})
    CHECK(is_refused(std::bit_cast<double>(bits)));
}

TEST_CASE("a number has one form however it is held") {
  CHECK(canonical(1) == "1");
  CHECK(canonical(1U) == "1");
  CHECK(canonical(1.0) == "1");
  CHECK(canonical(-100.0) == "-100");
  CHECK(canonical(9007199254740991) == "9007199254740991");
  CHECK(canonical(-9007199254740991.0) == "-9007199254740991");
  CHECK(canonical(123456.5) == "123456.5");
  CHECK(canonical(1e-7) == "1e-7");
}

TEST_CASE("names are sorted by their UTF-16 code units") {
  // given: the sample of RFC 8785 section 3.2.3, whose emoji sorts before U+FB33 although its code point is higher
  const Json sample{{"\xE2\x82\xAC", "Euro Sign"},
                    {"\r", "Carriage Return"},
                    {"\xEF\xAC\xB3", "Hebrew Letter Dalet With Dagesh"},
                    {"1", "One"},
                    {"\xF0\x9F\x98\x80", "Emoji: Grinning Face"},
                    {"\xC2\x80", "Control"},
                    {"\xC3\xB6", "Latin Small Letter O With Diaeresis"}};
  CHECK(canonical(sample) ==
        "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xC2\x80\":\"Control\",\"\xC3\xB6\":\"Latin Small "
        "Letter O With Diaeresis\",\"\xE2\x82\xAC\":\"Euro Sign\",\"\xF0\x9F\x98\x80\":\"Emoji: Grinning "
        "Face\",\"\xEF\xAC\xB3\":\"Hebrew Letter Dalet With Dagesh\"}");
  CHECK(canonical(Json{{"aa", 1}, {"a", 2}, {"", 3}}) == R"({"":3,"a":2,"aa":1})");
  // U+D7FF stays before surrogates, U+E000 comes after them, and two characters beyond the plane keep their order
  CHECK(canonical(Json{{"\xEE\x80\x80", 4}, {"\xF4\x8F\xBF\xBD", 3}, {"\xF0\x90\x80\x80", 2}, {"\xED\x9F\xBF", 1}}) ==
        "{\"\xED\x9F\xBF\":1,\"\xF0\x90\x80\x80\":2,\"\xF4\x8F\xBF\xBD\":3,\"\xEE\x80\x80\":4}");
}

TEST_CASE("many names on both sides of the surrogates are sorted too") {
  // given: enough names that sorting compares them in both directions
  Json value = Json::object();
  std::string beyond_the_plane;
  std::string private_use;
  for (char last = '\x80'; last < '\xA8'; ++last) {
    const std::string high = std::string("\xF0\x9F\x98") + last;
    const std::string low = std::string("\xEE\x80") + last;
    value[high] = 0;
    value[low] = 0;
    beyond_the_plane += "\"" + high + "\":0,";
    private_use += "\"" + low + "\":0,";
  }
  private_use.pop_back();
  CHECK(canonical(value) == "{" + beyond_the_plane + private_use + "}");
}

TEST_CASE("only what must be escaped is escaped") {
  CHECK(canonical("\"\\/\b\f\n\r\t\x01\x1f\x7f\xC3\xA9") == "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\xC3\xA9\"");
  CHECK(canonical(std::string("\0", 1)) == "\"\\u0000\"");
}

TEST_CASE("what must be escaped is wherever it stands in a long text, and a bad byte is found there") {
  for (std::size_t size = 1; size < 50; ++size)
    for (std::size_t at = 0; at < size; ++at) {
      const auto with = [&](char c) { return std::string(size, 'a').replace(at, 1, 1, c); };
      const auto rest = std::string(size - at - 1, 'a'), before = std::string(at, 'a');
      CHECK(canonical_json(with('"')).value() == '"' + before + "\\\"" + rest + '"');
      CHECK(canonical_json(with('\\')).value() == '"' + before + "\\\\" + rest + '"');
      CHECK(canonical_json(with('\x1f')).value() == '"' + before + "\\u001f" + rest + '"');
      CHECK(canonical_json(with('\x7f')).value() == '"' + before + '\x7f' + rest + '"');
      CHECK_FALSE(canonical_json(with('\x80')));
      CHECK_FALSE(canonical_json(with('\xff')));
    }
}

TEST_CASE("containers have no space in them") {
  CHECK(canonical(Json::parse(R"( { "b" : [ 1 , { } , [ ] , null , true ] , "a" : false } )")) ==
        R"({"a":false,"b":[1,{},[],null,true]})");
}
