// Key sets whose keys come with a chain: which of them a pinned root vouches for, and for how long.
#include <algorithm>

#include "core/jwk.hpp"
#include "jeton/domain.hpp"

namespace jeton {
namespace {

bool is_good(const Certified& certified, std::int64_t wall_us) {
  constexpr std::int64_t us_per_second = 1'000'000;
  const auto now_s = wall_us / us_per_second;
  return certified.from_s - certificate_skew_s <= now_s && now_s < certified.until_s + certificate_skew_s;
}

struct CertifiedKey {
  VerifyingKey key;
  Certified certified;
};

/// Of an entry with a chain.
Result<CertifiedKey> read_certified(const Json& jwk, const Json& chain, const DomainRoot& root, std::int64_t wall_us) {
  auto key = VerifyingKey::from_jwk(jwk);
  if (!key) return refuse(key.error());
  auto certified = verify_chain(*key, chain, root, wall_us);
  if (!certified) return refuse(certified.error());
  return CertifiedKey{std::move(*key), std::move(*certified)};
}

}  // namespace

Result<KeySet> KeySet::from_certified_jwks(const Json& document, const DomainRoot& root, std::int64_t wall_us) {
  const auto listed = document.is_object() ? document.find("keys") : document.end();
  if (!document.is_object() || listed == document.end() || !listed->is_array())
    return refuse(Code::bad_request, "a key set is a JSON object with the member keys, an array");
  if (listed->size() > certified_entries_max)
    return refuse(Code::bad_request, "the key set has more than 64 entries; fetch that of one daemon");
  KeySet set;
  Error first{Code::unknown_key, "no key of the set has a chain; its daemon has no certificate of this domain"};
  bool found_chain = false;
  for (const auto& jwk : *listed) {
    if (!jwk.is_object()) return refuse(Code::bad_request, "an entry of the key set is no JSON object");
    const auto chain = jwk.find(chain_member);
    if (chain == jwk.end()) continue;
    auto read = read_certified(jwk, *chain, root, wall_us);
    if (!read && !found_chain) first = read.error();
    found_chain = true;
    if (!read) continue;
    if (set.find(read->key.kid()) != nullptr) return refuse(Code::bad_request, "two keys of the set have one kid");
    set.add(std::move(read->key), std::move(read->certified));
  }
  if (set.keys_.empty()) return refuse(std::move(first));
  return set;
}

const Certified* KeySet::certified(std::string_view kid) const {
  const auto found = certified_.find(kid);
  return found == certified_.end() ? nullptr : &found->second;
}

KeySet KeySet::in_time(std::int64_t wall_us) const {
  KeySet good;
  for (const auto& key : keys_) {
    const auto* certified = this->certified(key.kid());
    if (certified == nullptr || is_good(*certified, wall_us))
      good.add(key, certified == nullptr ? std::nullopt : std::optional(*certified));
  }
  return good;
}

Result<KeySet> KeySet::with(const KeySet& other) const {
  auto all = other;
  for (const auto& key : keys_) {
    if (all.find(key.kid()) != nullptr) continue;
    const auto* certified = this->certified(key.kid());
    all.add(key, certified == nullptr ? std::nullopt : std::optional(*certified));
  }
  if (all.keys_.size() > certified_keys_max)
    return refuse(Code::bad_request, "more than 1024 keys; give the keys of fewer daemons");
  return all;
}

void KeySet::add(VerifyingKey key, std::optional<Certified> certified) {
  if (certified) certified_.insert_or_assign(key.kid(), std::move(*certified));
  keys_.push_back(std::move(key));
}

}  // namespace jeton
