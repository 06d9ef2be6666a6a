// Does ES256 and RS256 take exactly what the standards call a signature?
#include <algorithm>

#include "support/any_key.hpp"
#include "support/catch.hpp"

namespace {

using jeton::Algorithm;
using jeton::Signature;
namespace forge = jeton::forge;

constexpr auto a2_input =
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
    "fQ";
constexpr auto a2_signature =
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CU"
    "Ar7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_d"
    "O--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0ig"
    "cN_IoypGlUPQGe77Rw";
constexpr auto a3_input =
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
    "fQ";
constexpr auto a3_signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

const jeton::VerifyingKey& key_of(Algorithm algorithm) { return forge::issuer_key(algorithm).verifying_key(); }

/// n of P-256 plus `more`, as the 32 bytes of r or of s.
Signature order_plus(unsigned char more) {
  Signature bytes{0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                  0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
  bytes.back() = static_cast<unsigned char>(bytes.back() + more);
  return bytes;
}

Signature joined(Signature r, const Signature& s) {
  r.insert(r.end(), s.begin(), s.end());
  return r;
}

/// The same two numbers as ASN.1 has them, which JOSE has not.
Signature der_of(const Signature& jose) {
  const auto integer = [](auto begin, auto end) {
    Signature number(std::find_if(begin, end, [](unsigned char byte) { return byte != 0; }), end);
    if (number.front() >= 0x80) number.insert(number.begin(), 0);
    number.insert(number.begin(), {0x02, static_cast<unsigned char>(number.size())});
    return number;
  };
  auto body = joined(integer(jose.begin(), jose.begin() + 32), integer(jose.begin() + 32, jose.end()));
  body.insert(body.begin(), {0x30, static_cast<unsigned char>(body.size())});
  return body;
}

TEST_CASE("RFC 7518 section 3.4: a signature with r or s of zero does not verify") {
  const auto& key = key_of(Algorithm::es256);
  const auto good = forge::issuer_key(Algorithm::es256).sign("message");
  const Signature zero(32), r(good.begin(), good.begin() + 32), s(good.begin() + 32, good.end());
  REQUIRE(key.verifies("message", joined(r, s)));
  CHECK_FALSE(key.verifies("message", joined(zero, s)));
  CHECK_FALSE(key.verifies("message", joined(r, zero)));
  CHECK_FALSE(key.verifies("message", joined(zero, zero)));
}

TEST_CASE("RFC 7518 section 3.4: a signature with r or s of n or more does not verify") {
  const auto& key = key_of(Algorithm::es256);
  const auto good = forge::issuer_key(Algorithm::es256).sign("message");
  Signature one(32);
  one.back() = 1;
  const Signature most(32, 0xff), r(good.begin(), good.begin() + 32), s(good.begin() + 32, good.end());
  for (const auto& large : {order_plus(0), order_plus(1), order_plus(2), most}) {
    CHECK_FALSE(key.verifies("message", joined(large, s)));
    CHECK_FALSE(key.verifies("message", joined(r, large)));
    CHECK_FALSE(key.verifies("message", joined(large, large)));
    CHECK_FALSE(key.verifies("message", joined(one, large)));
  }
}

TEST_CASE("RFC 7518 section 3.4: a signature as ASN.1 has it does not verify") {
  const auto& key = key_of(Algorithm::es256);
  for (int round = 0; round < 20; ++round)  // of 68 to 72 bytes, as r and s come
    CHECK_FALSE(key.verifies("message", der_of(forge::issuer_key(Algorithm::es256).sign("message"))));
}

TEST_CASE("RFC 7518 section 3.4: a signature of another length than 64 bytes does not verify") {
  const auto& key = key_of(Algorithm::es256);
  const auto good = forge::issuer_key(Algorithm::es256).sign("message");
  const Signature r(good.begin(), good.begin() + 32), s(good.begin() + 32, good.end());
  CHECK_FALSE(key.verifies("message", ""));
  CHECK_FALSE(key.verifies("message", r));
  CHECK_FALSE(key.verifies("message", joined(s, r)));
  CHECK_FALSE(key.verifies("message", Signature(good.begin(), good.end() - 1)));
  CHECK_FALSE(key.verifies("message", Signature(good.begin() + 1, good.end())));
  for (const auto more : std::array<unsigned char, 2>{0x00, 0x01}) {
    auto longer = good;
    longer.push_back(more);
    CHECK_FALSE(key.verifies("message", longer));
    longer = good;
    longer.insert(longer.begin(), more);
    CHECK_FALSE(key.verifies("message", longer));
  }
}

TEST_CASE("an ES256 signature is the lower of its two and both verify") {
  const auto& key = forge::issuer_key(Algorithm::es256);
  for (int round = 0; round < 50; ++round) {
    const auto signature = key.sign("message");
    REQUIRE(signature.size() == 64);
    CHECK(signature[32] <= 0x7f);
    const auto twin = forge::twin_of(signature);
    CHECK(twin[32] >= 0x7f);
    CHECK(twin != signature);
    CHECK(key.verifying_key().verifies("message", signature));
    CHECK(key.verifying_key().verifies("message", twin));  // whether a token may have it is the token's rule
  }
}

TEST_CASE("RFC 7518 section 3.3: a signature that is longer or shorter than the modulus does not verify") {
  const auto& key = key_of(Algorithm::rs256);
  // given: a message whose signature begins with a zero byte, which a lax reader would leave out or put in
  Signature good;
  std::string message;
  for (int n = 0; good.empty() || good.front() != 0; ++n)
    good = forge::issuer_key(Algorithm::rs256).sign(message = "message " + std::to_string(n));
  REQUIRE(key.verifies(message, good));
  CHECK_FALSE(key.verifies(message, Signature(good.begin() + 1, good.end())));
  CHECK_FALSE(key.verifies(message, Signature(good.begin(), good.end() - 1)));
  CHECK_FALSE(key.verifies(message, ""));
  auto longer = good;
  longer.insert(longer.begin(), 0);
  CHECK_FALSE(key.verifies(message, longer));
  longer = good;
  longer.push_back(0);
  CHECK_FALSE(key.verifies(message, longer));
}

TEST_CASE("RFC 8017 section 8.2.2: a signature of the modulus or more does not verify") {
  const auto& key = key_of(Algorithm::rs256);
  const auto modulus = jeton::from_base64url(key.jwk().at("n").get<std::string>()).value();
  CHECK_FALSE(key.verifies("message", modulus));
  // given: messages whose signature plus the modulus still fits in as many bytes: the same number to the arithmetic
  for (int n = 0, found = 0; found < 3; ++n) {
    const auto message = "message " + std::to_string(n);
    auto signature = forge::issuer_key(Algorithm::rs256).sign(message);
    unsigned carry = 0;
    for (std::size_t at = signature.size(); at-- > 0; carry >>= 8U) {
      carry += static_cast<unsigned>(signature[at]) + modulus[at];
      signature[at] = static_cast<unsigned char>(carry);
    }
    if (carry != 0) continue;
    CHECK_FALSE(key.verifies(message, signature));
    ++found;
  }
}

TEST_CASE("RFC 8017 section 8.2.2: a signature over a block that only looks like PKCS 1 version 1.5 does not verify") {
  // given: what the private key makes of blocks that lax checks have taken for the SHA-256 of "message"
  const auto& key = key_of(Algorithm::rs256);
  const auto& [block, signature] = GENERATE(table<const char*, const char*>({
      {"garbage behind a short padding",
       "RrKeJgXuya6jG5U_hvh2hmQUzbr5SHDzT2jTzimCd6UcOrmME4ONXzvvHvjAy4eXSHC_JSxcZVZoW95eIxcIlosgd2ySF5JiA4xOcxrz"
       "pIQaiWymDfgnAQxQbwlBakn3_5lkPMhNchymvj9fnaTRL6Wm9CStkNzy4P3RW0IHO9Z5rX1CpRrybjxLIv3pByr8IzRK9OgWeTfPGufr"
       "-iQ77hsYV3nHzdq6t25TJPZiWiyHRU_PG5AZ37ab842NaJAZ0Gi4Ym_GWfYqT1sKIKtfOd9dD5eFtcW00IqsrWtHXYueSkvq0uy1POp-"
       "vbmKLHc2YH8xN7yR8et0KH2__JAzWg"},
      {"garbage inside the DigestInfo",
       "GhupSwn5PQhlFfr0GvrcsGEv_pavYhQGL4Qa6RrB9CPV6zh-wYY-iVvGDfRHXufKZuloopJlJsg-oYNk-w0sw54ig4xIjpMrNlNcr1vc"
       "SeSSBpM_atNsdh8AEwns-3cpi6DllTt-W_LICtHKdQjwrI8LS_0x6bEJvHJdf_jczkkGJQ5H6Vqu0RTozWHt1zh3txl1FzYWZiGqUATN"
       "J0WlEjo4ruvugOaNfDJVy4zM3jYEttV_wBFooKPnpqdf70i3eDkA5ffj1y_kiIred6j6FlU_GFBx60UJfkGGl-IzS-af8Hl2UKEhnwCj"
       "LYlOh8N60f5nxP38cNrJF2yIk-riig"},
      {"a DigestInfo without NULL",
       "UELDisXDq7y78eDKnSTKZVl28xr35JaEiJeHGFiDajKtWoaSD2CoTTabDmola6WmMWNzVIM41HZfuyqzsVpPSw7-L2iEGOAWRqq9XnlW"
       "A2eNxpHmB1xi69GzAQ2_jBbF01fAEqcl2odf7I7ecrIakTOUPuZOJTmXPG6_IjUfE1otx7US1jNR66RiafBua9eK7mvkI5zKF7s9P4dE"
       "7qGsYYkTE5N49ljI9FXVveoezdtbvavBU5qeH8tqbCb17TfpHCzs7UIqEwAVjg1De2e1rDn5wypC48SYYsW34alCMzBIyUGwOJtFjGz1"
       "GaujDsnhLrcEHRbaTFj_OC06vqa12A"},
      {"block type 2",
       "K2OOA6fTMppsObuFBJZL5ZNkyJk-Dj9gSI_2iKyqG5NbM2PE4dPO4OCWtS7F0LreZsx5IgMNVJ2JqJNkOEZWn0kJ4vXgipazDkeiKkgS"
       "q5P3bfjiM6K4Ez8DZS_ISKm908bSskmEl6UCl0xT4dn3HS6Nvo_pKdpvoKxPIk7GEBQ0PJ7r8wD69N18jDqtqlquR435ppU6lkNoq8nV"
       "3GpCvYFl_X0SnKB2RwRCovzysNgQT4yF5_Gxnc4cEthPZos_Ema0M2j09HoFPCsnR6KPal8o-ZLQBygXIVeO8zWLXX2NytxAiB5hfnym"
       "28VMC6fnHScSXnS_WI-CN8bmLPZegQ"},
      {"block type 0",
       "U_esMI9WmsR2ufVpRPLqhlgaaZfCDrHkkrzaswJctTrHvNjM7RyXzw_elcAr3KKs5mjpbqadrqzaFjnHa7dk0wKdpZkfgi1v-CAKzpa9"
       "n_sIYokwhgbj0nCIUZqJYQR-Dlf3SPOKGWrBcY7jgCjGJOpWsDWdJN4tp4AMVy4SOkayk8TaMvgD1cORyTYpR-lqrilnp319r2SuJOs-"
       "DZk8DSl2CKZftSpy88I7YkVegM2pMd1ccGf5tZn0UnGugy5G4j7smpbiUqmdPEIS7AphRo6GiXFvRS_UMtHNiOlHkBbvNawKmVD0LSOw"
       "O3CzpPLX_RDOpdEAnCqQEf71rsG3HA"},
      {"a byte of the padding that is not ff",
       "TeJSgXJgBt1PLS76Zp09sT7_0Ki9gD5ZjC1TEjg8uCTVeH7rjwCsg-v21chpaiG-BHDbA0YaPQ1JISv1UCY6Pr-ucn1jyuBy6UyFihEf"
       "wiX0WdtfdtKvkhRXeRnbHAzzHU2J2IOe9ErHjGQnGktXugGt3a7E0v1WXitAQmkKKjUaSEnnnScLuM-JRUk6_gjGXpBlrIF3RL3nB4uL"
       "bSDSqGBNVAAXrVeHkt5HvJ1FRU9yfeQedmjeSC0guyLgRHGGkTqcIdIQb8PzQLWf0xsMYOEnINyFJe7ymdQ0XwLWlO7yuA1V_cCcXXJs"
       "zCGRSR_9lhNlasekV5y9LFYuN_UdmA"},
      {"a SHA-1",
       "azwbeMh4ZLGYG00xB4UsdiBNzYqM9m2palojNBq6s9cjHbrXNQAOg6ZxHRnlHxAaeJBCLhic2Abpq_Ksauze9wwnDzdtv8DlaiMYj5va"
       "l65yfuevi_BC_PEimSirB_1xVvQfKrQ3EEvUsDY9KvC7WhuweO7zpsPNajeegj5YUgJu_veYLQPfi_9_3TNQQkQM_0P3aIuyM7IDXGO0"
       "KTQv4mmkQ2Jye2DMi5Fz2R8-dC9cGUQJKeAavcVGp6aanmPgaPB6VMUnaQVxjrn5bWWEsXIPcwgDBEinR4-hU5Yr5mm4BTmn42M2bAc9"
       "B_ApUxdRJ9B6T1DgzpwDFFgIE-Bi7A"},
      {"the bare digest",
       "aZTe901orWXMPFD-ap7kUhWqC15Q_HAY8qX5cLuVFQUWGJbRcZjTouzihx4kkdWbtcYoFFcC6rDUoiEAuD_OuHcBIq6j1BE8H725XFY-"
       "hsOvlmfuMcwjK1LNkJ-1zL_baJ87SsVQRvQueAd7iP_2umYw62XvHwjjkKz4rvK3NP3eds0M0XN-S2Yh_kq2YdH-K2uC_DwITaK6Los9"
       "Pa9fxA-obvquvbV1iz2-HklbBWJvhJ5YHD85MKLH1AZCGrhtQ_n3lug95aWfYice5-BsF3_VL5oLXx0GlV1Kkag1JiBO6eobPIp-97ji"
       "_lQbFrsI-GyURtB-naHBW1TY03EQJw"},
  }));
  CAPTURE(block);
  const auto bytes = jeton::from_base64url(signature).value();
  REQUIRE(bytes.size() == 256);
  CHECK_FALSE(key.verifies("message", bytes));
}

TEST_CASE("a signature does not verify for another message or under a key of another algorithm") {
  for (const auto algorithm : jeton::all_algorithms) {
    const auto signature = forge::issuer_key(algorithm).sign("message");
    for (const auto other : jeton::all_algorithms) {
      CAPTURE(jeton::name_of(algorithm), jeton::name_of(other));
      CHECK(key_of(other).verifies("message", signature) == (algorithm == other));
      CHECK_FALSE(key_of(other).verifies("messagf", signature));
      CHECK_FALSE(key_of(other).verifies("", signature));
    }
  }
}

TEST_CASE("a signature of zeros or of ones verifies under no key") {
  for (const auto algorithm : jeton::all_algorithms)
    for (const auto byte : std::array<unsigned char, 3>{0x00, 0x01, 0xff}) {
      CAPTURE(jeton::name_of(algorithm), int{byte});
      CHECK_FALSE(key_of(algorithm).verifies("message", Signature(64, byte)));
      CHECK_FALSE(key_of(algorithm).verifies("message", Signature(256, byte)));
    }
}

TEST_CASE("RFC 7515 A.2: the example is signed to the same bytes and verifies") {
  const auto signature = forge::issuer_key(Algorithm::rs256).sign(a2_input);
  CHECK(jeton::base64url(signature) == a2_signature);
  CHECK(key_of(Algorithm::rs256).verifies(a2_input, signature));
}

TEST_CASE("RFC 7515 A.3: the example verifies") {
  const auto signature = jeton::from_base64url(a3_signature).value();
  CHECK(key_of(Algorithm::es256).verifies(a3_input, signature));
  CHECK_FALSE(key_of(Algorithm::es256).verifies(a2_input, signature));
  CHECK(key_of(Algorithm::es256).verifies(a3_input, forge::issuer_key(Algorithm::es256).sign(a3_input)));
}

TEST_CASE("bytes in a text and bytes in a list are the same signature") {
  for (const auto algorithm : jeton::all_algorithms) {
    const auto signature = forge::issuer_key(algorithm).sign("message");
    const std::string text(signature.begin(), signature.end());
    CHECK(key_of(algorithm).verifies("message", text));
    CHECK_FALSE(key_of(algorithm).verifies("messagf", text));
  }
}

}  // namespace
