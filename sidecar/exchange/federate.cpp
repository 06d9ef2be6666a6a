// Minting for a relying party that pins keys: no call, no redemption, and so all that is known of it is that it left.
#include <fmt/core.h>

#include "exchange/exchange.hpp"
#include "jeton/federation_token.hpp"

namespace jeton {

Result<const RelyingParty*> Exchange::party_for(const Caller& caller, const FederationRequest& request) const {
  // What such a token is worth elsewhere must not rest on somebody else's word about who asks.
  if (caller.remote || caller.client)
    return refuse(Code::unattested_peer,
                  "a federation token is for an account on this machine, which the kernel vouches for");
  const auto agent = agent_of(caller);
  if (!agent) return refuse(agent.error());
  if (auto held = held_back(**agent)) return refuse(std::move(*held));
  const auto* party = parts_.roles.relying_party_named(request.relying_party);
  if (party == nullptr || parts_.federation == nullptr)
    return refuse(Code::unknown_server, fmt::format("{} is not configured; add a [[relying_party]] with this name",
                                                    escape_for_log(request.relying_party)));
  if (!party->names((*agent)->name))
    return refuse(Code::no_grant, fmt::format("relying_party \"{}\" does not name agent {}; add it to its agents",
                                              party->name, (*agent)->name));
  return party;
}

Result<Federated> Exchange::federate(const Caller& caller, const FederationRequest& request) {
  Refusal about{Verb::mint};
  about.relying_party = request.relying_party;
  if (const auto* named = parts_.roles.relying_party_named(request.relying_party)) about.server = named->audience;
  const auto found = party_for(caller, request);
  if (!found) return refuse(refused(caller, found.error(), about));
  const auto& party = **found;
  const auto* key = parts_.federation->ready(party.algorithm);
  if (key == nullptr)
    return refuse(refused(caller,
                          {Code::overloaded, fmt::format("the {} federation key is still being made, which takes a "
                                                         "second or so; try again",
                                                         name_of(party.algorithm))},
                          about));
  const auto& agent = *parts_.roles.agent_of(caller);
  if (!federation_rate_.take(agent.name, party.name, party.rate_per_min, parts_.clock.boot_us()))
    return refuse(refused(
        caller,
        {Code::rate_limited, fmt::format("relying_party \"{}\" allows an agent {} tokens a minute; the last one is "
                                         "reusable, or try again later",
                                         party.name, party.rate_per_min)},
        about));

  FederationClaims claims;
  claims.iss = federation_issuer(parts_.issuer);
  claims.sub = agent.spiffe_id;
  claims.aud = party.audience;
  claims.iat = parts_.clock.wall_us() / us_per_s;
  claims.exp = claims.iat + party.ttl_s;
  claims.jti = Jti::random();
  auto token = sign_federation_token(claims, *key);

  auto event = event_of(EventKind::federation_minted, Role::agent, caller);
  event.jti = claims.jti;
  event.agent = agent.spiffe_id;
  event.server = party.audience;
  event.grant = party.name;
  event.token_sha256 = sha256(token.expose_for_transport());
  event.expires_at = claims.exp;
  const auto log_index = parts_.store.append(event);
  return Federated{std::move(token), claims.jti, claims.exp, party.name, party.audience, log_index};
}

}  // namespace jeton
