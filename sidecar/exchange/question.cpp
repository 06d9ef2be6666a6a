// An engine's part in a decision: what it is asked about, what it has against it, and what the log keeps of that.
#include "exchange/exchange.hpp"

namespace jeton {
namespace {

/// A call that is opened without an open_id is named only when it is decided: no question could have named it.
template <class Asked>
const Txn* name_of_call(const Asked& asked) {
  return asked.call == nullptr && !asked.opening->open_id ? nullptr : &asked.txn;
}

template <class Asked>
const std::string& subject_of(const Asked& asked) {
  return asked.authority ? asked.authority->sub : asked.agent.spiffe_id;
}

}  // namespace

std::optional<Error> Exchange::objection(const Asked& asked) const {
  Question question{asked.agent.name, std::nullopt, asked.binding.tool, asked.binding.arguments_if_sent(),
                    parts_.clock.wall_us()};
  if (asked.server) question.server = *asked.server;
  question.agent_id = asked.agent.spiffe_id;
  question.subject = subject_of(asked);
  question.digest = &asked.binding.digest;
  question.txn = name_of_call(asked);
  question.verdict = asked.binding.verdict.get();
  return parts_.policy.objection(question);
}

std::optional<EngineQuestion> Exchange::question_about(const Asked& asked, bool with_arguments) const {
  const auto permit = asked.server ? permit_attempt(asked) : decide(asked);
  if (!permit) return std::nullopt;
  const auto& rate = asked.server ? rate_ : opening_rate_;
  const bool counted = asked.server || asked.call == nullptr;
  if (counted && rate.full(permit->limits, parts_.clock.boot_us()) != nullptr) return std::nullopt;
  if (asked.server && permit->seal_to && !asked.binding.arguments) return std::nullopt;
  EngineQuestion question{asked.agent.spiffe_id, subject_of(asked), asked.server, asked.binding.tool,
                          asked.binding.digest};
  if (const auto* txn = name_of_call(asked)) question.txn = *txn;
  if (asked.server)
    question.attempt = asked.call == nullptr ? 1 : static_cast<std::int64_t>(asked.call->attempts().size()) + 1;
  if (with_arguments) question.arguments = asked.binding.arguments;
  if (asked.call != nullptr) {
    // What a later request says of the call is not what it was opened as.
    question.call_id = asked.call->opening().call_id;
    question.run_id = asked.call->opening().run_id;
    question.session_id = asked.call->opening().session_id;
  } else {
    question.call_id = asked.opening->call_id;
    question.run_id = asked.opening->run_id;
    question.session_id = asked.opening->session_id;
  }
  return question;
}

void describe(Event& event, const Verdict* verdict) {
  if (verdict == nullptr) return;
  event.decision_id = verdict->id;
  event.decision_reason = verdict->reason();
}

}  // namespace jeton
