// Opening a call and minting its attempts: decided anew each time, one live token at most, event before token.
#include <algorithm>

#include <fmt/core.h>

#include "exchange/exchange.hpp"

namespace jeton {
namespace {

/// Whether a repeated open names the same call as the first did.
bool names_same_call(const Event& opening, const OpenRequest& request, const Sha256& args_mac) {
  if (opening.tool != escape_for_log(request.call.tool) || opening.args_mac != args_mac) return false;
  return !request.server || !opening.server || opening.server == *request.server;
}

void describe(Event& event, const std::optional<Authority>& authority) {
  if (!authority) return;
  event.subject = authority->sub;
  event.subject_issuer = authority->issuer;
  event.subject_until = authority->until_s;
}

/// What a mint keeps beside its event: nothing where the grant does not record, or an attempt before was recorded,
/// since all attempts of a call have the same arguments. No later grant is asked when only a digest came, or whoever
/// sends digests would choose not to be recorded.
Result<std::optional<std::string>> sealed_arguments(const Permit& permit, const Call* call,
                                                    const CallBinding& binding) {
  if (!permit.seal_to) return std::nullopt;
  if (!binding.arguments)
    return refuse(Code::bad_arguments,
                  fmt::format("grant \"{}\" records arguments; send them, not their digest", permit.grant));
  const bool recorded = call != nullptr && std::any_of(call->attempts().begin(), call->attempts().end(),
                                                       [](const Attempt& a) { return a.minted.sealed_sha256; });
  if (recorded) return std::nullopt;
  auto bytes = canonical_json(*binding.arguments);
  if (!bytes) return refuse(bytes.error());
  auto sealed = permit.seal_to->seal(*bytes);
  wipe(*bytes);
  return sealed;
}

}  // namespace

Result<Opened> Exchange::open(const Caller& caller, const OpenRequest& request) {
  Refusal about{Verb::open};
  about.server = request.server;
  about.tool = request.call.tool;
  about.call_id = request.call_id;
  about.verdict = request.call.verdict;
  auto agent = agent_of(caller);
  if (!agent) return refuse(refused(caller, agent.error(), about));
  if (auto held = held_back(**agent)) return refuse(refused(caller, *held, about));

  const auto txn = request.open_id ? parts_.secret.txn_of((*agent)->spiffe_id, *request.open_id) : Txn::random();
  Asked asked{caller, **agent, txn, request.call, request.server, nullptr, &request};
  std::optional<Call> known;
  if (request.open_id) known = Call::from(parts_.store.story(txn));
  // Closed in memory, and archived before the log could say so.
  if (!known && controls_.is_closing(txn))
    return refuse(refused(caller, {Code::revoked, "this call was revoked; open a new one"}, about));
  if (!known && request.open_id && parts_.store.is_cut(txn))
    return refuse(refused(
        caller,
        {Code::unknown_call, "the call of this open_id is archived, if not all of it yet; open one with another"},
        about));
  if (known) {
    about.txn = txn;
    asked.call = &*known;
    auto again = open_again(std::move(asked));
    if (!again) return refuse(refused(caller, again.error(), about));
    return again;
  }

  if (controls_.is_run_revoked((*agent)->spiffe_id, request.run_id))
    return refuse(refused(caller, {Code::revoked, "this run was revoked; begin another one"}, about));
  auto authority = authority_asked(**agent, request);
  if (!authority) return refuse(refused(caller, authority.error(), about));
  asked.authority = std::move(*authority);
  if (request.server) {
    auto minted = mint_attempt(asked);
    if (!minted) return refuse(refused(caller, minted.error(), about));
    return Opened{txn, false, minted->grant, minted->log_index, std::move(*minted)};
  }
  auto permit = decide(asked);
  if (!permit) return refuse(refused(caller, permit.error(), about));
  if (auto no = objection(asked)) return refuse(refused(caller, *no, about));
  if (auto no = too_often(asked, opening_rate_.take(permit->limits, parts_.clock.boot_us()), "calls"))
    return refuse(refused(caller, std::move(*no), about));
  return open_provisionally(asked, *permit);
}

Opened Exchange::open_provisionally(const Asked& asked, const Permit& permit) {
  auto event = event_of(EventKind::call_opened, Role::agent, asked.caller);
  event.txn = asked.txn;
  event.agent = asked.agent.spiffe_id;
  event.tool = escape_for_log(asked.binding.tool);
  event.grant = permit.grant;
  event.args_mac = parts_.secret.args_mac(asked.txn, asked.binding.digest);
  describe(event, asked.binding.verdict.get());
  describe(event, *asked.opening);
  describe(event, asked.authority);
  if (asked.authority && asked.authority->parent) event.parent_txn = asked.authority->parent;
  return Opened{asked.txn, true, permit.grant, parts_.store.append(event), std::nullopt};
}

std::optional<Error> Exchange::not_again(const Asked& asked) const {
  const auto& opening = asked.call->opening();
  const auto& request = *asked.opening;
  if (!names_same_call(opening, request, parts_.secret.args_mac(*opening.txn, request.call.digest)) ||
      !names_same_subject(opening, request.delegation))
    return Error{Code::call_mismatch,
                 "this open_id was used for another server, tool, arguments or subject; make a new one"};
  if (asked.call->openers_outcome() != nullptr)
    return Error{Code::unknown_call, "this call is over: its outcome was reported; open a new one"};
  return revoked_for_good(*asked.call);
}

Result<Opened> Exchange::open_again(Asked asked) {
  const auto& opening = asked.call->opening();
  const auto& request = *asked.opening;
  if (auto no = not_again(asked)) return refuse(std::move(*no));
  auto authority = authority_of(*asked.call);
  if (!authority) return refuse(authority.error());
  asked.authority = std::move(*authority);
  if (request.server) {
    auto minted = mint_attempt(asked);
    if (!minted) return refuse(minted.error());
    return Opened{*opening.txn, false, minted->grant, minted->log_index, std::move(*minted)};
  }
  auto permit = decide(asked);
  if (!permit) return refuse(permit.error());
  if (auto no = objection(asked)) return refuse(std::move(*no));
  return Opened{*opening.txn, true, permit->grant, opening.log_index, std::nullopt};
}

Result<Minted> Exchange::mint(const Caller& caller, const MintRequest& request) {
  Refusal about{Verb::mint};
  about.server = request.server;
  about.tool = request.call.tool;
  about.verdict = request.call.verdict;
  auto agent = agent_of(caller);
  if (!agent) return refuse(refused(caller, agent.error(), about));
  if (auto held = held_back(**agent)) return refuse(refused(caller, *held, about));

  const auto call = Call::from(parts_.store.story(request.txn));
  const bool own = call && call->opening().agent == (*agent)->spiffe_id;
  if (own) about.txn = request.txn;
  if (!own || call->openers_outcome() != nullptr)
    return refuse(
        refused(caller, {Code::unknown_call, "no open call of this agent has this txn; open a new one"}, about));
  if (auto revoked = revoked_for_good(*call)) return refuse(refused(caller, *revoked, about));
  if (!names_same_subject(call->opening(), request.delegation))
    return refuse(refused(
        caller, {Code::call_mismatch, "a call keeps its subject; open a new one to act for somebody else"}, about));
  auto authority = authority_of(*call);
  if (!authority) return refuse(refused(caller, authority.error(), about));

  const std::optional<std::string> server = request.server;
  auto minted =
      mint_attempt({caller, **agent, request.txn, request.call, server, &*call, nullptr, std::move(*authority)});
  if (!minted) return refuse(refused(caller, minted.error(), about));
  return minted;
}

std::optional<Error> Exchange::too_often(const Asked& asked, const RateLimit* full, std::string_view what) {
  if (full == nullptr) return std::nullopt;
  auto why = fmt::format("grant \"{}\" allows {} {} a minute; try again later", full->grant, full->per_min, what);
  if (full->agent != asked.agent.name) why = fmt::format("agent {}, for which this call is made: {}", full->agent, why);
  return Error{Code::rate_limited, std::move(why)};
}

Result<Exchange::Permitted> Exchange::permit_attempt(const Asked& asked) const {
  if (parts_.roles.server_named(*asked.server) == nullptr) {
    // Servers are compared byte for byte, and the usual slip is a slash.
    const auto other =
        asked.server->ends_with('/') ? asked.server->substr(0, asked.server->size() - 1) : *asked.server + '/';
    if (parts_.roles.server_named(other) != nullptr)
      return refuse(Code::unknown_server,
                    fmt::format("{} is not configured, and {} is; name that", *asked.server, other));
    return refuse(Code::unknown_server,
                  fmt::format("{} is not configured; add a [[server]] with this url", *asked.server));
  }
  auto permit = decide(asked);
  if (!permit || asked.call == nullptr || asked.call->attempts().empty()) return permit;

  const auto& call = *asked.call;
  const auto& first = call.attempts().front().minted;
  if (first.server != *asked.server || first.tool != escape_for_log(asked.binding.tool) ||
      first.args_mac != parts_.secret.args_mac(asked.txn, asked.binding.digest))
    return refuse(Code::call_mismatch, "an attempt of this call must name the server, tool and arguments of its first");
  if (call.redemptions() >= permit->max_redemptions)
    return refuse(Code::too_many_attempts, fmt::format("this call was redeemed {} times, grant \"{}\" allows {}",
                                                       call.redemptions(), permit->grant, permit->max_redemptions));
  if (static_cast<std::int64_t>(call.attempts().size()) >= permit->max_attempts)
    return refuse(Code::too_many_attempts, fmt::format("this call had {} attempts, grant \"{}\" allows {}",
                                                       call.attempts().size(), permit->grant, permit->max_attempts));
  return permit;
}

Previous Exchange::previous_of(const Call* call) const {
  if (call == nullptr || call->attempts().empty()) return Previous::none;
  const auto& last = call->attempts().back();
  if (last.state == Attempt::State::redeemed || last.state == Attempt::State::reported) return Previous::redeemed;
  if (last.state == Attempt::State::revoked) return Previous::revoked;
  const auto* live = minted_.find(*last.minted.jti);
  // A token of an earlier process can no longer be redeemed; by the wall clock it may still look alive to its holder.
  const bool in_time = live != nullptr ? parts_.clock.boot_us() < live->deadline_boot_us
                                       : parts_.clock.wall_us() / us_per_s < last.minted.expires_at.value_or(0);
  return in_time ? Previous::unredeemed : Previous::expired;
}

TokenClaims Exchange::claims_of(const Asked& asked, const Permit& permit) const {
  TokenClaims claims;
  claims.iss = parts_.issuer;
  claims.aud = *asked.server;
  claims.client_id = asked.agent.spiffe_id;
  claims.sub = asked.authority ? asked.authority->sub : asked.agent.spiffe_id;
  if (asked.authority && claims.sub != asked.agent.spiffe_id)
    claims.act = act_of(asked.agent.spiffe_id, *asked.authority);
  claims.iat = parts_.clock.wall_us() / us_per_s;
  claims.exp = claims.iat + permit.ttl_s;
  if (asked.authority) claims.exp = std::min(claims.exp, asked.authority->until_s);
  claims.jti = Jti::random();
  claims.txn = asked.txn;
  claims.tool = asked.binding.tool;
  claims.digest = asked.binding.digest;
  claims.call_id = asked.opening != nullptr ? asked.opening->call_id : asked.call->opening().call_id;
  claims.attempt = asked.call == nullptr ? 1 : static_cast<std::int64_t>(asked.call->attempts().size()) + 1;
  return claims;
}

/// The servers of a configuration that was just read may want what the last one did not.
Result<const SigningKey*> Exchange::signer_for(const std::string& server) {
  const auto algorithm = parts_.roles.server_named(server)->algorithm;
  if (!parts_.keyring.is_ready(algorithm)) parts_.keyring.follow(parts_.roles.algorithms());
  if (parts_.keyring.is_ready(algorithm)) return &parts_.keyring.current(algorithm);
  return refuse(Code::overloaded, fmt::format("the first {} key for this server is still being made, which takes a "
                                              "second or so; try again",
                                              name_of(algorithm)));
}

Result<Minted> Exchange::mint_attempt(const Asked& asked) {
  auto permit = permit_attempt(asked);
  if (!permit) return refuse(permit.error());
  const auto sealed = sealed_arguments(*permit, asked.call, asked.binding);
  if (!sealed) return refuse(sealed.error());
  if (auto no = objection(asked)) return refuse(std::move(*no));
  const auto signer = signer_for(*asked.server);
  if (!signer) return refuse(signer.error());
  const auto& agent = asked.agent;
  const auto now_us = parts_.clock.boot_us();
  if (auto no = too_often(asked, rate_.full(permit->limits, now_us), "tokens")) return refuse(std::move(*no));

  const auto claims = claims_of(asked, *permit);
  auto token = sign_token(claims, **signer);
  // Names that are long even when escaped could make a token that every verifier refuses to read.
  if (token.expose_for_transport().size() > token_bytes_max)
    return refuse(Code::bad_request, "the names of server, tool and call make a token over 8 KiB; use shorter ones");
  const auto digest = sha256(token.expose_for_transport());
  // Only a token that leaves takes a place, of whomever it is counted for.
  if (auto no = too_often(asked, rate_.take(permit->limits, now_us), "tokens")) return refuse(std::move(*no));

  const auto previous = previous_of(asked.call);
  if (previous == Previous::unredeemed) {
    auto superseded = event_of(EventKind::token_superseded, Role::agent, asked.caller);
    superseded.txn = asked.txn;
    superseded.agent = agent.spiffe_id;
    superseded.jti = asked.call->attempts().back().minted.jti;
    parts_.store.append(superseded);
    minted_.supersede(*superseded.jti);
  }

  auto event = event_of(EventKind::token_minted, Role::agent, asked.caller);
  event.txn = asked.txn;
  event.jti = claims.jti;
  event.agent = agent.spiffe_id;
  event.server = claims.aud;
  event.tool = escape_for_log(claims.tool);
  event.attempt = claims.attempt;
  event.grant = permit->grant;
  event.token_sha256 = digest;
  event.args_mac = parts_.secret.args_mac(asked.txn, claims.digest);
  event.expires_at = claims.exp;
  event.previous = previous;
  describe(event, asked.binding.verdict.get());
  if (asked.call == nullptr) describe(event, *asked.opening);
  if (asked.call == nullptr && asked.authority && asked.authority->parent) event.parent_txn = asked.authority->parent;
  describe(event, asked.authority);
  if (*sealed) event.sealed_sha256 = sha256(**sealed);
  const auto log_index = parts_.store.append(event);
  if (*sealed) parts_.store.keep_sealed(log_index, **sealed);
  // Remembered before it is durable: a token that never left cannot be presented.
  const auto& run_id = asked.call != nullptr ? asked.call->opening().run_id : asked.opening->run_id;
  MintedTokens::Entry live{digest, now_us + (claims.exp - claims.iat) * us_per_s, asked.txn,
                           minted_.owner({agent.spiffe_id, run_id, claims.aud})};
  if (asked.authority && !asked.authority->calls.empty())
    live.above = std::make_shared<const std::vector<CallAbove>>(asked.authority->calls);
  minted_.remember(claims.jti, live);
  return Minted{asked.txn, std::move(token), claims.jti, claims.attempt,          claims.exp,
                previous,  permit->grant,    log_index,  claims.exp - claims.iat, claims.call_id};
}

std::optional<EngineQuestion> Exchange::question(const Caller& caller, const OpenRequest& request,
                                                 bool with_arguments) const {
  const auto agent = agent_of(caller);
  if (!agent || held_back(**agent)) return std::nullopt;
  const auto txn = request.open_id ? parts_.secret.txn_of((*agent)->spiffe_id, *request.open_id) : Txn{};
  Asked asked{caller, **agent, txn, request.call, request.server, nullptr, &request};
  std::optional<Call> known;
  if (request.open_id) known = Call::from(parts_.store.story(txn));
  if (!known && (controls_.is_closing(txn) || (request.open_id && parts_.store.is_cut(txn)))) return std::nullopt;
  if (known) asked.call = &*known;
  if (known ? not_again(asked).has_value() : controls_.is_run_revoked((*agent)->spiffe_id, request.run_id))
    return std::nullopt;
  auto authority = known ? authority_of(*known) : authority_asked(**agent, request);
  if (!authority) return std::nullopt;
  asked.authority = std::move(*authority);
  return question_about(asked, with_arguments);
}

std::optional<EngineQuestion> Exchange::question(const Caller& caller, const MintRequest& request,
                                                 bool with_arguments) const {
  const auto agent = agent_of(caller);
  if (!agent || held_back(**agent)) return std::nullopt;
  const auto call = Call::from(parts_.store.story(request.txn));
  if (!call || call->opening().agent != (*agent)->spiffe_id || call->openers_outcome() != nullptr) return std::nullopt;
  if (revoked_for_good(*call) || !names_same_subject(call->opening(), request.delegation)) return std::nullopt;
  auto authority = authority_of(*call);
  if (!authority) return std::nullopt;
  const std::optional<std::string> server = request.server;
  return question_about({caller, **agent, request.txn, request.call, server, &*call, nullptr, std::move(*authority)},
                        with_arguments);
}

}  // namespace jeton
