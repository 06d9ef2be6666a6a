// What a token is worth, asked without spending it.
#include "exchange/exchange.hpp"

namespace jeton {

std::optional<Jti> Exchange::live_token(std::string_view text) const {
  const auto token = UnverifiedToken::parse(text);
  if (!token) return std::nullopt;
  const auto& jti = token->claims_before_verification().jti;
  const auto* entry = minted_.find(jti);
  if (entry == nullptr || !GenuineToken::recognise(*token, entry->sha256)) return std::nullopt;
  return jti;
}

std::optional<TokenClaims> Exchange::introspect(const Caller& caller, std::string_view text) const {
  // Only what this process minted can be redeemed, so memory alone says what is active.
  const auto jti = live_token(text);
  if (!jti) return std::nullopt;
  const auto* entry = minted_.find(*jti);
  if (entry->state != MintedTokens::State::live || entry->burned || parts_.clock.boot_us() >= entry->deadline_boot_us)
    return std::nullopt;
  auto claims = UnverifiedToken::parse(text)->claims_before_verification();
  const auto* server = parts_.roles.server_named(claims.aud);
  if (server == nullptr || !parts_.roles.may_act_for(*server, caller)) return std::nullopt;
  // An older log that was put back could call it unspent; a newer one that knows it spent has the last word.
  if (parts_.store.spent(*jti)) return std::nullopt;
  return claims;
}

}  // namespace jeton
