// Taking back: what is live ends now, in memory first, so that no full disk keeps a token alive.
#include <algorithm>

#include <fmt/core.h>

#include "exchange/exchange.hpp"

namespace jeton {

/// Who takes back: an operator anything, an agent its own.
struct Exchange::Revoker {
  const AgentEntry* agent;  ///< none: an operator
  bool in_memory = false;   ///< no transaction is at hand, or one that hangs and may fail
  bool may_read = true;     ///< the log
  [[nodiscard]] bool owns(const std::string& spiffe_id) const {
    return agent == nullptr || agent->spiffe_id == spiffe_id;
  }
};

/// `in_memory`: as in Revoker. `already`: it was thrown in a transaction that failed.
struct Exchange::Throw {
  bool in_memory = false;
  bool already = false;
};

/// How many tokens a request ended, and the event that stands where it ordered none; `held`: that event waits for room.
struct Exchange::Ended {
  std::int64_t tokens = 0;
  std::optional<std::uint64_t> standing = std::nullopt;
  bool held = false;
};

namespace {

const AgentEntry* agent_named(const Roles& roles, const std::string& name) {
  const auto& agents = roles.entries().agents;
  const auto found = std::find_if(agents.begin(), agents.end(), [&](const AgentEntry& a) { return a.name == name; });
  return found == agents.end() ? nullptr : &*found;
}

/// The newest event that made or ended this token.
std::optional<std::uint64_t> newest_about(const std::vector<Event>& story, const Jti& jti) {
  std::optional<std::uint64_t> newest;
  for (const auto& event : story)
    if (event.jti == jti && event.kind != EventKind::call_outcome) newest = event.log_index;
  return newest;
}

/// The tokens that an agent has, or that somebody else has to act for it.
MintedTokens::Wanted for_agent(const std::string& spiffe_id) {
  return [spiffe_id](const MintedTokens::Entry& entry) {
    const auto is_its = [&](const CallAbove& above) { return above.agent == spiffe_id; };
    return entry.owner->agent == spiffe_id || entry.acts_for(is_its);
  };
}

tl::unexpected<Error> no_such_call() {
  return refuse(Code::unknown_call, "no call of yours has this id; see jeton log calls");
}

tl::unexpected<Error> not_without_the_log() {
  return refuse(Code::log_unavailable, "whose it is stands in the log, which cannot be read now; try again");
}

tl::unexpected<Error> in_memory_only() {
  return refuse(Code::log_unavailable,
                "in memory only: the log is at its quota, so it holds now and is written when there is room; ask again "
                "after a restart before that, or ask an operator");
}

tl::unexpected<Error> no_such_agent(const std::string& name) {
  return refuse(
      Code::unknown_agent,
      fmt::format("no [[agent]] is named {}; only whom the configuration names has tokens", escape_for_log(name)));
}

}  // namespace

std::optional<Error> Exchange::held_back(const AgentEntry& agent) const {
  if (!controls_.is_disabled(agent.spiffe_id)) return std::nullopt;
  return Error{Code::agent_disabled,
               fmt::format("agent {0} is disabled; an operator may type  jeton agent enable {0}", agent.name)};
}

std::optional<Error> Exchange::revoked_for_good(const Call& call) const {
  const auto& opening = call.opening();
  if (call.revocation() != nullptr || controls_.is_closing(*opening.txn))
    return Error{Code::revoked, "this call was revoked; open a new one"};
  if (controls_.is_run_revoked(opening.agent.value_or(""), opening.run_id))
    return Error{Code::revoked, "this run was revoked; begin another one"};
  return std::nullopt;
}

Result<Revoked> Exchange::revoke(const Caller& caller, const RevokeRequest& request) {
  Refusal about{Verb::revoke};
  const auto before = controls_.waiting().size(), held = controls_.held();
  const auto ended =
      revoker_of(caller, false, true).and_then([&](const Revoker& by) { return end(by, caller, request); });
  if (!ended) {
    // A story stays clean of those whose it is not.
    if (parts_.roles.is_operator(caller)) {
      about.txn = request.txn;
      about.jti = request.jti;
    }
    return refuse(refused(caller, ended.error(), about));
  }
  controls_.write(parts_.store);
  if (ended->held || controls_.held() > held) return in_memory_only();
  const auto& ordered = controls_.waiting();
  return Revoked{ended->tokens, ordered.size() > before ? ordered.back().log_index : ended->standing};
}

Result<void> Exchange::revoke_in_memory(const Caller& caller, const RevokeRequest& request, bool may_read) {
  const auto ended =
      revoker_of(caller, true, may_read).and_then([&](const Revoker& by) { return end(by, caller, request); });
  if (!ended) return refuse(ended.error());
  return {};
}

Result<Exchange::Revoker> Exchange::revoker_of(const Caller& caller, bool in_memory, bool may_read) const {
  if (parts_.roles.is_operator(caller)) return Revoker{nullptr, in_memory, may_read};
  auto agent = agent_of(caller);
  if (!agent) return refuse(agent.error());
  return Revoker{*agent, in_memory, may_read};
}

Result<Exchange::Ended> Exchange::end(const Revoker& by, const Caller& caller, const RevokeRequest& request) {
  if (by.agent != nullptr && controls_.unwritten() >= Controls::waiting_max)
    return refuse(Code::log_unavailable, "too much waits for the log already; try again, or ask an operator");
  const auto order = event_of(EventKind::token_revoked, by.agent == nullptr ? Role::operator_ : Role::agent, caller);
  if (request.jti) return end_token(by, order, *request.jti);
  if (request.txn) return end_call(by, order, *request.txn);
  if (request.run_id) return end_run(by, order, *request.run_id);
  return end_agent(by, order, request.agent.value_or(""));
}

std::int64_t Exchange::end_live(const Event& order, const MintedTokens::Wanted& wanted, bool in_memory) {
  const auto tokens = minted_.live(parts_.clock.boot_us(), wanted, in_memory);
  if (tokens.empty()) return 0;
  const auto event = std::make_shared<const Event>(order);
  for (const auto& jti : tokens) {
    const auto* entry = minted_.find(jti);
    controls_.order({event, entry->txn, jti, entry->owner});
    minted_.revoke(jti);
  }
  return static_cast<std::int64_t>(tokens.size());
}

Result<Exchange::Ended> Exchange::end_token(const Revoker& by, const Event& order, const Jti& jti) {
  const auto* entry = minted_.find(jti);
  if (entry == nullptr) {
    // Expired and forgotten, or never ours: either way nobody can redeem it.
    if (!by.may_read) return not_without_the_log();
    const auto spent = parts_.store.spent(jti);
    if (!spent) return Ended{};
    if (!by.owns(spent->agent.value_or(""))) return no_such_call();
    return Ended{0, spent->log_index};
  }
  if (!by.owns(entry->owner->agent)) return no_such_call();
  const bool held = controls_.is_held(jti);
  if (held && by.agent != nullptr) return Ended{0, std::nullopt, true};
  const bool live = held || entry->state == MintedTokens::State::live ||
                    (by.in_memory && entry->state == MintedTokens::State::ending);
  if (!live || parts_.clock.boot_us() >= entry->deadline_boot_us)
    return by.may_read ? Ended{0, newest_about(parts_.store.story(entry->txn), jti)} : Ended{};
  controls_.order({std::make_shared<const Event>(order), entry->txn, jti, entry->owner});
  minted_.revoke(jti);
  return Ended{1};
}

Result<Exchange::Ended> Exchange::end_call(const Revoker& by, const Event& order, const Txn& txn) {
  const auto is_it = [&txn](const CallAbove& above) { return above.txn == txn; };
  const auto of_call = [&](const MintedTokens::Entry& entry) { return entry.txn == txn || entry.acts_for(is_it); };
  std::optional<Call> call;
  if (by.may_read) call = Call::from(parts_.store.story(txn));
  std::string owner;
  if (call) {
    owner = call->opening().agent.value_or("");
  } else {
    // Archived, or not to be read: whose it is then only a token says that lives by it.
    const auto live = minted_.live(parts_.clock.boot_us(), of_call, by.in_memory);
    if (live.empty() && by.may_read) return no_such_call();
    if (live.empty()) return not_without_the_log();
    const auto& one = *minted_.find(live.front());
    owner = one.txn == txn ? one.owner->agent : std::find_if(one.above->begin(), one.above->end(), is_it)->agent;
  }
  if (!by.owns(owner)) return no_such_call();
  const auto tokens = end_live(order, of_call, by.in_memory);
  // Nothing is minted for an archived call any more, so there is nothing to close.
  if (by.may_read && !call) return Ended{tokens};
  if (call && call->revocation() != nullptr) return Ended{tokens, call->revocation()->log_index};
  if (by.agent != nullptr && controls_.is_closing(txn)) return Ended{tokens, std::nullopt, true};
  auto closing = order;
  closing.agent = owner;
  controls_.order({std::make_shared<const Event>(closing), txn});
  return Ended{tokens};
}

Result<Exchange::Ended> Exchange::end_run(const Revoker& by, const Event& order, const std::string& run_id) {
  const auto scope = by.agent == nullptr ? std::string() : by.agent->spiffe_id;
  const bool closed = controls_.is_run_revoked(scope, run_id);
  if (!closed && by.agent != nullptr && controls_.runs_of(scope) >= Controls::runs_per_agent_max)
    return refuse(Code::rate_limited, fmt::format("agent {} has revoked {} runs, which is all it may; ask an operator",
                                                  by.agent->name, Controls::runs_per_agent_max));
  const auto of_run = [&](const MintedTokens::Entry& entry) {
    const auto is_in = [&](const CallAbove& above) { return above.run_id == run_id && by.owns(above.agent); };
    return (entry.owner->run_id == run_id && by.owns(entry.owner->agent)) || entry.acts_for(is_in);
  };
  const auto tokens = end_live(order, of_run, by.in_memory);
  if (closed) {
    const auto at = controls_.run_revoked_at(scope, run_id);
    return Ended{tokens, at, !at};
  }
  auto closing = order;
  closing.run_id = run_id;
  if (by.agent != nullptr) closing.agent = scope;
  controls_.order({std::make_shared<const Event>(closing)});
  return Ended{tokens};
}

Result<Exchange::Ended> Exchange::end_agent(const Revoker& by, const Event& order, const std::string& name) {
  if (by.agent != nullptr && by.agent->name != name)
    return refuse(Code::wrong_role, "an agent may revoke its own tokens; only an operator those of others");
  const auto* agent = agent_named(parts_.roles, name);
  if (agent == nullptr) return no_such_agent(name);
  return Ended{end_live(order, for_agent(agent->spiffe_id), by.in_memory)};
}

Result<Switched> Exchange::switch_agent(const Caller& caller, const SwitchRequest& request) {
  const auto agent = throw_switch(caller, request, {});
  if (!agent) return refuse(refused(caller, agent.error(), Refusal{request.disable ? Verb::disable : Verb::enable}));
  controls_.write(parts_.store);
  return Switched{controls_.switched_at(*agent).value()};
}

Result<void> Exchange::switch_in_memory(const Caller& caller, const SwitchRequest& request, bool thrown) {
  const auto agent = throw_switch(caller, request, {.in_memory = true, .already = thrown});
  if (!agent) return refuse(agent.error());
  return {};
}

Result<std::string> Exchange::throw_switch(const Caller& caller, const SwitchRequest& request, Throw how) {
  if (!parts_.roles.is_operator(caller)) {
    if (parts_.roles.knows(caller)) return refuse(Code::wrong_role, "only an operator may disable and enable agents");
    return refuse(Code::unknown_agent, words_for(caller) + " is no operator; see [[operator]]");
  }
  std::string agent;
  if (const auto* entry = agent_named(parts_.roles, request.agent)) {
    agent = entry->spiffe_id;
  } else {
    // Who was disabled and then taken out of the configuration is still disabled, and can still be enabled.
    const auto disabled = controls_.disabled();
    const auto left = std::find_if(disabled.begin(), disabled.end(),
                                   [&](const std::string& id) { return id.ends_with("/agent/" + request.agent); });
    if (left == disabled.end()) return no_such_agent(request.agent);
    agent = *left;
  }
  auto order =
      event_of(request.disable ? EventKind::agent_disabled : EventKind::agent_enabled, Role::operator_, caller);
  order.agent = agent;
  const bool stands =
      controls_.is_disabled(agent) == request.disable && (request.disable || controls_.was_switched(agent));
  if (!stands && !how.already) controls_.order({std::make_shared<const Event>(order)});
  if (request.disable && controls_.is_disabled(agent)) {
    order.kind = EventKind::token_revoked;
    [[maybe_unused]] const auto tokens = end_live(order, for_agent(agent), how.in_memory);
  }
  return agent;
}

}  // namespace jeton
