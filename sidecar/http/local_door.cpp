// Routing, and one transaction for all that is ready at once.
#include "http/local_door.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "http/paths.hpp"
#include "ops/log.hpp"

namespace jeton {
namespace {

/// Five hundred events: some hundredths of a second in which nobody is answered, and well below what the guard takes
/// for a disk that hangs.
constexpr std::size_t tiles_a_second = 2;

/// But for the grant, whose name is any visible text, nothing in an answer with a token needs escaping: what most
/// requests are answered with is written without a tree of it.
Response answer_with(const Minted& minted) {
  return {200, "application/json",
          fmt::format(R"({{"attempt":{},"expires_at":{},"jti":"{}","log_index":{},"previous":"{}","token":"{}",)"
                      R"("txn":"{}"}})",
                      minted.attempt, minted.expires_at, minted.jti.text(), minted.log_index, name_of(minted.previous),
                      minted.token.expose_for_transport(), minted.txn.text())};
}

Json json_of(const Opened& opened) {
  return {{"txn", opened.txn.text()},
          {"decision", "permit"},
          {"provisional", opened.provisional},
          {"grant", opened.grant},
          {"log_index", opened.log_index}};
}

/// The same with its first token.
Response answer_with(const Opened& opened, const Minted& minted) {
  return {200, "application/json",
          fmt::format(R"({{"attempt":{},"decision":"permit","expires_at":{},"grant":{},"jti":"{}","log_index":{},)"
                      R"("previous":"{}","provisional":{},"token":"{}","txn":"{}"}})",
                      minted.attempt, minted.expires_at, Json(opened.grant).dump(), minted.jti.text(), opened.log_index,
                      name_of(minted.previous), opened.provisional, minted.token.expose_for_transport(),
                      minted.txn.text())};
}

/// RFC 7662 section 2.2, and what only a redemption knows.
Json json_of(const Redeemed& redeemed) {
  // Member by member: a list of pairs is made of arrays first.
  auto body = redeemed.claims.json();
  body["active"] = true;
  body["token_type"] = "Bearer";
  body["redeemed_at"] = redeemed.redeemed_at;
  body["attempt"] = redeemed.claims.attempt;
  body["prior_redemptions"] = redeemed.prior_redemptions;
  body["repeated"] = redeemed.repeated;
  body["log_index"] = redeemed.log_index;
  return body;
}

Error internal(const std::exception& error, const std::string& request) {
  log_line(Level::error, "a request ended by a mistake of our own", {{"request", request}, {"what", error.what()}});
  return {Code::internal, "jetond met a mistake of its own; nothing was granted; see its log"};
}

/// What was read of it before its tick, or what is read now. Once: the arguments may be large.
template <class T, class Decode>
Result<T> read_once(Job& job, Decode decode) {
  auto* read = std::any_cast<Result<T>>(&job.read);
  auto request = read != nullptr ? std::move(*read) : decode();
  if (request) request->call.verdict = job.verdict;
  return request;
}

}  // namespace

Response answer_with(const Json& body) {
  // The canonical writer is the faster one. What it refuses is a path of this machine that is not UTF-8.
  auto text = canonical_json(body);
  if (!text) text = body.dump(-1, ' ', false, Json::error_handler_t::replace);
  return {200, "application/json", std::move(*text), false};
}

void LocalDoor::answer(std::span<Job* const> jobs) {
  std::vector<Job*> writing;
  for (auto* job : jobs) {
    job->response = {};
    job->final = answer_without_log(*job);
    if (job->final)
      count(std::span(&job, 1));
    else
      writing.push_back(job);
  }
  if (writing.empty()) return;

  // Who waits too long for the disk is answered by the guard, and gone before it is known what became of this.
  std::vector<Job> controls;
  for (const auto* job : writing)
    if (control_of(job->request)) controls.push_back(*job);
  const auto request = writing.size() == 1 ? writing.front()->id : std::string("several");
  bool answered = false;
  const auto unwritten = [&](const Error& why) {
    if (!answered) return answer_unwritten(writing, why);
    for (const auto& job : controls) (void)holds_in_memory(job, {.answered = true});
  };
  try {
    const auto durable = parts_.exchange.transact(
        [&] {
          answer_all(writing);
          begin_wait();
        },
        [&] { answered = end_wait() || answered; });
    note_durable(durable.has_value());
    if (!durable) unwritten(durable.error());
  } catch (const std::exception& error) {
    unwritten(internal(error, request));
  }
  if (!answered) count(writing);
}

void LocalDoor::answer_all(const std::vector<Job*>& jobs) {
  if (jobs.size() == 1) return answer_one(*jobs.front());
  for (auto* job : jobs) answer_part(*job);
}

void LocalDoor::answer_one(Job& job) {
  job.response = job.fault ? refused(job.caller, *job.fault, Verb::request) : route(job);
}

void LocalDoor::answer_part(Job& job) {
  try {
    parts_.exchange.isolate([&] { answer_one(job); });
  } catch (const LogDamaged& error) {
    // What this job asked about cannot be read. Its neighbours ask about something else.
    job.response =
        problem_at(job.request.target,
                   {Code::log_unavailable, fmt::format("the log is damaged: {}; see jeton log verify", error.what())});
  } catch (const std::runtime_error&) {
    throw;  // the store's: nothing of this tick can be kept
  } catch (const std::exception& error) {
    job.response =
        problem_at(job.request.target,
                   internal(error, job.id));  // its own events were taken back; its neighbours are not concerned
  }
}

void LocalDoor::answer_stalled(std::span<Job* const> jobs) {
  std::vector<Job*> open;
  std::copy_if(jobs.begin(), jobs.end(), std::back_inserter(open), [](const Job* job) { return !job->final; });
  for (auto* job : open) {
    if (!job->fault && answer_document(*job)) continue;
    if (answer_health(*job, false) || answer_network_fault(*job)) continue;
    if (job->prepared && answer_without_log(*job)) continue;
    if (!was_answered(*job) && !job->fault && !identify(*job)) continue;
    if (holds_in_memory(*job, {.answered = was_answered(*job), .may_read = false}))
      job->response = in_memory_only(*job);
    else
      job->response = problem_at(
          job->request.target, {Code::log_unavailable,
                                "the log's disk does not answer, so nothing was granted; try again with the same id"});
  }
  count(open);
}

void LocalDoor::begin_wait() const {
  if (parts_.guard != nullptr) parts_.guard->begin();
}

bool LocalDoor::end_wait() const { return parts_.guard != nullptr && parts_.guard->end(); }

std::size_t LocalDoor::body_bytes_max(const Caller& caller, bool stranger) const {
  const bool may_send = caller.remote ? parts_.oauth != nullptr && parts_.oauth->knows(caller.certificate)
                                      : parts_.roles.has_open_server();
  return stranger && !may_send ? std::min(strangers_body_bytes, parts_.limits.body_bytes) : parts_.limits.body_bytes;
}

void LocalDoor::keep_house(bool stopping) {
  parts_.exchange.set_disk_low(parts_.disk_low());
  disk_full_ = parts_.disk_full();
  const auto due = parts_.exchange.due(stopping);
  // A log that cannot be written now is tried again in a second; what is due stays due.
  const bool nothing = due.empty() && !parts_.exchange.controls().is_due(parts_.store.room());
  const auto write_due = [&] {
    for (const auto& event : due) parts_.store.append(event);
    begin_wait();
  };
  const bool durable = nothing || parts_.exchange.transact(write_due, [this] { (void)end_wait(); });
  if (!nothing) note_durable(durable);
  parts_.exchange.settle(durable ? due : std::vector<Event>{});
  if (stopping) return;
  begin_wait();
  parts_.checkpoint();
  let_go();
  (void)end_wait();
  parts_.settle();
}

void LocalDoor::let_go() {
  const auto moved = parts_.store.move_archived(tiles_a_second);
  const auto trouble = moved ? "" : moved.error().message;
  if (trouble == archive_trouble_) return;
  if (trouble.empty())
    log_line(Level::info, "archived events are let go again");
  else
    log_line(Level::warning, "archived events are not let go", {{"why", trouble}});
  archive_trouble_ = trouble;
}

bool LocalDoor::identify(Job& job) const {
  if (parts_.oauth != nullptr) return parts_.oauth->identify(job);
  if (!job.caller.remote) return true;
  job.response = problem({Code::unattested_peer, "nobody is known over the network; see listen in the configuration"});
  return false;
}

bool LocalDoor::answer_document(Job& job) const {
  if (job.request.method != "GET" || !job.request.body.empty()) return false;
  if (job.request.target != "/v1/jwks") return parts_.oauth != nullptr && parts_.oauth->answer_from_memory(job);
  job.response = answer_with(parts_.keys.jwks());
  job.response.may_cache = true;
  return true;
}

bool LocalDoor::answer_from_memory(Job& job) const {
  const auto& target = job.request.target;
  if (job.request.method != "GET" || !job.request.body.empty()) return false;
  if (answer_document(job)) return true;
  if (answer_health(job, is_ready())) return true;
  if (target == "/metrics" && parts_.roles.is_reviewer(job.caller)) {
    job.response = {200, "text/plain; version=0.0.4; charset=utf-8", metrics()};
    return true;
  }
  if (target != "/v1/status") return false;
  job.response = answer_with(status_for(job.caller));
  return true;
}

std::optional<std::pair<std::string_view, std::string_view>> call_path(std::string_view target) {
  constexpr std::string_view prefix = "/v1/calls/";
  if (!target.starts_with(prefix)) return std::nullopt;
  target.remove_prefix(prefix.size());
  const auto slash = target.find('/');
  if (slash == target.npos) return std::nullopt;
  return std::pair{target.substr(0, slash), target.substr(slash + 1)};
}

Response LocalDoor::route(Job& job) {
  const auto& request = job.request;
  const auto& caller = job.caller;
  // Who has no part to play gets no megabyte read: parsing it would take the time of those who have.
  // (A stranger may redeem where a server has no match; the digest in place of the arguments is always small.)
  const bool may_redeem = request.target == "/v1/redeem" && parts_.roles.has_open_server();
  if (request.body.size() > strangers_body_bytes && !may_redeem && !parts_.roles.knows(caller))
    return refused(caller, {Code::unknown_agent, words_for(caller) + " matches no agent, server or operator"},
                   Verb::request);
  if (parts_.oauth != nullptr)
    if (auto answer = parts_.oauth->route(job)) return std::move(*answer);
  if (const auto asked = control_of(request)) {
    if (!*asked) return refused(caller, asked->error(), verb_of(request));
    return control(**asked, caller);
  }
  const auto& target = request.target;
  if (request.method == "POST") {
    if (target == "/v1/calls") return open(job);
    if (target == "/v1/redeem") return redeem(request, caller);
    if (target == "/v1/federation") return federate(request, caller);
    if (target == "/v1/log/archive") return archive(request, caller);
    if (const auto path = call_path(target)) {
      if (path->second == "tokens") return mint(job, path->first);
      if (path->second == "outcome") return finish(request, caller, path->first);
    }
  }
  if (request.method == "GET" && (target == "/metrics" || denies_entries(target, caller)))
    return refused(caller, {Code::wrong_role, words_for(caller) + " is no reviewer; see [[reviewer]]"}, Verb::request);
  if (const auto method = method_instead(request.method, target))
    return problem_of_method(parts_.exchange.refused(caller, takes_only(*method), Refusal{Verb::request}), *method);
  if (request.method == "GET" && !request.body.empty() && known_path(target))
    return refused(caller, takes_no_body(), Verb::request);
  return refused(caller, {Code::bad_request, "no such request; see docs/protocol.md for the paths and their methods"},
                 Verb::request);
}

Response LocalDoor::refused(const Caller& caller, const Error& error, Verb verb) {
  return problem(parts_.exchange.refused(caller, error, Refusal{verb}));
}

Response LocalDoor::open(Job& job) {
  if (job.stalled) return problem(unasked());
  auto decoded = read_once<OpenRequest>(job, [&] { return decode_open(job.request.body, parts_.limits); });
  if (!decoded) return refused(job.caller, decoded.error(), Verb::open);
  if (auto no = delegate(*decoded, job.caller)) return refused(job.caller, *no, Verb::open);
  const auto opened = parts_.exchange.open(job.caller, *decoded);
  if (!opened) return problem(opened.error());
  return opened->minted ? answer_with(*opened, *opened->minted) : answer_with(json_of(*opened));
}

Response LocalDoor::mint(Job& job, std::string_view txn) {
  if (job.stalled) return problem(unasked());
  const auto decoded = read_once<MintRequest>(job, [&] { return decode_mint(job.request.body, txn, parts_.limits); });
  if (!decoded) return refused(job.caller, decoded.error(), Verb::mint);
  const auto minted = parts_.exchange.mint(job.caller, *decoded);
  return minted ? answer_with(*minted) : problem(minted.error());
}

Response LocalDoor::federate(const Request& request, const Caller& caller) {
  const auto decoded = decode_federation(request.body, parts_.limits);
  if (!decoded) return refused(caller, decoded.error(), Verb::mint);
  const auto minted = parts_.exchange.federate(caller, *decoded);
  if (!minted) return problem(minted.error());
  return answer_with({{"token", minted->token.expose_for_transport()},
                      {"jti", minted->jti.text()},
                      {"expires_at", minted->expires_at},
                      {"relying_party", minted->relying_party},
                      {"audience", minted->audience},
                      {"reusable", true},
                      {"log_index", minted->log_index}});
}

DecodeLimits LocalDoor::limits_for(const Caller& caller) const {
  auto limits = parts_.limits;
  limits.client_members = caller.remote.has_value();
  return limits;
}

Response LocalDoor::redeem(const Request& request, const Caller& caller) {
  const auto decoded = decode_redeem(request.body, limits_for(caller));
  if (!decoded) return refused(caller, decoded.error(), Verb::redeem);
  const auto redeemed = parts_.exchange.redeem(caller, *decoded);
  return redeemed ? answer_with(json_of(*redeemed)) : problem(redeemed.error());
}

Response LocalDoor::finish(const Request& request, const Caller& caller, std::string_view txn) {
  const auto decoded = decode_finish(request.body, txn, limits_for(caller));
  if (!decoded) return refused(caller, decoded.error(), Verb::finish);
  const auto finished = parts_.exchange.finish(caller, *decoded);
  return finished ? answer_with({{"log_index", finished->log_index}}) : problem(finished.error());
}

Response LocalDoor::archive(const Request& request, const Caller& caller) {
  const auto decoded = decode_archive(request.body, parts_.limits);
  if (!decoded) return refused(caller, decoded.error(), Verb::request);
  const auto archived = parts_.exchange.archive(caller, *decoded);
  if (!archived) return problem(archived.error());
  Json body{{"below", archived->below}, {"count", archived->count}};
  if (archived->log_index) body["log_index"] = *archived->log_index;
  return answer_with(body);
}

Json LocalDoor::status_for(const Caller& caller) const {
  auto status = parts_.status();
  status["keys"] = parts_.keys.kids();
  if (!status.contains("log")) status["log"] = {{"size", parts_.store.size()}};
  const auto& controls = parts_.exchange.controls();
  auto disabled = controls.disabled();
  for (const auto& agent : parts_.roles.entries().agents)
    if (controls.is_disabled(agent.spiffe_id) && !controls.was_switched(agent.spiffe_id))
      disabled.push_back(agent.spiffe_id);
  status["disabled_agents"] = std::move(disabled);
  status["events_in_memory_only"] = controls.unwritten();
  if (!parts_.roles.is_operator(caller)) {
    // Who has no part to play learns enough to say what it met, and no more.
    Json little;
    for (const char* name : {"version", "issuer", "dev", "durability", "keys", "log"}) little[name] = status[name];
    status = std::move(little);
  }
  status["roles"] = parts_.roles.names_of(caller);
  return status;
}

}  // namespace jeton
