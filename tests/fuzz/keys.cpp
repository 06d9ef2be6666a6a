// Is a key that is read from a JWK the only one that this text can mean, and does a foreign set hold nothing else?
#include "fuzz/all.hpp"
#include "jeton/foreign_keys.hpp"
#include "support/any_key.hpp"

namespace jeton::fuzz {
namespace {

/// What names a key: its public numbers, their kind and their curve.
bool names_key(const std::string& member) { return member != "kid" && member != "use" && member != "alg"; }

void hold_for_key(const VerifyingKey& key) {
  const auto jwk = key.jwk();
  const auto again = VerifyingKey::from_jwk(jwk);
  hold(again && again->kid() == key.kid(), "a key is read again as itself");
  hold(algorithm_named(jwk.at("alg").get<std::string>()) == key.algorithm(), "a key has one algorithm");
  for (const std::size_t size : {64U, 256U, 512U})
    hold(!key.verifies("text", Signature(size)), "zeros are nobody's signature");
}

void hold_for_jwk(const Json& jwk) {
  const auto key = VerifyingKey::from_jwk(jwk);
  if (!key) return hold(key.error().code == Code::bad_request, "what is no key is bad_request");
  hold_for_key(*key);
  const auto again = key->jwk();
  for (const auto& member : again.items())
    if (names_key(member.key())) hold(jwk.at(member.key()) == member.value(), "each number of a key has one spelling");
}

void hold_for_foreign_set(const Json& document) {
  const auto set = ForeignKeySet::from_jwks(document);
  if (!set) return hold(set.error().code == Code::bad_request, "what is no key set is bad_request");
  hold(set->keys().size() <= document.at("keys").size(), "a set holds no more keys than were listed");
  for (const auto& one : set->keys()) {
    hold_for_key(one.key);
    if (!one.kid) continue;
    hold(set->has(*one.kid), "a kid that is listed is found");
    hold(set->candidates(*one.kid, one.key.algorithm()).size() == 1, "a kid names one key of an algorithm");
  }
}

}  // namespace

void run_keys(Bytes input) {
  const auto document = parse_json_strictly(text_of(input));
  if (!document) return;
  hold_for_jwk(*document);
  hold_for_foreign_set(*document);
  const auto set = KeySet::from_jwks(*document);
  if (!set) return hold(set.error().code == Code::bad_request, "what is no key set is bad_request");
  const bool short_enough = document->at("keys").size() <= ForeignKeySet::entries_max;
  hold(ForeignKeySet::from_jwks(*document).has_value() == short_enough, "what is strictly a key set is leniently one");
}

std::vector<std::string> seeds_keys() {
  Json all = Json::array();
  std::vector<std::string> seeds;
  for (const auto algorithm : all_algorithms) {
    all.push_back(forge::issuer_key(algorithm).verifying_key().jwk());
    seeds.push_back(all.back().dump());
  }
  seeds.push_back(Json{{"keys", all}}.dump());
  seeds.emplace_back(R"({"keys":[{"kty":"oct","k":"AA"},{"kty":"EC","crv":"P-384"},{"kty":"RSA","alg":"PS256"}]})");
  return seeds;
}

}  // namespace jeton::fuzz
