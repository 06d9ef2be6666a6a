// Do two readers that share no code agree on what is JSON and on what it says?
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "jeton/json.hpp"
#include "support/catch.hpp"

using jeton::Json;
using jeton::JsonFault;
using jeton::parse_json_strictly;

namespace {

const std::vector<std::string> seeds{
    R"({"aud":["a","b"],"exp":1780000600,"f":-0.5e10,"jti":"01","sub":"al\u00e9\ud83d\ude00ice\n\\\/"})",
    R"([1,-2,0.5,true,false,null,"x",{"a":{"b":[[],{}]}},1e400,1e-400,-0,-0.0,0e5,12345678901234567890])",
    R"([123456789012345678901234567890,9007199254740993,0.1e-5,1E+5,3e-324,2e-324,1.7976931348623157e308])",
    R"( [ { "k" : "v" , "k2" : [ ] } , "\u0000\ud83f\udffe long enough for whole vectors of it\"and more behind" ] )",
    R"({"a":1,"\u0061":2})",
    R"("\ud800x")",
    R"("\ud800\u0041")",
    "\"\xed\xa0\x80 \xff \xef\xbf\xbf\""};

/// A few edits of a seed, most of which make it something else than JSON.
class Mutations {
 public:
  std::string next() {
    auto text = any_seed();
    for (auto edits = below(4); edits > 0; --edits) edit(text);
    return text;
  }

 private:
  std::size_t below(std::size_t end) { return engine_() % end; }
  const std::string& any_seed() { return seeds[below(seeds.size())]; }
  std::string piece_of(const std::string& seed) { return seed.substr(below(seed.size()), below(20)); }
  void edit(std::string& text) {
    static constexpr std::string_view signs = "{}[]:,\"\\u0123456789abcdefDEe+-.ntrl \n\t\x01\xff\xc3\xa9\xed/*";
    const auto at = text.empty() ? 0 : below(text.size());
    switch (below(5)) {
      case 0: text.erase(at, 1 + below(3)); break;
      case 1: text.insert(at, 1, signs[below(signs.size())]); break;
      case 2: text.replace(at, 1, 1, static_cast<char>(below(256))); break;
      case 3: text.insert(at, piece_of(any_seed())); break;
      default: text.resize(at);
    }
  }
  std::mt19937_64 engine_{20'26};
};

double read(const std::string& digits) { return parse_json_strictly(digits).value().get<double>(); }

}  // namespace

TEST_CASE("what one reader of JSON accepts means the same to another, and what is refused as no JSON is none") {
  Mutations mutations;
  std::size_t accepted = 0, refused_by_a_rule = 0;
  for (int i = 0; i < 60'000; ++i) {
    const auto text = mutations.next();
    const auto strict = parse_json_strictly(text);
    const auto other = Json::parse(text, nullptr, false);
    if (strict) {
      ++accepted;
      if (other != *strict) FAIL(text);
    } else if (!other.is_discarded()) {
      ++refused_by_a_rule;
      // A zero byte ends the text for the other.
      if (strict.error().fault == JsonFault::syntax && text.find('\0') == text.npos) FAIL(text);
    }
  }
  CHECK(accepted > 1000);
  CHECK(refused_by_a_rule > 1000);
}

TEST_CASE("a text with escapes is whole wherever the parser's own buffer ends") {
  for (const std::string_view escape : {R"(\n)", R"(\u00e9)", R"(\ud83d\ude00)", "\xF0\x9F\x98\x80"})
    for (std::size_t before = 4070; before < 4110; ++before) {
      const auto text = "\"\\t" + std::string(before, 'x') + std::string(escape) + std::string(5000, 'y') + "\"";
      const auto expected = Json::parse(text);
      if (parse_json_strictly(text).value() != expected) FAIL(before << " before " << escape);
      const auto named = parse_json_strictly("{" + text + ":1}");
      if (named.value().begin().key() != expected.get<std::string>()) FAIL(before << " before " << escape);
    }
}

TEST_CASE("digits become the double nearest to them, to the last bit") {
  std::mt19937_64 engine{53};
  for (int i = 0; i < 20'000; ++i) {
    const auto bits = engine();
    double number = 0;
    std::memcpy(&number, &bits, sizeof number);
    if (!std::isfinite(number) || (std::fabs(number) > 9e15 && std::fabs(number) < 1e21)) continue;
    for (const int digits : {15, 17, 19, 25}) {
      char text[64];
      std::snprintf(text, sizeof text, "%.*e", digits - 1, number);
      if (read(text) != std::strtod(text, nullptr)) FAIL(text);
    }
  }
  CHECK(read("2.2250738585072011e-308") == 2.2250738585072011e-308);
  CHECK(read("2.4703282292062328e-324") == 4.9406564584124654e-324);
  CHECK(read("2.4703282292062327e-324") == 0);
  CHECK(parse_json_strictly("1.7976931348623159e308").error().fault == JsonFault::bad_number);
}

TEST_CASE("an exponent that leaves 31 bits is refused, even where the number would be nothing") {
  for (const char* digits : {"1e99999999999", "1e-99999999999", "0e99999999999", "[1e2147483648]", "0.01e-2147483647"})
    CHECK(parse_json_strictly(digits).error().fault == JsonFault::bad_number);
  CHECK(read("1e-2147483") == 0);
}
