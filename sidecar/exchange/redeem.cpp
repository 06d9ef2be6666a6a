// Redemption: verify before burn, at most once for ever, and the same answer for the same redeemer.
#include <fmt/core.h>

#include "exchange/exchange.hpp"

namespace jeton {
namespace {

/// The server identity is its entry and the account, not the process: a redeemer may restart and ask again.
bool same_redeemer(const Event& first, const Caller& caller, const std::string& server, const RedemptionKey& key) {
  return first.redemption == key && first.uid == caller.account() && first.server == server;
}

}  // namespace

Result<Redeemed> Exchange::redeem(const Caller& caller, const RedeemRequest& request) {
  Refusal about{Verb::redeem};
  about.server = request.server;
  about.tool = request.call.tool;
  const auto token = UnverifiedToken::parse(request.token);
  if (!token) return refuse(refused(caller, token.error(), about));
  about.token_sha256 = token->sha256();

  auto known = genuine(*token);
  if (!known) return refuse(refused(caller, known.error(), about));
  about.txn = known->claims().txn;
  about.jti = known->claims().jti;
  about.attempt = known->claims().attempt;
  auto redeemed = redeem_genuine(caller, request, std::move(*known), about);
  if (!redeemed) return refuse(refused(caller, redeemed.error(), about));
  return redeemed;
}

Result<GenuineToken> Exchange::genuine(const UnverifiedToken& token) const {
  const auto& jti = token.claims_before_verification().jti;
  if (const auto* minted = minted_.find(jti))
    if (auto known = GenuineToken::recognise(token, minted->sha256)) return std::move(*known);
  if (parts_.keyring.key_set().find(token.kid()) != nullptr)
    return GenuineToken::verify(token, parts_.keyring.key_set());
  // Of an earlier process. The log never proves a token genuine; it can only repeat what was already answered.
  if (const auto spent = parts_.store.spent(jti); spent && spent->token_sha256)
    if (auto known = GenuineToken::recognise(token, *spent->token_sha256)) return std::move(*known);
  return refuse(Code::unknown_key,
                "no current key signed this token: jetond restarted, or another one made it; mint a new one");
}

Result<Redeemed> Exchange::redeem_genuine(const Caller& caller, const RedeemRequest& request, GenuineToken token,
                                          Refusal& about) {
  if (token.claims().iss != parts_.issuer) return refuse(Code::wrong_issuer, "the token names another issuer");
  const auto* server = parts_.roles.server_named(request.server);
  if (server == nullptr)
    return refuse(Code::unknown_server,
                  fmt::format("{} is not configured; add a [[server]] with this url", request.server));
  if (!parts_.roles.may_act_for(*server, caller)) {
    if (!parts_.roles.knows(caller))
      return refuse(Code::unknown_agent, words_for(caller) + " matches no [[server]] and no [[agent]]");
    return refuse(Code::wrong_role,
                  words_for(caller) + " may not act for this server; see its match, keys or certificate");
  }
  if (server->offline)
    return refuse(
        Code::wrong_role,
        fmt::format("{} verifies offline: redeem in its own replay store, and report the outcome here", server->url));
  auto verified =
      VerifiedToken::check(std::move(token), {parts_.issuer, request.server, request.call.tool, request.call.digest});
  if (!verified) return refuse(verified.error());

  const auto& claims = verified->claims();
  const auto key = redemption_key(request.redemption_id);
  const auto call = Call::from(parts_.store.story(claims.txn));
  const auto* attempt = call ? call->attempt_of(claims.jti) : nullptr;
  if (const auto first = parts_.store.spent(claims.jti)) {
    const bool in_window = parts_.clock.wall_us() / us_per_s < claims.exp + repeat_window_s;
    if (first->token_sha256 == verified->sha256() && same_redeemer(*first, caller, claims.aud, key) && in_window)
      return Redeemed{claims, first->time_us / us_per_s, first->prior_redemptions.value_or(0), true, first->log_index};
    about.first_redemption = first;
    return refuse(Code::already_redeemed,
                  fmt::format("already redeemed by {} at {}; event {} has the evidence",
                              first->uid ? fmt::format("uid {}", *first->uid) : first->server.value_or("its server"),
                              first->time_us / us_per_s, first->log_index));
  }
  // Genuine, of a living key and unspent, yet not in the log: the log was changed under us.
  if (attempt == nullptr) return refuse(Code::unknown_key, "the log does not know this token; mint a new one");
  // Its server verified offline until the configuration changed.
  if (attempt->state == Attempt::State::reported)
    return refuse(Code::already_redeemed, "already redeemed, as its server reported");
  const auto* live = minted_.find(claims.jti);
  if (attempt->state == Attempt::State::revoked || (live != nullptr && live->state == MintedTokens::State::revoked))
    return refuse(Code::revoked, "this token was revoked");
  if (attempt->state == Attempt::State::superseded)
    return refuse(Code::superseded, "a newer attempt of this call took this token's place");
  if (live == nullptr || parts_.clock.boot_us() >= live->deadline_boot_us)
    return refuse(Code::expired, "this token has expired; mint a new one");
  // Unspent in the log, yet burned: an older log was put back. Only who got the answer may ask again.
  if (live->burned && *live->burned != MintedTokens::Burn{key, caller.account().value_or(-1)})
    return refuse(Code::already_redeemed,
                  "already redeemed, and the log has lost it; see whether an older one was put back");
  return burn(caller, *server, *verified, key, *call);
}

Result<Redeemed> Exchange::burn(const Caller& caller, const ServerEntry& server, const VerifiedToken& token,
                                const RedemptionKey& key, const Call& call) {
  const auto& claims = token.claims();
  auto event = event_of(EventKind::token_redeemed, Role::server, caller);
  event.agent = claims.client_id;
  event.server = claims.aud;
  event.tool = escape_for_log(claims.tool);
  event.attempt = claims.attempt;
  event.redemption = key;
  event.prior_redemptions = call.redemptions();
  event.self_redeemed = !server.match;
  const auto log_index = parts_.store.redeem(token, event);
  if (!log_index) return refuse(Code::already_redeemed, "already redeemed");
  minted_.burn(claims.jti, {key, caller.account().value_or(-1)});
  return Redeemed{claims, event.time_us / us_per_s, call.redemptions(), false, *log_index};
}

}  // namespace jeton
