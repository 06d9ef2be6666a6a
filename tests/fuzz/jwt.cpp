// Does a text that passes for somebody else's JWT have one reading, and does a stranger's key ever make it genuine?
#include <algorithm>

#include "fuzz/all.hpp"
#include "identity/brought_jwt.hpp"
#include "support/foreign_issuer.hpp"
#include "support/forge.hpp"

namespace jeton::fuzz {
namespace {

const SigningKey& known() {
  static const auto key = forge::key_named("a known issuer");
  return key;
}

ForeignKeySet keys_of(const SigningKey& key) {
  return ForeignKeySet::from_jwks(Json{{"keys", {testing::jwk_of(key, "a")}}}).value();
}

bool is_text(const std::string& text) {
  return !text.empty() && std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 0x7F; });
}

void hold_for_claims(const JwtClaims& claims) {
  hold(is_text(claims.sub) && claims.sub.size() <= 512, "a sub is printable and short");
  hold(!claims.aud.empty() && std::all_of(claims.aud.begin(), claims.aud.end(), is_text), "an aud is for somebody");
  hold(claims.exp > claims.iat.value_or(-1) && claims.exp > claims.nbf.value_or(-1), "a JWT ends after it began");
  hold(claims.all.is_object() && claims.all.at("sub") == claims.sub, "what is read is what is there");
  for (const auto* text : {&claims.iss, &claims.jti}) hold(!*text || is_text(**text), "names are printable");
  for (const std::int64_t now_us : {std::int64_t{0}, std::int64_t{1'790'000'000} * 1'000'000, INT64_MAX})
    if (claims.in_time(now_us, 3600))
      hold(claims.exp > now_us / 1'000'000 - jwt_skew_s, "an expired JWT is not in time");
}

}  // namespace

void run_jwt(Bytes input) {
  static const auto known_keys = keys_of(known()), strangers = keys_of(forge::key_named("a fuzzer's own key"));
  const auto text = text_of(input);
  const BroughtJwt brought{std::string(text)};
  const auto& jwt = brought.form();
  if (!jwt) return hold(jwt.error().code == Code::bad_token, "what is no JWT is refused as one");
  hold(text.size() <= jwt_bytes_max && std::count(text.begin(), text.end(), '.') == 2, "a JWT has three parts");
  hold_for_claims((*jwt)->claims_before_verification());
  const auto stranger = GenuineJwt::verify(*jwt, strangers);
  hold(!stranger && (stranger.error().code == Code::bad_signature || stranger.error().code == Code::unknown_key),
       "a stranger's key makes no JWT genuine");
  if (const auto genuine = GenuineJwt::verify(*jwt, known_keys)) {
    const auto seeds = seeds_jwt();
    hold(std::find(seeds.begin(), seeds.end(), text) != seeds.end(),
         "only what was signed is genuine, in one spelling");
  }
}

std::vector<std::string> seeds_jwt() {
  const Json claims{{"iss", "https://ci.example"}, {"sub", "repo:acme/app"}, {"aud", "https://jeton.example"},
                    {"iat", 1'790'000'000},        {"exp", 1'790'000'300},   {"jti", "1"}};
  return {testing::jwt(claims, known(), "a"), testing::jwt(claims, known(), ""),
          testing::jwt(claims, known(), "a", {{"typ", nullptr}, {"x5t", "b"}}),
          testing::jwt(testing::patched(claims, {{"aud", {"a", "b"}}, {"nbf", 1'790'000'000}, {"a", {{"b", {1}}}}}),
                       known(), "a"),
          testing::jwt(claims, known(), "a", {{"alg", "Ed25519"}})};
}

}  // namespace jeton::fuzz
