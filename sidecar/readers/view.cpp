// Summing up calls from their events, for every face that shows them.
#include "readers/view.hpp"

#include <algorithm>

#include "jeton/clock.hpp"
#include "log/archived.hpp"

namespace jeton {
namespace {

std::string state_of(const Call& call, std::int64_t now_us) {
  if (call.attempts().empty()) return call.revocation() != nullptr ? "revoked" : "opened";
  const auto& last = call.attempts().back();
  switch (last.state) {
    case Attempt::State::redeemed: return "redeemed";
    case Attempt::State::reported: return "reported";
    case Attempt::State::superseded: return "superseded";
    case Attempt::State::revoked: return "revoked";
    case Attempt::State::unredeemed: break;
  }
  return now_us / us_per_s >= last.minted.expires_at.value_or(0) ? "expired" : "minted";
}

std::optional<std::string> outcome_of(const Event* event) {
  if (event == nullptr || !event->outcome) return std::nullopt;
  return std::string(name_of(*event->outcome));
}

const Event* newest_redeemers_outcome(const Call& call) {
  for (auto attempt = call.attempts().rbegin(); attempt != call.attempts().rend(); ++attempt)
    if (const auto* outcome = call.redeemers_outcome(*attempt->minted.jti)) return outcome;
  return nullptr;
}

void put(Json& json, const char* name, const std::optional<std::string>& value) {
  if (value) json[name] = *value;
}

}  // namespace

std::optional<CallSummary> summary_of(const std::vector<Event>& events, std::int64_t now_us) {
  // Refusals may stand before the opening (a first try that was refused); the state is in the rest.
  std::vector<Event> story;
  std::copy_if(events.begin(), events.end(), std::back_inserter(story),
               [](const Event& e) { return e.kind != EventKind::request_refused; });
  const auto call = Call::from(story);
  if (!call) return std::nullopt;
  const auto& opening = call->opening();
  const auto& bound = call->attempts().empty() ? opening : call->attempts().front().minted;
  return CallSummary{*opening.txn,
                     opening.log_index,
                     opening.time_us,
                     opening.agent.value_or(""),
                     bound.tool.value_or(""),
                     bound.server,
                     opening.call_id,
                     opening.run_id,
                     opening.session_id,
                     state_of(*call, now_us),
                     static_cast<std::int64_t>(call->attempts().size()),
                     call->redemptions(),
                     static_cast<std::int64_t>(events.size() - story.size()),
                     outcome_of(call->openers_outcome()),
                     outcome_of(newest_redeemers_outcome(*call))};
}

Json CallSummary::json() const {
  Json body{{"txn", txn.text()},
            {"log_index", log_index},
            {"opened_at", opened_us / us_per_s},
            {"agent", agent},
            {"tool", tool},
            {"state", state},
            {"attempts", attempts},
            {"redemptions", redemptions},
            {"refusals", refusals}};
  put(body, "server", server);
  put(body, "call_id", call_id);
  put(body, "run_id", run_id);
  put(body, "session_id", session_id);
  put(body, "outcome", openers_outcome);
  put(body, "server_outcome", redeemers_outcome);
  return body;
}

Json CallPage::json() const {
  Json body{{"calls", Json::array()}, {"events", events}};
  if (gaps) body["gaps"] = *gaps;
  for (const auto& call : calls) body["calls"].push_back(call.json());
  if (next_before) body["next_before"] = *next_before;
  return body;
}

CallPage list_calls(const LogReader& log, std::uint64_t before, std::size_t limit, std::int64_t now_us) {
  CallPage page{{}, log.size(), log.gaps(), std::nullopt};
  const auto openings = log.openings(before, limit);
  for (const auto& opening : openings)
    if (auto summary = summary_of(log.everything_of(opening.txn, 10'000), now_us))
      page.calls.push_back(std::move(*summary));
  if (openings.size() == limit && !openings.empty()) page.next_before = openings.back().log_index;
  return page;
}

Result<std::vector<Event>> story_of(const LogReader& log, const Txn& txn, std::size_t limit) {
  auto events = log.everything_of(txn, limit);
  if (events.empty()) {
    if (const auto archive = log.archive(); archive.first > 0)
      return refuse(Code::unknown_call, "the log has no call with this txn any more, or never had; " +
                                            archived_words(archive, "show " + txn.text()));
    return refuse(Code::unknown_call, "the log has no call with this txn; see jeton log calls");
  }
  return events;
}

Json json_of(const Event& event) {
  auto body = leaf_json(event);
  body["log_index"] = event.log_index;
  return body;
}

}  // namespace jeton
