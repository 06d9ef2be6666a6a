// Bounded by what was minted in the last two minutes.
#include "exchange/minted_tokens.hpp"

#include <algorithm>

namespace jeton {

bool MintedTokens::Entry::acts_for(const std::function<bool(const CallAbove&)>& wanted) const {
  return above != nullptr && std::any_of(above->begin(), above->end(), wanted);
}

MintedTokens::SharedOwner MintedTokens::owner(Owner owner) {
  auto& known = owners_[owner];
  if (auto shared = known.lock()) return shared;
  auto made = std::make_shared<const Owner>(std::move(owner));
  known = made;
  return made;
}

const MintedTokens::Entry* MintedTokens::find(const Jti& jti) const {
  const auto found = entries_.find(jti);
  return found == entries_.end() ? nullptr : &found->second;
}

std::optional<Jti> MintedTokens::with_hash(const Sha256& sha256) const {
  const auto found = by_hash_.find(sha256);
  return found == by_hash_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<Jti> MintedTokens::live(std::int64_t now_boot_us, const Wanted& wanted, bool or_ending) const {
  std::vector<Jti> found;
  for (const auto& [jti, entry] : entries_) {
    const bool live = entry.state == State::live || (or_ending && entry.state == State::ending);
    if (live && now_boot_us < entry.deadline_boot_us && wanted(entry)) found.push_back(jti);
  }
  return found;
}

void MintedTokens::remember(const Jti& jti, const Entry& entry) {
  entries_.insert_or_assign(jti, entry);
  by_hash_.insert_or_assign(entry.sha256, jti);
  steps_.push_back({jti, true});
}

void MintedTokens::end(const Jti& jti, const std::optional<Burn>& burn) {
  const auto found = entries_.find(jti);
  if (found == entries_.end() || found->second.state == State::revoked) return;
  found->second.state = State::ending;
  steps_.push_back({jti, false, burn});
}

std::set<Jti> MintedTokens::settle(bool durable) {
  std::set<Jti> forgotten;
  if (durable) {
    for (const auto& step : steps_) {
      const auto found = entries_.find(step.jti);
      if (step.minted || found == entries_.end()) continue;
      if (step.burn) found->second.burned = step.burn;
      if (found->second.state == State::ending) found->second.state = State::ended;
    }
  } else {
    for (const auto& step : steps_)
      if (step.minted) forgotten.insert(step.jti);
    take_back(0);
  }
  steps_.clear();
  return forgotten;
}

void MintedTokens::take_back(std::size_t steps) {
  for (; steps_.size() > steps; steps_.pop_back()) {
    const auto found = entries_.find(steps_.back().jti);
    if (found == entries_.end()) continue;
    if (steps_.back().minted) {
      by_hash_.erase(found->second.sha256);
      entries_.erase(found);
    } else if (found->second.state == State::ending) {
      found->second.state = found->second.burned ? State::ended : State::live;
    }
  }
}

void MintedTokens::revoke(const Jti& jti) {
  if (const auto found = entries_.find(jti); found != entries_.end()) found->second.state = State::revoked;
}

void MintedTokens::forget_expired(std::int64_t now_boot_us) {
  std::erase_if(entries_, [&](const auto& entry) {
    const bool over = entry.second.deadline_boot_us <= now_boot_us;
    if (over) by_hash_.erase(entry.second.sha256);
    return over;
  });
  std::erase_if(owners_, [](const auto& owner) { return owner.second.expired(); });
}

}  // namespace jeton
