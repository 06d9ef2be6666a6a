// How it went, as each side saw it: the first report of each counts, a different one is evidence.
#include <algorithm>

#include <fmt/core.h>

#include "exchange/exchange.hpp"

namespace jeton {
namespace {

/// More reports than any honest reporter makes; what comes after is refused, so a call cannot fill the log. Each side
/// has its own, so neither can keep the other from being heard.
constexpr std::int64_t outcomes_max = 32;

ReceiptCheck check_receipt(const Call& call, const Receipt& receipt) {
  const auto* attempt = call.attempt_of(receipt.jti);
  const bool same = attempt != nullptr && attempt->redemption && attempt->redemption->log_index == receipt.log_index &&
                    attempt->redemption->time_us / us_per_s == receipt.redeemed_at;
  return same ? ReceiptCheck::match : ReceiptCheck::mismatch;
}

/// Whose report it is when it comes from a tool server: that of the account that redeemed the token here, or, where
/// the token's server verifies offline, of any that may act for it.
const ServerEntry* reporting_server(const Roles& roles, const Attempt& attempt, const Caller& caller) {
  const auto& said = attempt.redemption ? *attempt.redemption : attempt.minted;
  const auto* server = roles.server_named(said.server.value_or(""));
  if (server == nullptr || !roles.may_act_for(*server, caller)) return nullptr;
  if (!attempt.redemption) return server->offline && server->match ? server : nullptr;
  return attempt.redemption->uid == caller.account() ? server : nullptr;
}

bool same_report(const Event& a, const Event& b) {
  return a.outcome == b.outcome && a.detail == b.detail && a.duration_ms == b.duration_ms && a.receipt == b.receipt &&
         a.jti == b.jti;
}

}  // namespace

Result<Finished> Exchange::finish(const Caller& caller, const FinishRequest& request) {
  Refusal about{Verb::finish};
  about.jti = request.jti;
  const auto* agent = parts_.roles.agent_of(caller);
  const auto call = Call::from(parts_.store.story(request.txn));
  const bool is_opener = call && agent != nullptr && call->opening().agent == agent->spiffe_id;
  const auto* attempt = call && request.jti ? call->attempt_of(*request.jti) : nullptr;
  const auto* server = attempt != nullptr ? reporting_server(parts_.roles, *attempt, caller) : nullptr;
  if (!is_opener && server == nullptr) {
    if (agent == nullptr && !parts_.roles.knows(caller))
      return refuse(refused(
          caller, {Code::unknown_agent, words_for(caller) + " matches no agent and redeemed nothing of this call"},
          about));
    if (agent == nullptr && call)
      return refuse(
          refused(caller, {Code::wrong_role, "only the opener and the redeemer of this token may report"}, about));
    return refuse(refused(caller, {Code::unknown_call, "no call with this txn is yours to report"}, about));
  }
  about.txn = request.txn;
  const bool as_redeemer = server != nullptr && (!is_opener || !request.receipt);

  auto event = event_of(EventKind::call_outcome, as_redeemer ? Role::server : Role::agent, caller);
  event.txn = request.txn;
  event.agent = call->opening().agent;
  event.jti = request.jti;
  event.outcome = request.outcome;
  event.detail = request.detail;
  event.duration_ms = request.duration_ms;
  // Nobody redeemed it here: this is all the log hears of the redemption.
  if (as_redeemer && !attempt->redemption) event.server = server->url;
  if (request.receipt) event.receipt = check_receipt(*call, *request.receipt);

  // Any earlier report of the same words is this one again, whichever of several it was.
  for (const auto& earlier : call->outcomes())
    if (earlier.role == event.role && earlier.uid == event.uid && same_report(earlier, event))
      return Finished{earlier.log_index};
  const auto same_side = [&event](const Event& e) {
    return e.role == event.role && (e.role == Role::agent || e.jti == event.jti);
  };
  if (std::count_if(call->outcomes().begin(), call->outcomes().end(), same_side) >= outcomes_max)
    return refuse(refused(caller, {Code::rate_limited, "this call has too many contradicting outcomes"}, about));
  const auto* first = as_redeemer ? call->redeemers_outcome(*request.jti) : call->openers_outcome();
  if (first != nullptr) event.cites = first->log_index;
  return Finished{parts_.store.append(event)};
}

}  // namespace jeton
