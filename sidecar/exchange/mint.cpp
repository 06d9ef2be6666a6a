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
  auto agent = agent_of(caller);
  if (!agent) return refuse(refused(caller, agent.error(), about));
  if (auto held = held_back(**agent)) return refuse(refused(caller, *held, about));

  const auto txn = request.open_id ? parts_.secret.txn_of((*agent)->spiffe_id, *request.open_id) : Txn::random();
  std::optional<Call> known;
  if (request.open_id) known = Call::from(parts_.store.story(txn));
  if (known) {
    about.txn = txn;
    auto again = open_again(caller, **agent, request, *known);
    if (!again) return refuse(refused(caller, again.error(), about));
    return again;
  }

  if (controls_.is_run_revoked((*agent)->spiffe_id, request.run_id))
    return refuse(refused(caller, {Code::revoked, "this run was revoked; begin another one"}, about));
  if (request.server) {
    auto minted = mint_attempt(caller, **agent, txn, nullptr, *request.server, request.call, &request);
    if (!minted) return refuse(refused(caller, minted.error(), about));
    return Opened{txn, false, minted->grant, minted->log_index, std::move(*minted)};
  }
  auto permit =
      parts_.policy.decide({(*agent)->name, std::nullopt, request.call.tool, request.call.arguments_if_sent()});
  if (!permit) return refuse(refused(caller, permit.error(), about));
  if (permit->rate_per_min &&
      !opening_rate_.take((*agent)->name, permit->grant, *permit->rate_per_min, parts_.clock.boot_us()))
    return refuse(refused(caller,
                          {Code::rate_limited, fmt::format("grant \"{}\" allows {} calls a minute; try again later",
                                                           permit->grant, *permit->rate_per_min)},
                          about));
  auto event = event_of(EventKind::call_opened, Role::agent, caller);
  event.txn = txn;
  event.agent = (*agent)->spiffe_id;
  event.tool = escape_for_log(request.call.tool);
  event.grant = permit->grant;
  event.args_mac = parts_.secret.args_mac(txn, request.call.digest);
  describe(event, request);
  return Opened{txn, true, permit->grant, parts_.store.append(event), std::nullopt};
}

Result<Opened> Exchange::open_again(const Caller& caller, const AgentEntry& agent, const OpenRequest& request,
                                    const Call& call) {
  const auto& opening = call.opening();
  if (!names_same_call(opening, request, parts_.secret.args_mac(*opening.txn, request.call.digest)))
    return refuse(Code::call_mismatch, "this open_id was used for another server, tool or arguments; make a new one");
  if (call.openers_outcome() != nullptr)
    return refuse(Code::unknown_call, "this call is over: its outcome was reported; open a new one");
  if (auto revoked = revoked_for_good(call)) return refuse(*revoked);
  if (request.server) {
    auto minted = mint_attempt(caller, agent, *opening.txn, &call, *request.server, request.call, &request);
    if (!minted) return refuse(minted.error());
    return Opened{*opening.txn, false, minted->grant, minted->log_index, std::move(*minted)};
  }
  auto permit = parts_.policy.decide({agent.name, std::nullopt, request.call.tool, request.call.arguments_if_sent()});
  if (!permit) return refuse(permit.error());
  return Opened{*opening.txn, true, permit->grant, opening.log_index, std::nullopt};
}

Result<Minted> Exchange::mint(const Caller& caller, const MintRequest& request) {
  Refusal about{Verb::mint};
  about.server = request.server;
  about.tool = request.call.tool;
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

  auto minted = mint_attempt(caller, **agent, request.txn, &*call, request.server, request.call, nullptr);
  if (!minted) return refuse(refused(caller, minted.error(), about));
  return minted;
}

Result<Permit> Exchange::permit_attempt(const AgentEntry& agent, const Txn& txn, const Call* call,
                                        const std::string& server, const CallBinding& binding) {
  if (parts_.roles.server_named(server) == nullptr)
    return refuse(Code::unknown_server, fmt::format("{} is not configured; add a [[server]] with this url", server));
  auto permit = parts_.policy.decide({agent.name, server, binding.tool, binding.arguments_if_sent()});
  if (!permit || call == nullptr || call->attempts().empty()) return permit;

  const auto& first = call->attempts().front().minted;
  if (first.server != server || first.tool != escape_for_log(binding.tool) ||
      first.args_mac != parts_.secret.args_mac(txn, binding.digest))
    return refuse(Code::call_mismatch, "an attempt of this call must name the server, tool and arguments of its first");
  if (call->redemptions() >= permit->max_redemptions)
    return refuse(Code::too_many_attempts, fmt::format("this call was redeemed {} times, grant \"{}\" allows {}",
                                                       call->redemptions(), permit->grant, permit->max_redemptions));
  if (static_cast<std::int64_t>(call->attempts().size()) >= permit->max_attempts)
    return refuse(Code::too_many_attempts, fmt::format("this call had {} attempts, grant \"{}\" allows {}",
                                                       call->attempts().size(), permit->grant, permit->max_attempts));
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

/// The servers of a configuration that was just read may want what the last one did not.
Result<const SigningKey*> Exchange::signer_for(const std::string& server) {
  const auto algorithm = parts_.roles.server_named(server)->algorithm;
  if (!parts_.keyring.is_ready(algorithm)) parts_.keyring.follow(parts_.roles.algorithms());
  if (parts_.keyring.is_ready(algorithm)) return &parts_.keyring.current(algorithm);
  return refuse(Code::overloaded, fmt::format("the first {} key for this server is still being made, which takes a "
                                              "second or so; try again",
                                              name_of(algorithm)));
}

Result<Minted> Exchange::mint_attempt(const Caller& caller, const AgentEntry& agent, const Txn& txn, const Call* call,
                                      const std::string& server, const CallBinding& binding,
                                      const OpenRequest* opening) {
  auto permit = permit_attempt(agent, txn, call, server, binding);
  if (!permit) return refuse(permit.error());
  const auto sealed = sealed_arguments(*permit, call, binding);
  if (!sealed) return refuse(sealed.error());
  const auto signer = signer_for(server);
  if (!signer) return refuse(signer.error());
  if (permit->rate_per_min && !rate_.take(agent.name, permit->grant, *permit->rate_per_min, parts_.clock.boot_us()))
    return refuse(Code::rate_limited, fmt::format("grant \"{}\" allows {} tokens a minute; try again later",
                                                  permit->grant, *permit->rate_per_min));

  TokenClaims claims;
  claims.iss = parts_.issuer;
  claims.aud = server;
  claims.sub = agent.spiffe_id;
  claims.client_id = agent.spiffe_id;
  claims.iat = parts_.clock.wall_us() / us_per_s;
  claims.exp = claims.iat + permit->ttl_s;
  claims.jti = Jti::random();
  claims.txn = txn;
  claims.tool = binding.tool;
  claims.digest = binding.digest;
  claims.call_id = opening != nullptr ? opening->call_id : call->opening().call_id;
  claims.attempt = call == nullptr ? 1 : static_cast<std::int64_t>(call->attempts().size()) + 1;
  auto token = sign_token(claims, **signer);
  // Names that are long even when escaped could make a token that every verifier refuses to read.
  if (token.expose_for_transport().size() > token_bytes_max)
    return refuse(Code::bad_request, "the names of server, tool and call make a token over 8 KiB; use shorter ones");
  const auto digest = sha256(token.expose_for_transport());

  const auto previous = previous_of(call);
  if (previous == Previous::unredeemed) {
    auto superseded = event_of(EventKind::token_superseded, Role::agent, caller);
    superseded.txn = txn;
    superseded.agent = agent.spiffe_id;
    superseded.jti = call->attempts().back().minted.jti;
    parts_.store.append(superseded);
    minted_.supersede(*superseded.jti);
  }

  auto event = event_of(EventKind::token_minted, Role::agent, caller);
  event.txn = txn;
  event.jti = claims.jti;
  event.agent = agent.spiffe_id;
  event.server = server;
  event.tool = escape_for_log(binding.tool);
  event.attempt = claims.attempt;
  event.grant = permit->grant;
  event.token_sha256 = digest;
  event.args_mac = parts_.secret.args_mac(txn, binding.digest);
  event.expires_at = claims.exp;
  event.previous = previous;
  if (call == nullptr && opening != nullptr) describe(event, *opening);
  if (*sealed) event.sealed_sha256 = sha256(**sealed);
  const auto log_index = parts_.store.append(event);
  if (*sealed) parts_.store.keep_sealed(log_index, **sealed);
  // Remembered before it is durable: a token that never left cannot be presented.
  const auto& run_id = call != nullptr ? call->opening().run_id : opening->run_id;
  minted_.remember(claims.jti, {digest, parts_.clock.boot_us() + permit->ttl_s * us_per_s, txn,
                                minted_.owner({agent.spiffe_id, run_id})});
  return Minted{txn, std::move(token), claims.jti, claims.attempt, claims.exp, previous, permit->grant, log_index};
}

}  // namespace jeton
