// Does every value have exactly one base64url text, and every other text none?
#include "jeton/base64url.hpp"

#include <array>
#include <span>
#include <vector>

#include "jeton/hash.hpp"
#include "jeton/id.hpp"
#include "support/catch.hpp"

namespace {

std::string decoded(std::string_view text) {
  const auto bytes = jeton::from_base64url(text);
  return bytes ? std::string(bytes->begin(), bytes->end()) : "refused";
}

}  // namespace

TEST_CASE("base64url refuses what is not exactly one value") {
  for (const std::string_view text :
       {"Zg==", "Zg=", "Zm9v ", " Zm9v", "Zm\n9v", "Zm9v\n", "A", "AAAAA", "+_8", "ab/c", "Zm9%", "=", "é"}) {
    INFO(text);
    CHECK_FALSE(jeton::from_base64url(text));
  }
  CHECK_FALSE(jeton::from_base64url(std::string_view("Zg\0\0", 4)));
}

TEST_CASE("base64url has sixty four letters and no other byte is one") {
  // libsodium 1.0.18 takes every byte over 127 for a letter
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (int byte = 0; byte < 256; ++byte) {
    const auto letter = static_cast<char>(byte);
    INFO(byte);
    CHECK(jeton::from_base64url(std::string("AAA") + letter).has_value() == (alphabet.find(letter) != alphabet.npos));
  }
  CHECK_FALSE(jeton::Txn::parse("AAAAAAAAAAAAAAAAAAAA\xC3\xA9"));
}

TEST_CASE("base64url takes no other byte at any place of a long text, and every letter for its value there") {
  // given: a text that is read sixteen letters at a time, then four, then what is left
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const std::string whole(16 + 16 + 4 + 2, 'A');
  for (std::size_t place = 0; place < whole.size(); ++place)
    for (int byte = 0; byte < 256; ++byte) {
      auto text = whole;
      text[place] = static_cast<char>(byte);
      const auto value = alphabet.find(text[place]);
      const bool fits = value != alphabet.npos && (place + 1 < whole.size() || value % 16 == 0);
      const auto bytes = jeton::from_base64url(text);
      // then: where it fits, the six bits at its place are its value and all others zero
      if (bytes.has_value() != fits) FAIL(place << ' ' << byte);
      if (fits && jeton::base64url(*bytes) != text) FAIL(place << ' ' << byte);
    }
}

TEST_CASE("base64url brings back a value of any length") {
  std::string value;
  for (int length = 0; length < 100; ++length) {
    CHECK(decoded(jeton::base64url(jeton::as_bytes(value))) == value);
    value += static_cast<char>(length * 37 + 11);
  }
}

TEST_CASE("base64url of a long value is that of its parts of three bytes, one after the other") {
  std::vector<unsigned char> bytes;
  for (int i = 0; i < 3 * 256; ++i) bytes.push_back(static_cast<unsigned char>(i * 7 + i / 256));
  std::string parts, appended = "before.";
  for (std::size_t at = 0; at < bytes.size(); at += 3) parts += jeton::base64url(std::span(bytes).subspan(at, 3));
  CHECK(jeton::base64url(bytes) == parts);
  jeton::append_base64url(appended, bytes);
  CHECK(appended == "before." + parts);
}

TEST_CASE("base64url refuses trailing bits that are not zero") {
  // given: every two-character text, which holds 8 bits of value and 4 that must be zero
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  int accepted = 0;
  for (const char first : alphabet)
    for (const char second : alphabet) {
      const std::string text{first, second};
      const auto bytes = jeton::from_base64url(text);
      if (!bytes) continue;
      ++accepted;
      CHECK(jeton::base64url(*bytes) == text);
    }
  // then: as many are accepted as there are bytes
  CHECK(accepted == 256);
  CHECK_FALSE(jeton::from_base64url("Zm9"));  // 2 bits
}

TEST_CASE("base64url fills a buffer exactly or not at all") {
  std::array<unsigned char, 3> three{};
  CHECK_FALSE(jeton::from_base64url("Zm8", three));
  CHECK_FALSE(jeton::from_base64url("Zm9vYg", three));
  CHECK_FALSE(jeton::from_base64url("", three));
  CHECK(jeton::from_base64url("Zm9v", three));
  CHECK(three == std::array<unsigned char, 3>{'f', 'o', 'o'});
  CHECK(jeton::from_base64url("", std::span<unsigned char>{}));
}

TEST_CASE("base64url has the forms of RFC 4648 without padding") {
  const std::array<std::pair<std::string, std::string>, 7> forms{{{"", ""},
                                                                  {"f", "Zg"},
                                                                  {"fo", "Zm8"},
                                                                  {"foo", "Zm9v"},
                                                                  {"foob", "Zm9vYg"},
                                                                  {"fooba", "Zm9vYmE"},
                                                                  {"foobar", "Zm9vYmFy"}}};
  for (const auto& [plain, text] : forms) {
    CHECK(jeton::base64url(jeton::as_bytes(plain)) == text);
    CHECK(decoded(text) == plain);
  }
  CHECK(jeton::base64url(jeton::as_bytes("\xFB\xFF\xBF")) == "-_-_");
}

TEST_CASE("an id is 22 characters and parses back to itself") {
  const auto id = jeton::Txn::random();
  CHECK(id.text().size() == 22);
  CHECK(jeton::Txn::parse(id.text()) == id);
  CHECK(jeton::Txn::random() != id);
  CHECK_FALSE(jeton::Txn::parse(id.text() + "AA"));
  CHECK_FALSE(jeton::Txn::parse(id.text().substr(1)));
}
