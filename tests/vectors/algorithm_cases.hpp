// The token vectors of ES256 and RS256, and of keys and headers that do not agree.
#pragma once

#include <string>

#include "support/any_key.hpp"
#include "vectors/token_case.hpp"

namespace jeton::vectors {

/// ES256 signatures are random; this one was made once, for the good claims under the key of RFC 7515 appendix A.3.
inline constexpr const char* es256_signature =
    "6BtRuntmsO-b6pQz2RRmJHBzT8UHSycjpSoU6_MQj8UsOSMhVrtmyALGANXrHtK1B4GT_Oa9Vv7RZpJVe3yrqA";
/// What RFC 7515's RSA key makes of a PKCS #1 v1.5 block for the good claims with eight bytes of padding, the digest,
/// and 194 bytes of garbage behind it.
inline constexpr const char* rs256_garbage =
    "fX7e_4vvECRkg0HyPvOVAeiBNFvW18sK_CfporWNfBGU3ujcqgjjcMp1Z9grRS5WUyYQuRwoGjvieVpiUwTmVuirVXJNgzJaRS24-PJNq_r6"
    "S9-GipfrImP2HbnE7nZMhbywW_negFJLtbj60LjfWCh-OXbtC3gUUqXAnVKmTSi8W2gPH0sIrkoNHv1PprLxOS9xqbFOd3pZKKBCxySK9h9F"
    "yaWrD10ze7niONvb36rVYGvdvwjeHfw7GW7t39mnVul2O6Alph8tUsXQFl1QP_BTesPRyC94wkQF06avRVAJcASfZRpdz8qzpQxvzXr_wkXO"
    "aHCiRAXVm3fdz1_qPA";

/// Header and payload as the issuer writes them.
inline std::string signing_input(Algorithm algorithm) {
  const auto parts =
      forge::parts_of(sign_token(forge::good_claims(), forge::issuer_key(algorithm)).expose_for_transport());
  return parts.header + "." + parts.payload;
}

inline void add_es256(Cases& cases, const Json& jwks) {
  const auto add = [&](const char* name, const char* result, const Signature& signature) {
    const auto token = signing_input(Algorithm::es256) + "." + base64url(signature);
    cases.push_back({.name = name, .result = result, .token = token, .jwks = jwks});
  };
  const auto good = from_base64url(es256_signature).value();
  const auto with = [&](std::size_t at, std::initializer_list<unsigned char> bytes) {
    auto changed = good;
    std::copy(bytes.begin(), bytes.end(), changed.begin() + static_cast<std::ptrdiff_t>(at));
    return changed;
  };
  auto zero_r = good, zero_s = good, longer = good;
  std::fill(zero_r.begin(), zero_r.begin() + 32, 0);
  std::fill(zero_s.begin() + 32, zero_s.end(), 0);
  longer.push_back(0);
  const std::initializer_list<unsigned char> order = {0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
                                                      0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
                                                      0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
  Signature der{0x30, 0x44, 0x02, 0x20};
  der.insert(der.end(), good.begin(), good.begin() + 32);
  der.insert(der.end(), {0x02, 0x20});
  der.insert(der.end(), good.begin() + 32, good.end());

  add("ES256", "ok", good);
  add("ES256 with the higher of the two signatures", "bad_signature", forge::twin_of(good));
  add("ES256 with r of zero", "bad_signature", zero_r);
  add("ES256 with s of zero", "bad_signature", zero_s);
  add("ES256 with r of n", "bad_signature", with(0, order));
  add("ES256 with s of n", "bad_signature", with(32, order));
  add("ES256 with one bit changed", "bad_signature", with(0, {static_cast<unsigned char>(good[0] ^ 1U)}));
  add("ES256 with a signature of zeros", "bad_signature", Signature(64));
  add("ES256 with a signature as ASN.1", "bad_token", der);
  add("ES256 with a signature of 63 bytes", "bad_token", Signature(good.begin(), good.end() - 1));
  add("ES256 with a signature of 65 bytes", "bad_token", longer);
}

inline void add_rs256(Cases& cases, const Json& jwks) {
  const auto add = [&](const char* name, const char* result, const std::string& signature) {
    const auto token = signing_input(Algorithm::rs256) + "." + signature;
    cases.push_back({.name = name, .result = result, .token = token, .jwks = jwks});
  };
  const auto good = forge::issuer_key(Algorithm::rs256).sign(signing_input(Algorithm::rs256));
  auto longer = good, changed = good;
  longer.insert(longer.begin(), 0);
  changed[7] ^= 1U;

  add("RS256", "ok", base64url(good));
  add("RS256 with garbage behind the digest", "bad_signature", rs256_garbage);
  add("RS256 with one bit changed", "bad_signature", base64url(changed));
  add("RS256 with a signature of ones", "bad_signature", base64url(Signature(256, 0xff)));
  add("RS256 with a zero before the signature", "bad_signature", base64url(longer));
  add("RS256 with a signature of 255 bytes", "bad_token", base64url(Signature(good.begin() + 1, good.end())));
  add("RS256 with a signature of 513 bytes", "bad_token", base64url(Signature(513, 7)));
  add("RS256 with trailing bits of the signature", "bad_token", forge::trailing_bit_variants(base64url(good)).front());
}

/// A header that says another algorithm than the key has, in every direction; each signed by the key that `kid` names.
inline void add_disagreements(Cases& cases, const Json& jwks) {
  const auto add = [&](std::string name, const char* result, std::string token) {
    cases.push_back({.name = std::move(name), .result = result, .token = std::move(token), .jwks = jwks});
  };
  const auto& rsa = forge::issuer_key(Algorithm::rs256);
  add("alg Ed25519", "ok", forge::token_of(forge::issuer_key(), R"({"alg":"Ed25519"})"));
  add("alg ES256 and an Ed25519 key", "bad_signature", forge::token_of(forge::issuer_key(), R"({"alg":"ES256"})"));
  add("alg RS256 and an Ed25519 key", "bad_token", forge::token_of(forge::issuer_key(), R"({"alg":"RS256"})"));
  add("alg EdDSA and an RSA key", "bad_token", forge::token_of(rsa, R"({"alg":"EdDSA"})"));
  add("alg ES256 and an RSA key", "bad_token", forge::token_of(rsa, R"({"alg":"ES256"})"));
  add("alg Ed25519 and an RSA key", "bad_token", forge::token_of(rsa, R"({"alg":"Ed25519"})"));
  for (const auto* alg : {"none", "HS256", "RS512", "PS256", "rs256"})
    add(std::string("alg ") + alg + " and an RSA key", "bad_token", forge::token_of(rsa, Json{{"alg", alg}}.dump()));
  const auto ec_kid = forge::issuer_key(Algorithm::es256).verifying_key().kid();
  add("alg RS256, signed by the RSA key, under the kid of the P-256 key", "bad_signature",
      forge::token_of(rsa, Json{{"kid", ec_kid}}.dump()));
  const auto hmac_input =
      forge::encoded(forge::header_of(rsa, R"({"alg":"HS256"})")) + "." + forge::encoded(forge::payload_with());
  const auto secret = rsa.verifying_key().jwk().at("n").get<std::string>();
  add("HS256 with the modulus", "bad_token",
      hmac_input + "." + base64url(hmac_sha256(as_bytes(secret), as_bytes(hmac_input))));
}

inline void add_algorithms(Cases& cases) {
  Json jwks{{"keys", Json::array()}};
  for (const auto algorithm : all_algorithms)
    jwks["keys"].push_back(forge::issuer_key(algorithm).verifying_key().jwk());
  add_es256(cases, jwks);
  add_rs256(cases, jwks);
  add_disagreements(cases, jwks);
}

}  // namespace jeton::vectors
