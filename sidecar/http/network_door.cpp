// What the door does for TCP: who comes from there is unknown, and until that changes costs neither a line nor a
// commit.
#include "http/local_door.hpp"
#include "http/paths.hpp"

namespace jeton {
namespace {

constexpr int not_found = 404;
constexpr auto failure_counts_for = std::chrono::seconds(5);

bool is_stranger_of_network(const Caller& caller) { return caller.remote && !caller.client; }

}  // namespace

void LocalDoor::screen(Job& job) {
  const auto& caller = job.caller;
  if (!caller.remote) {
    if (!job.request.origin.empty())
      job.fault = Error{Code::bad_request, "no page of a browser speaks here; leave the Origin field out"};
    return;
  }
  if (auto refused = parts_.network.screen(job.request, caller.socket)) {
    ++hosts_refused_;
    job.fault = std::move(refused->error);
    job.fault_status = refused->status;
  } else if (!serves_network(job.request.target)) {
    job.fault_status = not_found;
    job.fault = Error{Code::bad_request, "no such path over the network; /openapi.json names those there are"};
    // What stands behind the question mark may be a token that somebody took for a parameter.
    const auto query = job.request.target.find('?');
    if (query == job.request.target.npos || !serves_network(job.request.target.substr(0, query))) return;
    job.fault_status = 0;
    job.fault->message = "nothing may stand behind a ? here; send it in the body, and revoke a token that stood there";
  } else if (const auto method = method_instead(job.request.method, job.request.target)) {
    job.fault = takes_only(*method);
    job.fault_status = method_not_allowed;
  } else if (job.request.method == "GET" && !job.request.body.empty()) {
    job.fault = takes_no_body();
  }
}

bool LocalDoor::answer_without_log(Job& job) const {
  if (job.fault) return answer_network_fault(job);
  if (job.prepared) {
    job.response = std::move(*job.prepared);
    return true;
  }
  if (answer_from_memory(job) || !identify(job)) return true;
  if (!is_stranger_of_network(job.caller)) return answer_query(job);
  job.response = answer_unproved(job);
  return true;
}

bool LocalDoor::answer_query(Job& job) const {
  if (parts_.oauth == nullptr || job.request.body.size() > strangers_body_bytes) return false;
  try {
    return parts_.oauth->answer_query(job);
  } catch (const std::exception&) {
    return false;  // its tick meets the same trouble, and has the words for it
  }
}

bool LocalDoor::answer_network_fault(Job& job) const {
  if (!job.fault || !is_stranger_of_network(job.caller)) return false;
  const bool in_oauths_words = is_form_path(parts_.network.path_asked(job.request.target));
  job.response = in_oauths_words ? oauth_problem({*job.fault}) : problem(*job.fault, job.fault_status);
  if (job.fault_status != 0) job.response.status = job.fault_status;
  if (job.fault_status == method_not_allowed)
    job.response.allow = allowed_beside(*method_instead(job.request.method, job.request.target));
  return true;
}

Response LocalDoor::answer_unproved(const Job& job) const {
  if (job.request.method == "POST" && job.request.target.starts_with("/v1/"))
    return problem({Code::unattested_peer, "nothing proves who asks: over the network a client authenticates itself"});
  return problem({Code::bad_request, "no such request; /openapi.json names the paths and their methods"}, not_found);
}

std::function<void()> LocalDoor::tlog_errand(Job& job) const {
  if (parts_.tlog == nullptr || job.prepared || !is_tlog(job.request)) return {};
  if (is_tlog_entries(job.request.target) && !parts_.roles.is_reviewer(job.caller)) return {};
  // The log must not be read from here now.
  if (parts_.guard != nullptr && parts_.guard->has_taken_over()) return {};
  return [&job, &tlog = *parts_.tlog] { job.prepared = tlog.answer(job.request.target); };
}

bool LocalDoor::answer_health(Job& job, bool ready) {
  const auto& request = job.request;
  if (job.fault || request.method != "GET" || !request.body.empty()) return false;
  if (request.target == "/healthz")
    job.response = {200, "text/plain; charset=utf-8", "ok\n"};
  else if (request.target == "/readyz")
    job.response = {ready ? 200 : 503, "text/plain; charset=utf-8", ready ? "ok\n" : "the log cannot be written\n"};
  else
    return false;
  return true;
}

/// Asked often and by anybody, so the disk is looked at in the house and not here.
bool LocalDoor::is_ready() const {
  // After a while a failure is no news: somebody must try, or nobody would learn that the disk works again.
  const bool failed = last_failure_ && std::chrono::steady_clock::now() - *last_failure_ < failure_counts_for;
  return !failed && !disk_full_;
}

void LocalDoor::note_durable(bool durable) {
  if (durable)
    last_failure_.reset();
  else
    last_failure_ = std::chrono::steady_clock::now();
}

}  // namespace jeton
