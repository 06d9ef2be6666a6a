// Does every value have exactly one padded base64 text, and every other text none?
#include "jeton/base64.hpp"

#include "jeton/hash.hpp"
#include "support/catch.hpp"

namespace {

constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

TEST_CASE("base64 refuses what is not exactly one value") {
  for (const std::string_view text :
       {"Zg", "Zg=", "Zm8", "Zg===", "Zm8==", "Zm9v====", "====", "A===", "=", "==", "Zm9v ", " Zm9v", "Zm\n9",
        "Zm9v\n", "Zg==Zg==", "Z=g=", "=Zg=", "-_-_", "ab%c"}) {
    INFO(text);
    CHECK_FALSE(jeton::from_base64(text));
  }
  CHECK_FALSE(jeton::from_base64(std::string_view("Zg=\0", 4)));
}

TEST_CASE("base64 has sixty four letters and no other byte is one") {
  for (int byte = 0; byte < 256; ++byte) {
    const auto letter = static_cast<char>(byte);
    INFO(byte);
    CHECK(jeton::from_base64(std::string("AA") + letter + "A").has_value() == (letters.find(letter) != letters.npos));
  }
}

TEST_CASE("base64 refuses trailing bits that are not zero") {
  int accepted = 0;
  for (const char first : letters)
    for (const char second : letters) {
      const std::string text{first, second, '=', '='};
      const auto bytes = jeton::from_base64(text);
      if (!bytes) continue;
      ++accepted;
      CHECK(jeton::base64(*bytes) == text);
    }
  CHECK(accepted == 256);
  CHECK_FALSE(jeton::from_base64("Zm9="));
}

TEST_CASE("base64 has the forms of RFC 4648 section 10") {
  const std::array<std::pair<std::string, std::string>, 7> forms{{{"", ""},
                                                                  {"f", "Zg=="},
                                                                  {"fo", "Zm8="},
                                                                  {"foo", "Zm9v"},
                                                                  {"foob", "Zm9vYg=="},
                                                                  {"fooba", "Zm9vYmE="},
                                                                  {"foobar", "Zm9vYmFy"}}};
  for (const auto& [plain, text] : forms) {
    CHECK(jeton::base64(jeton::as_bytes(plain)) == text);
    const auto bytes = jeton::from_base64(text);
    REQUIRE(bytes);
    CHECK(std::string(bytes->begin(), bytes->end()) == plain);
  }
  CHECK(jeton::base64(jeton::as_bytes("\xFB\xFF\xBF")) == "+/+/");
}
