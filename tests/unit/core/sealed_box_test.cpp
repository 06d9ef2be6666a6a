// Sealed bytes: opened by one key, by libsodium's own function too, and by nobody when a bit differs.
#include "jeton/sealed_box.hpp"

#include <sodium.h>

#include "jeton/base64url.hpp"
#include "support/catch.hpp"

namespace {

using jeton::OpeningKey;
using jeton::SealingKey;

}  // namespace

TEST_CASE("what is sealed to a key is opened by its other half alone") {
  const auto reviewer = OpeningKey::generate(), stranger = OpeningKey::generate();
  for (const std::string text : {"", "{}", R"({"amount":40})"}) {
    const auto sealed = reviewer.sealing_key().seal(text);
    CHECK(sealed.size() == text.size() + jeton::sealing_bytes);
    CHECK(reviewer.open(sealed) == text);
    CHECK_FALSE(stranger.open(sealed));
    CHECK((sealed != reviewer.sealing_key().seal(text)));
  }
}

TEST_CASE("sealed bytes that were changed or cut do not open") {
  const auto reviewer = OpeningKey::generate();
  const auto sealed = reviewer.sealing_key().seal("text");
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    auto changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    CHECK_FALSE(reviewer.open(changed));
    CHECK_FALSE(reviewer.open(sealed.substr(0, i)));
  }
}

TEST_CASE("a sealed text is libsodium's sealed box") {
  const auto reviewer = OpeningKey::generate();
  const auto sealed = reviewer.sealing_key().seal("text");
  const auto key = jeton::from_base64url(reviewer.sealing_key().text());
  REQUIRE(key);
  std::array<unsigned char, 4> text{};
  CHECK(crypto_box_seal_open(text.data(), reinterpret_cast<const unsigned char*>(sealed.data()), sealed.size(),
                             key->data(), reviewer.secret().expose_for_signing().data()) == 0);
  CHECK(std::string(text.begin(), text.end()) == "text");
}

TEST_CASE("a sealing key has one spelling and a point that seals nothing is none") {
  const auto text = OpeningKey::generate().sealing_key().text();
  CHECK(text.size() == 43);
  CHECK(SealingKey::parse(text).value().text() == text);
  for (const auto& bad : {std::string(), text + "=", text.substr(1), "!" + text.substr(1), std::string(43, 'A')})
    CHECK_FALSE(SealingKey::parse(bad));
}
