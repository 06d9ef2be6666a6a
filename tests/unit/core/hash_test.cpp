// Are the hashes the published ones, and is comparison by value and length?
#include "jeton/hash.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

#include "support/catch.hpp"

namespace {

std::string hex(const jeton::Sha256& digest) { return fmt::format("{:02x}", fmt::join(digest, "")); }

std::string hmac_hex(std::string_view key, std::string_view message) {
  return hex(jeton::hmac_sha256(jeton::as_bytes(key), jeton::as_bytes(message)));
}

}  // namespace

TEST_CASE("inputs of different length or content are not equal") {
  CHECK_FALSE(jeton::equal_in_constant_time(jeton::as_bytes("abc"), jeton::as_bytes("abcd")));
  CHECK_FALSE(jeton::equal_in_constant_time(jeton::as_bytes(""), jeton::as_bytes("a")));
  CHECK_FALSE(jeton::equal_in_constant_time(jeton::as_bytes("abc"), jeton::as_bytes("abd")));
  CHECK(jeton::equal_in_constant_time(jeton::as_bytes("abc"), jeton::as_bytes("abc")));
  CHECK(jeton::equal_in_constant_time({}, {}));
}

TEST_CASE("SHA-256 gives the digests of FIPS 180-4") {
  CHECK(hex(jeton::sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(hex(jeton::sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(jeton::sha256(std::string_view("abc")) == jeton::sha256(jeton::as_bytes("abc")));
}

TEST_CASE("HMAC-SHA-256 gives the codes of RFC 4231 for keys of any length") {
  CHECK(hmac_hex("Jefe", "what do ya want for nothing?") ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(hmac_hex(std::string(20, '\x0b'), "Hi There") ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(hmac_hex(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First") ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  CHECK(hmac_hex("", "") == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}
