// A key of each algorithm that is the same in every run, and tokens of them: what `forge.hpp` does for Ed25519.
#pragma once

#include <string>

#include "support/forge.hpp"

namespace jeton::forge {

/// The RSA key of RFC 7515 appendix A.2.1 and the P-256 key of appendix A.3.1, as PKCS #8. Everybody has them.
inline constexpr const char* rfc7515_rsa_key =
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCh-BYK4uPJtGXOjS1lYmM2K5J9vinh8CR3_BYlzJChNuOL2TSXxbbqY913"
    "EeZ8dCn5VrD7io8ImtxLaYk8wTM_U-3QGbh3hCUv7JFP5IV3aVlL6kKA0ywPVb9ilE8TA5a8bpvfbr3SvaNnjuygxmj3AbONv_s4yDQs4v5t"
    "J_reSlpIdJed1LnPmt7Ex1sFhSwsD174pcF1A5L5ROjtZMEQxrZHYJqkeDrrnGya11UxMFBji4NmXG9veoKjlnAqH2QbgtPr8jkiGUkftoaH"
    "LFcW9Qr4NY2ai50Xw0Byj3-H2JoY2PyrZ62EWQwuz3WTOTY8BwNNb2BvniHgVFbK5emhAgMBAAECggEAEq5xpGnNCivDflJsRQBXHx1hdR1k"
    "6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-Gj"
    "BVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb"
    "1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQKBgQDgHMQQ"
    "60imZV1URk0KpLttoLhyt3SmqdEf_kgHePDdtzEafpAu-cS191R2JiuoF2yzWXnwFDcqGigp5BNr0AHQfD8_Lk8l1Mk09jxxCfui5nYooNya"
    "c8YFjm3vItzVCVDnEd3BbVWG8qf6deqElMGAg-C2V0L4oNXnP7LZcPAZRwKBgQC5A8R-CZW2MvRTLLHzwZkUXV866cff7tx6kqa0finGG0Kg"
    "eqlaZPxgCZnFp7AeAcCMtiynVlJ7vMVgePsLq6XtON4tB5kP9jAPrq3rbAOal78eUH5OcED6eNuCV8ixEu1eWcPNCS_l1OW1EnXUEoEHKl54"
    "Xrrz2uNwkgMTP1FZ1wKBgAcCn1dwJKufzBWQxWQp1vsM5fggqPN1qGb5y0MAk3g7_Ls5bkUp5u9SN0Ai3Ya6hNnvWJMb7sXQX6U_zyO2M_hT"
    "ip7tUeh7CXgwo59dkpN75gJLVds29-DAncu3KXU4f2Fa-7bLNrur53k8KwPOq2bbuTG69QtV7Jr5MR0AHWKNAoGBAIf_evpitUf-4JYbLpvN"
    "XWcY052Mpz22aR84mY3nh3F2LF2mjMJDpTg7FmuyPcVw6EcGyoAe9fa65iNqCq-jdw6PVNGo2hxfjSiZ8IIzHdsPXI89__pMjZcQK9r-CCoR"
    "jaZjOYiIDktVWZzmevJuv6WywUqd57LE3Zar3dLSIkx1AoGAIYd7DHOhrWvxkwPQsRM2tOgrjbcrfvtQJipd-DlcxyVuuM9sQLdgjVk2oy26"
    "F0EmpScGLq2MowX7fhd_QJQ3ydy5cY7YIBi87w93IKLEdfnbJtoOPLUW0ITrJReOgo1cq9SbsxYawBgfp_gh6A5603k2-ZQwVK0JKSHuLFku"
    "Q3U";
inline constexpr const char* rfc7515_ec_key =
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LKhRANCAAR_zc4ncPbE"
    "XUGDy-5v20t7WAczNXvp7xO6z248e9FURcfxRM0bvZt-hyzf7bnuufSzaV1uqQskrYpGIyiFiOWt";

inline SigningKey key_of_pkcs8(std::string_view text) {
  const auto bytes = from_base64url(text).value();
  Secret der(bytes.size());
  std::copy(bytes.begin(), bytes.end(), der.writable().begin());
  return SigningKey::from_pkcs8(der).value();
}

/// The issuer's key of this algorithm.
inline const SigningKey& issuer_key(Algorithm algorithm) {
  static const auto rsa = key_of_pkcs8(rfc7515_rsa_key), ec = key_of_pkcs8(rfc7515_ec_key);
  if (algorithm == Algorithm::rs256) return rsa;
  return algorithm == Algorithm::es256 ? ec : issuer_key();
}

/// All three in one set, as a daemon shows them.
inline KeySet keys_of_all() {
  std::vector<VerifyingKey> keys;
  for (const auto algorithm : all_algorithms) keys.push_back(issuer_key(algorithm).verifying_key());
  return KeySet(std::move(keys));
}

/// A good header for this key after a merge patch, and a token with it over the good payload.
inline std::string header_of(const SigningKey& key, std::string_view patch = "{}") {
  const auto& half = key.verifying_key();
  return patched(Json{{"typ", "at+jwt"}, {"alg", name_of(half.algorithm())}, {"kid", half.kid()}}, patch);
}
inline std::string token_of(const SigningKey& key, std::string_view header_patch = "{}",
                            std::string_view payload_patch = "{}") {
  return signed_token(header_of(key, header_patch), payload_with(payload_patch), key);
}

/// (r, n - s) in the place of (r, s): the other of the two ES256 signatures that verify.
inline Signature twin_of(Signature signature) {
  static constexpr std::array<unsigned char, 32> order = {
      0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
  int borrow = 0;
  for (std::size_t i = order.size(); i-- > 0;) {
    const int difference = order[i] - signature[32 + i] - borrow;
    borrow = difference < 0 ? 1 : 0;
    signature[32 + i] = static_cast<unsigned char>(difference + 256 * borrow);
  }
  return signature;
}

}  // namespace jeton::forge
