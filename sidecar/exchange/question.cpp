// What an engine has to be asked before a request is decided, and what the log keeps of its answer.
#include "exchange/exchange.hpp"

namespace jeton {

std::optional<EngineQuestion> Exchange::question(const Caller& caller, const OpenRequest& request) const {
  const auto agent = agent_of(caller);
  if (!agent || held_back(**agent)) return std::nullopt;
  std::optional<Txn> txn;
  std::optional<Call> known;
  if (request.open_id) {
    txn = parts_.secret.txn_of((*agent)->spiffe_id, *request.open_id);
    known = Call::from(parts_.store.story(*txn));
  }
  if (known ? not_again(request, *known).has_value()
            : controls_.is_run_revoked((*agent)->spiffe_id, request.run_id))
    return std::nullopt;
  auto question = question_about(
      {**agent, txn ? &*txn : nullptr, known ? &*known : nullptr, request.server, request.call});
  if (!question) return std::nullopt;
  // What this request says of itself; of a call that is there already its first opening has been believed.
  if (known) return question;
  question->call_id = request.call_id;
  question->run_id = request.run_id;
  question->session_id = request.session_id;
  return question;
}

std::optional<EngineQuestion> Exchange::question(const Caller& caller, const MintRequest& request) const {
  const auto agent = agent_of(caller);
  if (!agent || held_back(**agent)) return std::nullopt;
  const auto call = own_call(**agent, request.txn);
  if (!call || call->openers_outcome() != nullptr || revoked_for_good(*call)) return std::nullopt;
  return question_about({**agent, &request.txn, &*call, request.server, request.call});
}

std::optional<EngineQuestion> Exchange::question_about(const Wanted& wanted) const {
  if (!within_grants(wanted)) return std::nullopt;
  const auto& [agent, named, call, server, binding] = wanted;
  EngineQuestion question{agent.spiffe_id, agent.spiffe_id, std::nullopt, binding.tool, binding.digest};
  if (server) question.server = *server;
  if (named != nullptr) question.txn = *named;
  if (server) question.attempt = call == nullptr ? 1 : static_cast<std::int64_t>(call->attempts().size()) + 1;
  if (call == nullptr) return question;
  question.call_id = call->opening().call_id;
  question.run_id = call->opening().run_id;
  question.session_id = call->opening().session_id;
  return question;
}

void describe(Event& event, const Verdict* verdict) {
  if (verdict == nullptr) return;
  event.decision_id = verdict->id;
  event.decision_reason = verdict->reason();
}

}  // namespace jeton
