// Do private numbers stay where they are locked, go when the key goes, and come from nothing but a key?
#include "core/openssl_key.hpp"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>

#include "support/any_key.hpp"
#include "support/catch.hpp"
#include "support/skipped.hpp"

namespace {

using jeton::Algorithm;
using jeton::Code;
using jeton::SigningKey;
namespace forge = jeton::forge;

Code refusal_of(std::span<const unsigned char> bytes) {
  jeton::Secret der(bytes.size());
  std::copy(bytes.begin(), bytes.end(), der.writable().begin());
  const auto key = SigningKey::from_pkcs8(der);
  return key ? Code::internal : key.error().code;
}

/// Some kernels lock for everybody.
bool kernel_locks_a_page() {
  constexpr std::size_t size = 4096;
  auto* page = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const bool locked = ::syscall(SYS_mlock, page, size) == 0;  // AddressSanitizer answers for mlock
  ::munmap(page, size);
  return locked;
}

TEST_CASE("a PKCS 8 key of another kind or length is refused") {
  const auto& [kind, text] = GENERATE(table<const char*, const char*>({
      {"Ed25519", "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v_VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g"},
      {"P-384",
       "MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDBxVsM3PrloFBqYC-nnqFyxeVzY6yDe42JReztyma2vGs7g91Twxghtfjhi"
       "oGlOXxShZANiAATrbcqOakis7c86q9W6tC4O6Kdrn7Dw-KbSC0Gd4g1lXumHfag5n_ZCYUd-cOsbFTY2IKG8ewoeymUiKJ6CrsXSk-kk"
       "Abbz74vR1GBLzg0sY1azDieEUGQ50eMuWVvnHmg"},
      {"RSA 1024",
       "MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBAMhtMy2ZBdyooH2fKYsbAUc5lIPHiF_mGoRVGC8arPO0M8VU4momwZqP"
       "SJqSgkZZdY55lYHhC5qq-RXaI88T4P6FjWvxGBv_5zyO5LGUICtFPOXxBQ4vLOYC_r1KRTGn5Nmkb8SPIxQDLw5gJq6-aYmidhGhvfMX"
       "bnSuBKGren_nAgMBAAECgYBtkRzgOX414c1Sv1bjn9C0Eis5WzQXUOCAJVDCN3ADDikbIEtiQmumRdwn_B3RvYgBakAsL027sOnYY1ce"
       "FjzxjiCT1N0b8-q2Hbxqgv9KDfYhepfztqPnSl1SLIFZ02wYSc3FT0PeKVOJ5OEVuRZco_HwWqDDTswMl_-1ZnBASQJBAPu3vwsdMQDp"
       "EMaE6hKr3ubfPWS68hoZls4emqi6ZAsZ9DXvYbVL-sHC6Cscxrd2yGGkka-1znZtLwhB0sH71k0CQQDL1hNpNO0PmBkZ74XFkO4EsGvF"
       "UkZWFmO7xvjo9QvmpgNzTYYmMfqDstoVbz0iposhoairok59d9VtidWxK3EDAkEArW_5rkq6zQnJiT9jmOHbf_ApeRJmZh1jjzn_Dmr_"
       "K7cCUXdTN3vWl1MYbTwyn460mrKtvwfh7i9kzKet9AL1sQJAYgm_4k0ba_GquQe0Hnb7k_PKkehlfghcxbcIhvs9Ux0r8awqxnopVGiU"
       "bdTH4b-akX1wY8S33a7iT0IJLqKHQwJAERD0R32aZspB6U6BWjqJQcP-DHgkKzxZxbWCAnu63XbEw7AkNlMAhGp1OPWurpRZwcQW5qAM"
       "y97LaYoaalgwGw"},
      {"RSA e=3",
       "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDbAD5KCDXSQTYtfbKNAiX_M9uAsnd43g7fbSu42lsvWI6uCLPlaJ5O"
       "WOhg3EepCShwekdo8emr64KjEt669RPR-ppx-SLHdvqYzMxP4OVJe7iwKtex-BKaX83xMXVOTH1v00sE5dn6pekjYeVCcq50rY7ZsziC"
       "blpUtfYtBZJfUXdilghoI2_OkTPkiZfIdFlONnmJCQMs3TCHe-1d7kw8WIBzD0C03OO0IXucRNN-fgfSMvO5scLRLs9eFdJnzAm5cnUF"
       "OYStzPF-YzgOYBRk7uk7am7LSuwItrCuINqvzrF9zfTPSPMt1576VkPH6IMbLnmh2BejE3w8hOfWFzf7AgEDAoIBAQCSACmGsCPhgM7I"
       "_ncIrBlUzT0AdvpQlAnqSMfQkZIfkF8esHfuRb7e5fBAktpwsMWgUYTwoUZynQHCDJR8o2KL_Gb2phcvpKcQiIg1QJjbp9B1ceUhUAxm"
       "6olLdk40Mv5KjNyt7pFRw_DCQUOBocmjHl87zNBW9Dw4eU7IrmGU376EhYftTCQg4uDMIQWQrFbVYJSJo3tDeMCHvryxBA7nsUeeAf_T"
       "ORFKz8mZslbXBXZbFgCRJvxJoaEA675t32G_F8Zs7cYaaAoZJVDZlF8JsDijFDRp4QqOGT2TXN3Q9UGYERylRFBHcf_y0D1MAU8gpPNA"
       "aFCvauxoQYyYtmNbAoGBAPBGAd4cH9J3eTX54QTeFQ_9wwxWbay0kwArLdK9JkdyRiUIW0RGqXgxQSCFl61porDmJp-THL7NjbqTDraB"
       "5JTbVGAl2FDG2XAOPBFloCwLtJ75x5P5kRffEXpN8x4on3HxyeE_XXJNcxJW3nCeQHsl55VGnHXIEc8BxMoVr-OtAoGBAOlVy95oEWcl"
       "w6y4dwqRXMcQYo5kJh2TFQ-Qr_-XQe5uiG_9sPyxXdGSqKywIaPSUyVja1NM2omVLqNJpX5BGGI_ems7_Iq_V3JKby1iYVnKsfVNBIwy"
       "6ERUf1oDIm_Nv10n6miYBQh1OYy3P3c3phFET3d6nyjT4UqeXcrbVb9HAoGBAKAuq-loFTb6UM6mlgM-uLVT112O88h4YgAcyTcoxC-h"
       "hBiwPNgvG6V2K2sDunObwctEGb-3aH8zs9G3XyRWmGM84urD5YsvO6AJfWDuasgHzb9RL7f7tg_qC6beohQbFPahMUDU6PbeTLbklEsU"
       "KvzD77jZvaPatooBLdwOdUJzAoGBAJuOh-matkTD18h6-gcLky9gQbRCxBO3Y1-1yqpk1p70WvVTy1Mg6TZhxch1a8KMN25CR4zd5wZj"
       "dGzbw6mAuuwqUZzSqFx_j6GG9MjsQOaHIU4zWF13RYLi_5FXbEqJKj4anEW6rgWje7Mk1PolGWDYNPpRv3CNQNxpk9ySOSovAoGAFkzd"
       "BXSP_f5bAkcE95QdlPLscbqJEhMrSjdr3SCuikkY1LrUIXytKQDnDUTQbmnwhPQurF2bZCXLwEoKwcJyolAhGux7Y3NrMIbe_MgdJ-xv"
       "KEnam9_4c5in2BiSNvFRbNWYqrCCqaTrmjudQx7QQ2XQ8LSH5AtzipAgGW6kIb0"},
  }));
  CAPTURE(kind);
  CHECK(refusal_of(jeton::from_base64url(text).value()) == Code::bad_request);
}

TEST_CASE("RFC 5208 section 5: bytes that are not exactly one key are refused") {
  for (const auto* text : {forge::rfc7515_ec_key, forge::rfc7515_rsa_key}) {
    const auto good = jeton::from_base64url(text).value();
    REQUIRE(refusal_of(good) == Code::internal);
    auto bytes = good;
    bytes.push_back(0);
    CHECK(refusal_of(bytes) == Code::bad_request);
    bytes.resize(good.size() - 1);
    CHECK(refusal_of(bytes) == Code::bad_request);
    bytes.resize(3);
    CHECK(refusal_of(bytes) == Code::bad_request);
  }
}

TEST_CASE("a PKCS 8 key whose numbers do not fit together is refused") {
  // given: one bit of the secret number of P-256, and of a prime of RSA, turned over
  auto ec = jeton::from_base64url(forge::rfc7515_ec_key).value();
  ec[40] ^= 1U;
  CHECK(refusal_of(ec) == Code::bad_request);
  auto rsa = jeton::from_base64url(forge::rfc7515_rsa_key).value();
  rsa[650] ^= 1U;
  CHECK(refusal_of(rsa) == Code::bad_request);
}

TEST_CASE("private numbers lie in the secure heap and leave it with the key") {
  (void)SigningKey::generate(Algorithm::es256).sign("warm");  // OpenSSL's own random state stays there
  for (const auto algorithm : {Algorithm::es256, Algorithm::rs256}) {
    CAPTURE(jeton::name_of(algorithm));
    const auto before = jeton::secure_heap_used();
    std::optional<jeton::VerifyingKey> half;
    {
      const auto key = SigningKey::generate(algorithm);
      CHECK(jeton::secure_heap_used() >= before + 32);
      const auto with_key = jeton::secure_heap_used();
      half = key.verifying_key();
      (void)key.sign("message");
      CHECK(jeton::secure_heap_used() == with_key);
    }
    CHECK(jeton::secure_heap_used() == before);  // a copy of the public half keeps no private number
    CHECK(half->jwk().at("alg") == jeton::name_of(algorithm));
  }
}

TEST_CASE("a key whose heap may not be locked says so and works") {
  if (jeton::secure_heap_used() != 0) return jeton::outside::skipped("this process has its heap already; run it alone");
  // given: an account that may lock nothing
  const auto pid = ::fork();
  if (pid == 0) {
    const rlimit none{0, 0};
    const bool poor = ::setrlimit(RLIMIT_MEMLOCK, &none) == 0 && (::geteuid() != 0 || ::setuid(65534) == 0);
    const auto key = SigningKey::generate(Algorithm::es256);
    const bool works = key.verifying_key().verifies("message", key.sign("message"));
    ::_exit(poor && works && key.memory_locked() == kernel_locks_a_page() ? 0 : 1);
  }
  int status = -1;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  CHECK(status == 0);
}

TEST_CASE("a key whose making is given up is none and leaves nothing behind") {
  (void)SigningKey::generate(Algorithm::es256).sign("warm");
  const auto before = jeton::secure_heap_used();
  CHECK_FALSE(SigningKey::generate_rs256([] { return false; }));
  CHECK(jeton::secure_heap_used() == before);
}

TEST_CASE("every generated key is another one, signs, and cannot be used once it was moved from") {
  for (const auto algorithm : {Algorithm::es256, Algorithm::rs256}) {
    auto first = SigningKey::generate(algorithm);
    CHECK(first.verifying_key().algorithm() == algorithm);
    CHECK(first.verifying_key().kid() != SigningKey::generate(algorithm).verifying_key().kid());
    const auto moved = std::move(first);
    CHECK(moved.verifying_key().verifies("message", moved.sign("message")));
    CHECK_THROWS_AS(first.sign("message"), std::logic_error);
  }
}

TEST_CASE("RFC 7518 section 3.3: a generated RSA key has 2048 bits and the exponent 65537") {
  const auto jwk = SigningKey::generate(Algorithm::rs256).verifying_key().jwk();
  CHECK(jwk.at("e") == "AQAB");
  const auto modulus = jeton::from_base64url(jwk.at("n").get<std::string>()).value();
  CHECK(modulus.size() == 256);
  CHECK(modulus.front() >= 0x80);
}

}  // namespace
