// The table of kinds, and the objects of the schema that an event fills.
#include "readers/ocsf.hpp"

#include <algorithm>
#include <array>

#include "jeton/clock.hpp"
#include "readers/trace_context.hpp"

namespace jeton {
namespace {

enum Class { account_change = 3001, authentication = 3002, authorize_session = 3003, lifecycle = 6002, api = 6003 };
enum Severity { informational = 1, low = 2, medium = 3, high = 4 };
enum Status { unknown = 0, success = 1, failure = 2, other_status = 99 };
constexpr int other = 99;

constexpr std::array kinds{
    OcsfKind{EventKind::sidecar_started, lifecycle, 3, "Start", informational, success},
    OcsfKind{EventKind::sidecar_stopped, lifecycle, 4, "Stop", informational, success},
    OcsfKind{EventKind::key_rotated, lifecycle, 8, "Update", informational, success},
    OcsfKind{EventKind::config_loaded, lifecycle, 8, "Update", informational, success},
    OcsfKind{EventKind::config_rejected, lifecycle, 8, "Update", low, failure},
    OcsfKind{EventKind::call_opened, api, 1, "Create", informational, success},
    OcsfKind{EventKind::token_minted, authorize_session, 1, "Assign Privileges", informational, success},
    OcsfKind{EventKind::token_superseded, authorize_session, other, "Supersede", informational, success},
    OcsfKind{EventKind::token_redeemed, api, 3, "Update", informational, success},
    OcsfKind{EventKind::token_revoked, authorize_session, other, "Revoke", low, success},
    OcsfKind{EventKind::call_outcome, api, 3, "Update", informational, unknown},
    OcsfKind{EventKind::request_refused, api, 0, "Unknown", low, failure},
    OcsfKind{EventKind::refusals_suppressed, api, other, "Suppress", medium, failure},
    OcsfKind{EventKind::agent_disabled, account_change, 5, "Disable", medium, success},
    OcsfKind{EventKind::agent_enabled, account_change, 2, "Enable", informational, success},
    OcsfKind{EventKind::session_opened, authentication, 1, "Logon", informational, success},
    OcsfKind{EventKind::log_recovered, lifecycle, other, "Recover Log", high, success},
    OcsfKind{EventKind::log_archived, lifecycle, other, "Archive Log", informational, success},
    OcsfKind{EventKind::federation_minted, authorize_session, 1, "Assign Privileges", informational, success},
    OcsfKind{EventKind::clock_jumped, lifecycle, other, "Clock Jump", medium, success},
};

std::string_view class_name(int uid) {
  switch (uid) {
    case account_change: return "Account Change";
    case authentication: return "Authentication";
    case authorize_session: return "Authorize Session";
    case lifecycle: return "Application Lifecycle";
    default: return "API Activity";
  }
}

std::string_view severity_name(int id) {
  constexpr std::array<std::string_view, 5> names{"Unknown", "Informational", "Low", "Medium", "High"};
  return names.at(static_cast<std::size_t>(id));
}

std::string_view status_name(int id) {
  return id == success ? "Success" : id == failure ? "Failure" : id == other_status ? "Cancelled" : "Unknown";
}

/// As `jeton log alerts` judges them.
int severity_of(Code code, bool redeeming) {
  if (code == Code::bad_token && redeeming) return high;
  switch (code) {
    case Code::already_redeemed:
    case Code::bad_signature:
    case Code::args_mismatch:
    case Code::call_mismatch: return high;
    case Code::wrong_audience:
    case Code::wrong_tool:
    case Code::wrong_role:
    case Code::unattested_peer:
    case Code::unknown_agent:
    case Code::agent_disabled:
    case Code::no_grant:
    case Code::denied_by_policy:
    case Code::wrong_issuer:
    case Code::unknown_key:
    case Code::revoked:
    case Code::log_unavailable: return medium;
    default: return low;
  }
}

/// What the refused request would have done.
void set_activity(OcsfKind& what, Verb verb) {
  switch (verb) {
    case Verb::open:
    case Verb::mint: what.activity_id = 1, what.activity = "Create"; break;
    case Verb::redeem:
    case Verb::finish:
    case Verb::disable:
    case Verb::enable: what.activity_id = 3, what.activity = "Update"; break;
    case Verb::revoke: what.activity_id = 4, what.activity = "Delete"; break;
    case Verb::request: break;
  }
}

int status_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::ok: return success;
    case Outcome::tool_error:
    case Outcome::transport_error: return failure;
    case Outcome::cancelled: return other_status;
    case Outcome::unknown: break;
  }
  return unknown;
}

OcsfKind kind_of(const Event& event) {
  const auto row = std::find_if(kinds.begin(), kinds.end(), [&](const auto& r) { return r.kind == event.kind; });
  auto what = row == kinds.end() ? OcsfKind{event.kind, api, 0, "Unknown", 0, unknown} : *row;
  if (event.kind == EventKind::request_refused) {
    if (event.verb) set_activity(what, *event.verb);
    if (event.code) what.severity_id = severity_of(*event.code, event.verb == Verb::redeem);
  }
  if (event.kind == EventKind::call_outcome && event.outcome) what.status_id = status_of(*event.outcome);
  return what;
}

std::string_view operation_of(const Event& event) {
  if (event.verb) return name_of(*event.verb);
  switch (event.kind) {
    case EventKind::call_opened: return "open";
    case EventKind::token_minted: return "mint";
    case EventKind::token_redeemed: return "redeem";
    case EventKind::call_outcome: return "finish";
    default: return "request";
  }
}

/// The members of a leaf on their way to their places; what is left at the end has none.
class Members {
 public:
  explicit Members(const Event& event) : rest_(leaf_json(event)) {
    rest_.erase("event");
    rest_["log_index"] = event.log_index;  // time_us stays: the schema's own time has milliseconds
  }
  /// Moves a member there, when the event has it.
  void move(const char* name, Json& to, const char* as) {
    if (!rest_.contains(name)) return;
    to[as] = rest_[name];
    rest_.erase(name);
  }
  void copy(const char* name, Json& to, const char* as) const {
    if (rest_.contains(name)) to[as] = rest_[name];
  }
  /// Numbers that the schema has as texts: those of accounts.
  void move_as_text(const char* name, Json& to, const char* as) {
    if (!rest_.contains(name)) return;
    to[as] = rest_[name].dump();
    rest_.erase(name);
  }
  /// As milliseconds, where a number of ours holds them.
  void move_time(const char* name, Json& to, const char* as, std::int64_t units_per_s) {
    constexpr std::int64_t s_max = std::int64_t{1} << 40;
    if (!rest_.contains(name)) return;
    const auto units = rest_[name].get<std::int64_t>();
    const auto seconds = units / units_per_s;
    if (seconds > s_max || seconds < -s_max) return;
    to[as] = seconds * 1000 + units % units_per_s * 1000 / units_per_s;
    rest_.erase(name);
  }
  [[nodiscard]] Json& rest() { return rest_; }

 private:
  Json rest_;
};

bool is_sha256(const std::optional<std::string>& text) {
  return text && text->size() == 64 && text->find_first_not_of("0123456789abcdef") == text->npos;
}

/// The process that asked, with its executable and its account.
Json process_of(const Event& event, Members& members) {
  Json process = Json::object();
  members.move("pid", process, "pid");
  if (event.exe) {
    Json file{{"type_id", 1}, {"name", event.exe->substr(event.exe->rfind('/') + 1)}};
    members.move("exe", file, "path");
    if (is_sha256(event.exe_sha256)) {
      Json hash{{"algorithm", "SHA-256"}, {"algorithm_id", 3}};
      members.move("exe_sha256", hash, "value");
      file["hashes"] = Json::array({hash});
    }
    process["file"] = file;
  }
  return process;
}

Json actor_of(const Event& event, Members& members) {
  Json actor = Json::object();
  if (event.pid) actor["process"] = process_of(event, members);
  Json user = Json::object();
  members.move_as_text("uid", user, "uid");
  if (event.role == Role::agent) members.copy("agent", user, "name");
  if (!user.empty()) actor["user"] = user;
  Json session = Json::object();
  members.move("session_id", session, "uid");
  if (!session.empty()) actor["session"] = session;
  Json policy = Json::object();
  members.move("grant", policy, "name");
  if (!policy.empty()) actor["authorizations"] = Json::array({{{"decision", "allowed"}, {"policy", policy}}});
  // What it was granted says what it did and not who it was.
  if (actor.size() == actor.count("authorizations")) actor["app_name"] = "jetond";
  return actor;
}

/// Where it came from: a socket of this machine, for a service that has one its unit.
Json source_of(Members& members) {
  Json source{{"name", "jetond"}};
  members.move("socket", source, "name");
  members.move("unit", source, "svc_name");
  return source;
}

void fill_api(Json& body, const Event& event, Members& members) {
  Json call{{"operation", operation_of(event)}, {"service", {{"name", "jetond"}}}};
  Json request = Json::object();
  members.move("call_id", request, "uid");
  if (!request.empty()) call["request"] = request;
  if (event.code) call["response"] = {{"error", name_of(*event.code)}};
  members.rest().erase("verb");
  body["api"] = call;
  Json resources = Json::array();
  if (event.tool) {
    Json tool{{"type", "tool"}};
    members.move("tool", tool, "name");
    members.copy("server", tool, "namespace");
    resources.push_back(tool);
  }
  if (event.jti) {
    Json token{{"type", "token"}};
    members.move("jti", token, "uid");
    resources.push_back(token);
  }
  if (!resources.empty()) body["resources"] = resources;
  Json server = Json::object();
  members.move("server", server, "svc_name");
  if (!server.empty()) body["dst_endpoint"] = server;
  if (const auto trace = trace_context_of(event.traceparent)) {
    body["trace"] = {{"uid", trace->trace_id}};
    body["metadata"]["profiles"].push_back("trace");
  }
}

void fill_authorization(Json& body, const Event& event, Members& members) {
  Json user{{"name", "unknown"}};
  members.copy("agent", user, "name");
  body["user"] = user;
  body["privileges"] = Json::array({event.tool.value_or("tool call")});
  members.rest().erase("tool");
  Json session = Json::object();
  members.move("jti", session, "uid");
  members.move_time("expires_at", session, "expiration_time", 1);
  if (!session.empty()) body["session"] = session;
}

/// What each class asks for beyond what all have.
void fill_class(Json& body, int class_uid, const Event& event, Members& members) {
  if (class_uid == lifecycle) {  // has no actor: the daemon speaks of itself
    body["app"] = {{"name", "jetond"}, {"vendor_name", "Jeton"}};
    return;
  }
  body["actor"] = actor_of(event, members);
  body["src_endpoint"] = source_of(members);
  if (class_uid == api) return fill_api(body, event, members);
  if (class_uid == authorize_session) return fill_authorization(body, event, members);
  Json user{{"name", "unknown"}};
  members.copy(class_uid == account_change ? "agent" : "role", user, "name");
  body["user"] = user;
  if (class_uid == authentication) body["service"] = {{"name", "jetond"}};
}

/// What the sidecar decided, for whoever asks a SIEM for what was denied.
void fill_decision(Json& body, const Event& event) {
  const bool denied = event.kind == EventKind::request_refused || event.kind == EventKind::refusals_suppressed;
  const bool allowed = event.kind == EventKind::token_minted || event.kind == EventKind::token_redeemed;
  if (!denied && !allowed) return;
  body["action_id"] = allowed ? 1 : 2;
  body["action"] = allowed ? "Allowed" : "Denied";
  body["disposition_id"] = allowed ? 1 : 2;
  body["disposition"] = allowed ? "Allowed" : "Blocked";
  body["metadata"]["profiles"].push_back("security_control");
}

}  // namespace

std::span<const OcsfKind> ocsf_kinds() { return kinds; }

int ocsf_severity(const Event& event) { return kind_of(event).severity_id; }

Json ocsf_json(const Event& event, std::string_view origin) {
  const auto what = kind_of(event);
  Members members(event);
  Json metadata{{"version", ocsf_version},
                {"product", {{"name", "Jeton"}, {"vendor_name", "Jeton"}}},
                {"uid", std::to_string(event.log_index)},
                {"event_code", name_of(event.kind)},
                {"profiles", Json::array()}};
  if (!origin.empty()) metadata["log_name"] = origin;
  members.move("txn", metadata, "correlation_uid");
  Json body{{"metadata", metadata},
            {"class_uid", what.class_uid},
            {"class_name", class_name(what.class_uid)},
            {"category_uid", what.class_uid / 1000},
            {"activity_id", what.activity_id},
            {"activity_name", what.activity},
            {"type_uid", what.class_uid * 100 + what.activity_id},
            {"severity_id", what.severity_id},
            {"severity", severity_name(what.severity_id)},
            {"status_id", what.status_id},
            {"status", status_name(what.status_id)},
            {"message", name_of(event.kind)},
            {"time", event.time_us / 1000}};
  members.move("code", body, "status_code");
  members.move("detail", body, "status_detail");
  members.move("duration_ms", body, "duration");
  members.move("count", body, "count");
  members.move_time("first_us", body, "start_time", us_per_s);
  members.move_time("last_us", body, "end_time", us_per_s);
  fill_class(body, what.class_uid, event, members);
  fill_decision(body, event);
  if (body["metadata"]["profiles"].empty()) body["metadata"].erase("profiles");
  body["unmapped"] = members.rest();
  return body;
}

}  // namespace jeton
