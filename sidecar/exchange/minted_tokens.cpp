// Bounded by what was minted in the last two minutes.
#include "exchange/minted_tokens.hpp"

namespace jeton {

void MintedTokens::remember(const Jti& jti, const Entry& entry) { entries_.insert_or_assign(jti, entry); }

const MintedTokens::Entry* MintedTokens::find(const Jti& jti) const {
  const auto found = entries_.find(jti);
  return found == entries_.end() ? nullptr : &found->second;
}

void MintedTokens::note_burned(const Jti& jti, const Burn& burn) {
  if (const auto found = entries_.find(jti); found != entries_.end()) found->second.burned = burn;
}

void MintedTokens::forget_expired(std::int64_t now_boot_us) {
  std::erase_if(entries_, [now_boot_us](const auto& entry) { return entry.second.deadline_boot_us <= now_boot_us; });
}

}  // namespace jeton
