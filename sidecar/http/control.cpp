// Revoke, disable and enable at the local door: they hold even when the log does not take them.
#include "http/local_door.hpp"
#include "ops/log.hpp"

namespace jeton {
namespace {

/// "/v1/agents/<name>/disable" → the name and what to do with it.
std::optional<std::pair<std::string_view, bool>> switch_path(std::string_view target) {
  constexpr std::string_view prefix = "/v1/agents/", off = "/disable", on = "/enable";
  if (!target.starts_with(prefix)) return std::nullopt;
  target.remove_prefix(prefix.size());
  for (const auto& what : {off, on})
    if (target.ends_with(what)) return std::pair{target.substr(0, target.size() - what.size()), what == off};
  return std::nullopt;
}

}  // namespace

std::optional<Result<LocalDoor::Control>> LocalDoor::control_of(const Request& request) const {
  if (request.method != "POST") return std::nullopt;
  if (parts_.oauth != nullptr)
    if (const auto revocation = parts_.oauth->revocation_of(request)) return Control(*revocation);
  if (request.target == "/v1/revoke")
    return decode_revoke(request.body, parts_.limits).map([](RevokeRequest asked) { return Control(asked); });
  if (const auto path = switch_path(request.target))
    return decode_switch(request.body, path->first, path->second, parts_.limits).map([](SwitchRequest asked) {
      return Control(asked);
    });
  return std::nullopt;
}

Verb LocalDoor::verb_of(const Request& request) {
  const auto path = switch_path(request.target);
  if (!path) return Verb::revoke;
  return path->second ? Verb::disable : Verb::enable;
}

Response LocalDoor::control(const Control& asked, const Caller& caller) {
  if (const auto* revocation = std::get_if<RevokeRequest>(&asked)) {
    const auto revoked = parts_.exchange.revoke(caller, *revocation);
    if (!revoked) return problem(revoked.error());
    Json body{{"revoked", revoked->revoked}};
    if (revoked->log_index) body["log_index"] = *revoked->log_index;
    return answer_with(body);
  }
  const auto switched = parts_.exchange.switch_agent(caller, std::get<SwitchRequest>(asked));
  return switched ? answer_with({{"log_index", switched->log_index}}) : problem(switched.error());
}

void LocalDoor::answer_unwritten(const std::vector<Job*>& jobs, const Error& why) {
  for (auto* job : jobs)
    job->response = holds_in_memory(*job, {.answered = was_answered(*job)}) ? in_memory_only(*job)
                                                                            : problem_at(job->request.target, why);
}

Response LocalDoor::in_memory_only(const Job& job) {
  return problem_at(
      job.request.target,
      {Code::log_unavailable,
       "in memory only: it holds now and its event is the first that is written when the log works again; "
       "ask again after a restart before that"});
}

bool LocalDoor::was_answered(const Job& job) { return job.response.status == 200 && !job.response.body.empty(); }

bool LocalDoor::holds_in_memory(const Job& job, Failed how) {
  if (job.fault) return false;
  try {
    const auto asked = control_of(job.request);
    if (!asked || !*asked) return false;
    if (how.answered && !how.may_read) return true;  // it was decided before the disk hung
    if (const auto* revocation = std::get_if<RevokeRequest>(&**asked))
      return parts_.exchange.revoke_in_memory(job.caller, *revocation, how.may_read).has_value();
    return parts_.exchange.switch_in_memory(job.caller, std::get<SwitchRequest>(**asked), how.answered).has_value();
  } catch (const std::exception& error) {
    log_line(Level::error, "a revocation did not take effect: the log cannot be read", {{"what", error.what()}});
    return false;
  }
}

}  // namespace jeton
