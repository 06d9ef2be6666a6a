// Authority that passes from a user or a parent call to a call: proved once, kept in the log, and only ever less.
#include <algorithm>

#include <fmt/core.h>

#include "exchange/exchange.hpp"

namespace jeton {
namespace {

/// An agent's calls inside its own are no further agents, and each is read again at every open and mint below it.
constexpr std::size_t calls_above_max = 64;

Json actor(const std::string& agent) {
  Json actor = Json::object();
  actor["sub"] = agent;
  return actor;
}

/// Nobody stands twice in a row: a call that an agent makes inside its own call has no further actor.
void add_agent(std::vector<std::string>& agents, const std::string& agent) {
  if (agents.empty() || agents.back() != agent) agents.push_back(agent);
}

/// "spiffe://acme.example/agent/": all its trust domain's agents have it in front of their names.
std::string_view before_name(const AgentEntry& agent) {
  return std::string_view(agent.spiffe_id).substr(0, agent.spiffe_id.size() - agent.name.size());
}

tl::unexpected<Error> is_over() {
  return refuse(Code::expired, "what this call acts by is over; bring a newer token, or call in your own name");
}

}  // namespace

Json act_of(const std::string& agent, const Authority& authority) {
  auto between = authority.agents;
  if (authority.is_agents && !between.empty()) between.pop_back();
  Json act;
  for (auto above = between.rbegin(); above != between.rend(); ++above) {
    if (*above == agent && above == std::prev(between.rend())) break;
    auto outer = actor(*above);
    if (!act.is_null()) outer["act"] = std::move(act);
    act = std::move(outer);
  }
  auto outermost = actor(agent);
  if (!act.is_null()) outermost["act"] = std::move(act);
  return outermost;
}

Result<Authority> Exchange::passed_on(const std::string& agent, const Txn& parent, std::int64_t until_s) const {
  Authority authority;
  authority.until_s = until_s;
  authority.parent = parent;
  std::size_t calls = 0;
  for (std::optional<Txn> above = parent; above;) {
    if (++calls > calls_above_max)
      return refuse(Code::bad_request, fmt::format("at most {} calls may stand between", calls_above_max));
    const auto call = Call::from(parts_.store.story(*above));
    if (!call) return refuse(Code::unknown_call, "the call this one acts for is not in the log any more");
    if (auto revoked = revoked_for_good(*call)) return refuse(*revoked);
    const auto& opening = call->opening();
    authority.calls.push_back({*above, opening.agent.value_or(""), opening.run_id});
    add_agent(authority.agents, opening.agent.value_or(""));
    if (authority.agents.size() > agents_above_max)
      return refuse(Code::bad_request, fmt::format("at most {} agents may stand between", agents_above_max));
    if (opening.subject_until) authority.until_s = std::min(authority.until_s, *opening.subject_until);
    authority.is_agents = !opening.subject;
    authority.sub = opening.subject ? *opening.subject : opening.agent.value_or("");
    const bool goes_on = opening.subject && !opening.subject_issuer;
    above = goes_on ? opening.parent_txn : std::nullopt;
  }
  // An agent that acts for itself has its own rights and no other's.
  if (authority.is_agents && authority.sub == agent) authority.is_agents = false;
  return authority;
}

Result<Authority> Exchange::authority_of_token(const AgentEntry& agent, const std::string& text) const {
  const auto token = UnverifiedToken::parse(text);
  if (!token) return refuse(token.error());
  const auto known = genuine(*token);
  if (!known) return refuse(known.error());
  const auto& claims = known->claims();
  if (claims.iss != parts_.issuer) return refuse(Code::wrong_issuer, "the subject token names another issuer");
  const auto* server = parts_.roles.server_named(claims.aud);
  const bool named = server != nullptr && std::find(server->delegates_to.begin(), server->delegates_to.end(),
                                                    agent.name) != server->delegates_to.end();
  if (!named)
    return refuse(Code::wrong_role,
                  fmt::format("{} does not pass calls on to agent {}; see delegates_to of its [[server]]",
                              escape_for_log(claims.aud), agent.name));
  const auto spent = parts_.store.spent(claims.jti);
  if (!spent || spent->token_sha256 != known->sha256())
    return refuse(Code::unknown_call, "only a redeemed token passes its authority on; redeem it first");
  const auto call = Call::from(parts_.store.story(claims.txn));
  if (!call) return refuse(Code::unknown_call, "the call of the subject token is not in the log any more");
  const auto* attempt = call->attempt_of(claims.jti);
  const auto* live = minted_.find(claims.jti);
  if (attempt == nullptr || attempt->state == Attempt::State::revoked ||
      (live != nullptr && live->state == MintedTokens::State::revoked))
    return refuse(Code::revoked, "the subject token was revoked");
  // Whoever has a token can redeem it there, so that it was redeemed says nothing about where it came from.
  if (!server->match)
    return refuse(Code::wrong_role,
                  fmt::format("anybody redeems for {}, so its tokens pass nothing on; give it a match",
                              escape_for_log(claims.aud)));
  // Made by this process and forgotten: over by the boot clock, whatever the wall clock was set to since.
  if (live == nullptr && parts_.keyring.key_set().find(token->kid()) != nullptr) return is_over();
  const auto now_s = parts_.clock.wall_us() / us_per_s;
  const auto left_s =
      live != nullptr ? (live->deadline_boot_us - parts_.clock.boot_us()) / us_per_s : claims.exp - now_s;
  return passed_on(agent.spiffe_id, claims.txn, std::min(claims.exp, now_s + left_s));
}

Result<std::optional<Authority>> Exchange::authority_asked(const AgentEntry& agent, const OpenRequest& request) const {
  using Found = std::optional<Authority>;
  const auto& [user, parent_token] = request.delegation;
  if (user) {
    // It stands in the log and in the tokens of calls made from this one, so it has one form everywhere.
    if (!is_log_id(user->sub) || escape_for_log(user->sub) != user->sub)
      return refuse(Code::bad_token, "the subject is not 1 to 128 visible ASCII characters without %");
    // RFC 9068 section 5: a tool server must not take a user for an agent, whatever its issuer lets users be called.
    if (user->sub.starts_with(before_name(agent)))
      return refuse(Code::bad_token, "the subject has the name of an agent, which no user is");
    return Found(Authority{user->sub, user->issuer, user->exp});
  }
  if (parent_token) {
    auto authority = authority_of_token(agent, *parent_token);
    if (!authority) return refuse(authority.error());
    if (request.parent_txn && request.parent_txn != authority->parent)
      return refuse(Code::call_mismatch, "parent_txn and the subject token name two different calls");
    return Found(std::move(*authority));
  }
  if (!request.parent_txn) return Found();
  // Whether that call acts for somebody cannot be told any more, and a link must not widen what an agent may.
  if (parts_.store.is_cut(*request.parent_txn))
    return refuse(Code::unknown_call, "the beginning of the parent call is archived; open a new one to go on from");
  // A link to somebody's call is a link. Inside a call of its own that acts for somebody, an agent still does.
  const auto parent = Call::from(parts_.store.story(*request.parent_txn));
  if (!parent || parent->opening().agent != agent.spiffe_id || !parent->opening().subject) return Found();
  if (parent->openers_outcome() != nullptr) return is_over();
  auto authority = passed_on(agent.spiffe_id, *request.parent_txn, parent->opening().subject_until.value_or(0));
  if (!authority) return refuse(authority.error());
  return Found(std::move(*authority));
}

Result<std::optional<Authority>> Exchange::authority_of(const Call& call) const {
  using Known = std::optional<Authority>;
  const auto& opening = call.opening();
  if (!opening.subject) return Known();
  const auto until_s = opening.subject_until.value_or(0);
  if (opening.subject_issuer || !opening.parent_txn)
    return Known(Authority{*opening.subject, opening.subject_issuer, until_s});
  auto authority = passed_on(opening.agent.value_or(""), *opening.parent_txn, until_s);
  if (!authority) return refuse(authority.error());
  return Known(std::move(*authority));
}

bool Exchange::names_same_subject(const Event& opening, const Delegation& delegation) const {
  if (const auto& user = delegation.user) return opening.subject == user->sub && opening.subject_issuer == user->issuer;
  if (!delegation.parent_token) return true;
  const auto token = UnverifiedToken::parse(*delegation.parent_token);
  if (!token || !opening.subject || opening.subject_issuer) return false;
  const auto& claims = token->claims_before_verification();
  if (opening.parent_txn != claims.txn) return false;
  // It was genuine when the call was opened, and redeemed; since then its key may be gone.
  const auto spent = parts_.store.spent(claims.jti);
  return spent && spent->token_sha256 == sha256(*delegation.parent_token);
}

Result<Exchange::Permitted> Exchange::decide(const Asked& asked) const {
  const auto server = asked.server ? std::optional<std::string_view>(*asked.server) : std::nullopt;
  const auto arguments = asked.binding.arguments_if_sent();
  const auto now_us = parts_.clock.wall_us();
  auto own = parts_.policy.decide({asked.agent.name, server, asked.binding.tool, arguments, now_us});
  if (!own) return refuse(std::move(own.error()));
  Permitted permit{std::move(*own)};
  const auto count = [&limits = permit.limits](const std::string& agent, const Permit& by) {
    const auto is_same = [&](const RateLimit& l) { return l.agent == agent && l.grant == by.grant; };
    if (by.rate_per_min && std::none_of(limits.begin(), limits.end(), is_same))
      limits.push_back({agent, by.grant, *by.rate_per_min});
  };
  count(asked.agent.name, permit);
  if (!asked.authority) return permit;
  if (asked.authority->until_s <= now_us / us_per_s) return is_over();
  for (const auto& id : asked.authority->agents) {
    if (id == asked.agent.spiffe_id) continue;
    const auto& agents = parts_.roles.entries().agents;
    const auto above =
        std::find_if(agents.begin(), agents.end(), [&](const AgentEntry& a) { return a.spiffe_id == id; });
    if (above == agents.end())
      return refuse(Code::no_grant, "an agent this call acts for is not configured any more; open a new call");
    if (auto held = held_back(*above)) return refuse(*held);
    const auto theirs = parts_.policy.decide({above->name, server, asked.binding.tool, arguments, now_us});
    if (!theirs)
      return refuse(theirs.error().code,
                    fmt::format("agent {}, for which this call is made: {}", above->name, theirs.error().message));
    permit.ttl_s = std::min(permit.ttl_s, theirs->ttl_s);
    permit.max_attempts = std::min(permit.max_attempts, theirs->max_attempts);
    permit.max_redemptions = std::min(permit.max_redemptions, theirs->max_redemptions);
    if (!permit.seal_to) permit.seal_to = theirs->seal_to;
    count(above->name, *theirs);
  }
  return permit;
}

}  // namespace jeton
