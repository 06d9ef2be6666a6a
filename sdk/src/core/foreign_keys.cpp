// Which entries of a foreign key set are keys of ours, and which are none of our business.
#include "jeton/foreign_keys.hpp"

#include <algorithm>

#include "core/jwk.hpp"

namespace jeton {
namespace {

tl::unexpected<Error> no_key_set(std::string_view why) {
  return refuse(Code::bad_request, "not a usable JWK Set: " + std::string(why));
}

bool is_for_use(const Json& jwk, std::string_view use) {
  if (!jwk.contains("use")) return use == "sig";
  const auto* said = text_member(jwk, "use");
  return said != nullptr && *said == use;
}

/// RFC 7517 section 4.3: others list more than they must.
bool may_verify(const Json& jwk) {
  const auto operations = jwk.find("key_ops");
  if (operations == jwk.end()) return true;
  return operations->is_array() && std::find(operations->begin(), operations->end(), "verify") != operations->end();
}

/// An alg that is not the key's own, or no text, is another algorithm's.
bool has_algorithm_of(const Json& jwk, const VerifyingKey& key) {
  if (!jwk.contains("alg")) return true;
  const auto* alg = text_member(jwk, "alg");
  return alg != nullptr && algorithm_named(*alg) == key.algorithm();
}

/// The key of one entry, or nothing where it is to be passed over.
std::optional<ForeignKey> read_entry(const Json& jwk, std::string_view use) {
  if (!is_for_use(jwk, use) || !may_verify(jwk)) return std::nullopt;
  auto key = read_public_numbers(jwk);
  if (!key || !has_algorithm_of(jwk, *key)) return std::nullopt;
  const auto* kid = text_member(jwk, "kid");
  if (jwk.contains("kid") && kid == nullptr) return std::nullopt;
  return ForeignKey{kid == nullptr ? std::nullopt : std::optional(*kid), std::move(*key)};
}

}  // namespace

Result<ForeignKeySet> ForeignKeySet::from_jwks(const Json& document, std::string_view use) {
  if (!document.is_object()) return no_key_set("it is no JSON object; write {\"keys\": [...]}");
  const auto listed = document.find("keys");
  if (listed == document.end() && document.contains("kty"))
    return no_key_set("it is one key; write {\"keys\": [...]} around it");
  if (listed == document.end() || !listed->is_array()) return no_key_set("it has no member keys that is an array");
  if (listed->size() > entries_max) return no_key_set("it has more than 256 entries");

  ForeignKeySet set;
  for (const auto& jwk : *listed) {
    if (!jwk.is_object()) return no_key_set("an entry is no JSON object");
    if (is_for_another_algorithm(jwk)) continue;
    if (has_private_member(jwk)) return no_key_set("it publishes a private key; its issuer must make a new one");
    auto entry = read_entry(jwk, use);
    if (!entry) continue;
    const auto same_name = std::find_if(set.keys_.begin(), set.keys_.end(), [&](const ForeignKey& known) {
      return known.kid == entry->kid && known.kid && known.key.algorithm() == entry->key.algorithm();
    });
    if (same_name == set.keys_.end())
      set.keys_.push_back(std::move(*entry));
    else if (same_name->key.kid() != entry->key.kid())  // not the same key once more
      return no_key_set("two different keys of one algorithm have one kid");
  }
  return set;
}

std::vector<const VerifyingKey*> ForeignKeySet::candidates(std::optional<std::string_view> kid,
                                                           Algorithm algorithm) const {
  std::vector<const VerifyingKey*> found;
  for (const auto& one : keys_)
    if (one.key.algorithm() == algorithm && (!kid || one.kid == kid)) found.push_back(&one.key);
  return found;
}

bool ForeignKeySet::has(std::string_view kid) const {
  return std::any_of(keys_.begin(), keys_.end(), [&](const ForeignKey& one) { return one.kid == kid; });
}

}  // namespace jeton
