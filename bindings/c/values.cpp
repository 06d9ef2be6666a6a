// Canonical JSON, digests, ids, keys and tokens for C: no I/O.
#include "boundary.hpp"

#include "jeton/id.hpp"
#include "jeton/token.hpp"

using namespace jeton;
using namespace jeton::abi;

struct jeton_keys {
  KeySet keys;
};
struct jeton_key {
  SigningKey key;
};

namespace {

Result<std::string> token_content(std::string_view compact) {
  const auto token = UnverifiedToken::parse(compact);
  if (!token) return refuse(token.error());
  return canonical_json({{"kid", token->kid()}, {"claims", token->claims_before_verification().json()}});
}

/// In the order of tests/vectors: form, arguments, genuineness, expectation, time.
Result<std::string> verified_claims(std::string_view compact, const KeySet& keys, Expectation expected,
                                    std::string_view arguments, const int64_t* now_s) {
  auto token = UnverifiedToken::parse(compact);
  if (!token) return refuse(token.error());
  const auto json = read_arguments(arguments);
  if (!json) return refuse(json.error());
  const auto digest = args_digest(expected.tool, *json);
  if (!digest) return refuse(digest.error());
  expected.digest = *digest;
  auto genuine = GenuineToken::verify(std::move(*token), keys);
  if (!genuine) return refuse(genuine.error());
  const auto verified = VerifiedToken::check(std::move(*genuine), expected);
  if (!verified) return refuse(verified.error());
  if (now_s != nullptr) {
    constexpr std::int64_t us_per_s = 1'000'000, farthest_s = std::int64_t{1} << 40;
    if (*now_s > farthest_s || *now_s < -farthest_s) return refuse(Code::bad_request, "the clock is out of range");
    if (const auto in_time = verified->in_time(*now_s * us_per_s); !in_time) return refuse(in_time.error());
  }
  return canonical_json(verified->claims().json());
}

}  // namespace

jeton_code jeton_random_id(jeton_buffer** id, jeton_error** error) {
  return give(id, error, []() -> Result<std::string> { return random_id(); });
}

jeton_code jeton_json_canonical(const char* json, size_t json_size, jeton_buffer** canonical, jeton_error** error) {
  return give(canonical, error, [&]() -> Result<std::string> {
    const auto parsed = parse_json(text(json, json_size), Code::bad_arguments, {.bytes = 64 << 20});
    if (!parsed) return refuse(parsed.error());
    return canonical_json(*parsed);
  });
}

jeton_code jeton_body_canonical(const char* body, size_t body_size, jeton_buffer** canonical, jeton_error** error) {
  return give(canonical, error, [&]() -> Result<std::string> {
    const auto parsed = read_object(text(body, body_size));
    if (!parsed) return refuse(parsed.error());
    return canonical_json(*parsed);
  });
}

jeton_code jeton_args_digest(const char* tool, size_t tool_size, const char* arguments, size_t arguments_size,
                             jeton_buffer** digest, jeton_error** error) {
  return give(digest, error, [&]() -> Result<std::string> {
    const auto json = read_arguments(text(arguments, arguments_size));
    if (!json) return refuse(json.error());
    return args_digest(text(tool, tool_size), *json).map([](const ArgsDigest& made) { return made.text(); });
  });
}

jeton_code jeton_keys_read(const char* jwks, size_t jwks_size, jeton_keys** keys, jeton_error** error) {
  return give(keys, error, [&]() -> Result<KeySet> {
    const auto document = read_object(text(jwks, jwks_size));
    if (!document) return refuse(document.error());
    return KeySet::from_jwks(*document);
  });
}
int jeton_keys_has(const jeton_keys* keys, const char* kid, size_t kid_size) {
  if (keys == nullptr || kid == nullptr) return 0;
  return keys->keys.find({kid, kid_size}) != nullptr ? 1 : 0;
}
void jeton_keys_free(jeton_keys* keys) { delete keys; }

jeton_code jeton_token_read_unverified(const char* token, size_t token_size, jeton_buffer** content,
                                       jeton_error** error) {
  return give(content, error, [&] { return token_content(text(token, token_size)); });
}

jeton_code jeton_token_verify(const char* token, size_t token_size, const jeton_keys* keys, const char* issuer,
                              size_t issuer_size, const char* server, size_t server_size, const char* tool,
                              size_t tool_size, const char* arguments, size_t arguments_size, const int64_t* now_s,
                              jeton_buffer** claims, jeton_error** error) {
  return give(claims, error, [&] {
    Expectation expected{std::string(text(issuer, issuer_size)), std::string(text(server, server_size)),
                         std::string(text(tool, tool_size)), ArgsDigest{}};
    return verified_claims(text(token, token_size), at(keys).keys, std::move(expected), text(arguments, arguments_size),
                           now_s);
  });
}

jeton_code jeton_key_generate(jeton_key** key, jeton_error** error) {
  return give(key, error, []() -> Result<SigningKey> { return SigningKey::generate(); });
}

jeton_code jeton_key_jwk(const jeton_key* key, jeton_buffer** jwk, jeton_error** error) {
  return give(jwk, error, [&] { return canonical_json(at(key).key.verifying_key().jwk()); });
}

jeton_code jeton_key_sign(const jeton_key* key, const char* claims, size_t claims_size, jeton_buffer** token,
                          jeton_error** error) {
  return give(token, error, [&]() -> Result<std::string> {
    const auto json = read_object(text(claims, claims_size));
    if (!json) return refuse(json.error());
    const auto read = TokenClaims::from_json(*json);
    if (!read) return refuse(read.error());
    return sign_token(*read, at(key).key).expose_for_transport();
  });
}
void jeton_key_free(jeton_key* key) { delete key; }
