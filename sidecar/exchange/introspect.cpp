// What a token is worth, asked without spending it.
#include "exchange/exchange.hpp"
#include "jeton/base64url.hpp"

namespace jeton {
namespace {

/// The claims of a text that is known to be a token of ours: what stands between its dots is what we wrote there.
std::optional<std::string> payload_of(std::string_view token) {
  const auto first = token.find('.'), last = token.rfind('.');
  if (first == token.npos || first == last) return std::nullopt;
  const auto bytes = from_base64url(token.substr(first + 1, last - first - 1));
  if (!bytes) return std::nullopt;
  return std::string(bytes->begin(), bytes->end());
}

}  // namespace

std::optional<Jti> Exchange::live_token(std::string_view text) const {
  return text.size() > token_bytes_max ? std::nullopt : minted_.with_hash(sha256(text));
}

std::optional<std::string> Exchange::introspect(const Caller& caller, std::string_view text) const {
  // Only what this process minted can be redeemed, and only here: memory says what is active.
  const auto jti = live_token(text);
  const auto* entry = jti ? minted_.find(*jti) : nullptr;
  if (entry == nullptr || entry->state != MintedTokens::State::live || entry->burned ||
      parts_.clock.boot_us() >= entry->deadline_boot_us)
    return std::nullopt;
  const auto* server = parts_.roles.server_named(entry->owner->server);
  if (server == nullptr || !parts_.roles.may_act_for(*server, caller)) return std::nullopt;
  if (log_may_know_more_ && parts_.store.spent(*jti)) return std::nullopt;
  return payload_of(text);
}

}  // namespace jeton
