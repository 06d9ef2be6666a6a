// Eleven calls, and what happened around them.
#include "support/told_log.hpp"

namespace jeton::testing {
namespace {

constexpr int operator_uid = 0, crm_uid = 1002, mail_uid = 1004, stranger = 4242;
constexpr const char* crm = "https://crm.example/mcp";
constexpr const char* mail = "https://mail.example/mcp";
constexpr const char* vault = "https://vault.example/mcp";

void is(Event& event, const char* agent, int uid, const char* server, const char* tool) {
  event.agent = std::string("spiffe://acme.example/agent/") + agent;
  event.uid = uid;
  event.exe = std::string("/opt/agents/") + agent;
  event.server = server;
  event.tool = tool;
}
void billing_refunds(Event& event) { is(event, "billing", 1001, crm, "refund"); }
void billing_looks_up(Event& event) { is(event, "billing", 1001, crm, "lookup_order"); }
void billing_sends(Event& event) { is(event, "billing", 1001, mail, "send"); }
void billing_opens(Event& event) { is(event, "billing", 1001, vault, "open"); }
void support_refunds(Event& event) { is(event, "support", 1003, crm, "refund"); }
void research_sends(Event& event) { is(event, "research", 1007, mail, "send"); }

void switched(Event& event) {
  event.role = Role::operator_;
  event.uid = operator_uid;
  event.agent = "spiffe://acme.example/agent/research";
}

}  // namespace

std::uint64_t ToldLog::add(EventKind kind, const Fill& fill) {
  Event event;
  event.kind = kind;
  event.time_us = time_us_;
  if (fill) fill(event);
  time_us_ += 250'000;
  return store_->append(event);
}

Event ToldLog::of(EventKind kind, int call, int attempt) const {
  auto event = store_->story(id_of<Txn>(call)).empty() ? Event{} : store_->story(id_of<Txn>(call)).front();
  Event of_call;
  of_call.agent = event.agent;
  of_call.server = event.server;
  of_call.tool = event.tool;
  of_call.kind = kind;
  of_call.time_us = time_us_;
  of_call.txn = id_of<Txn>(call);
  if (attempt > 0) of_call.jti = id_of<Jti>(100 * call + attempt);
  return of_call;
}

void ToldLog::minted(int call, int attempt, const Fill& fill) {
  auto event = of(EventKind::token_minted, call, attempt);
  event.role = Role::agent;
  event.attempt = attempt;
  event.expires_at = time_us_ / 1'000'000 + 30;
  event.token_sha256 = sha256(event.jti->text());
  if (fill) fill(event);
  if (attempt == 1) event.call_id = "call_" + std::to_string(call);
  store_->append(event);
  time_us_ += 20'000;
}

std::uint64_t ToldLog::redeemed(int call, int attempt, int uid) {
  auto event = of(EventKind::token_redeemed, call, attempt);
  event.role = Role::server;
  event.uid = uid;
  event.pid = 800 + uid;
  time_us_ += 250'000;
  return store_->append(event);
}

void ToldLog::server_says(int call, int attempt, Outcome outcome) {
  auto event = of(EventKind::call_outcome, call, attempt);
  event.role = Role::server;
  event.outcome = outcome;
  if (event.server != vault) event.server.reset();
  store_->append(event);
  time_us_ += 250'000;
}

void ToldLog::agent_says(int call, Outcome outcome) {
  auto event = of(EventKind::call_outcome, call, 0);
  event.role = Role::agent;
  event.outcome = outcome;
  event.server.reset();
  store_->append(event);
  time_us_ += 10'000'000;
}

void ToldLog::refused(Verb verb, Code code, int uid, const Fill& fill) {
  add(EventKind::request_refused, [&](Event& event) {
    fill(event);
    event.role = verb == Verb::redeem ? Role::server : Role::peer;
    event.uid = uid;
    event.verb = verb;
    event.code = code;
  });
}

void ToldLog::daemon(EventKind kind, const char* detail) {
  add(kind, [&](Event& event) {
    event.role = Role::daemon;
    if (detail != nullptr) event.detail = detail;
    if (kind == EventKind::config_loaded) event.config_sha256 = sha256(detail);
  });
}

void ToldLog::tell() {
  daemon(EventKind::sidecar_started, "0.1.0");
  daemon(EventKind::config_loaded, "full");
  tell_first_day();
  time_us_ += 86'400'000'000;
  tell_second_day();
  daemon(EventKind::sidecar_stopped);
}

void ToldLog::tell_first_day() {
  // 1: as it should be, in a run; 2: the answer was lost, so there are two tokens; on behalf of 1.
  minted(1, 1, [](Event& event) {
    billing_refunds(event);
    event.run_id = "support-7";
  });
  redeemed(1, 1, crm_uid);
  server_says(1, 1, Outcome::ok);
  agent_says(1, Outcome::ok);
  minted(2, 1, [](Event& event) {
    billing_looks_up(event);
    event.run_id = "support-7";
    event.parent_txn = id_of<Txn>(1);
  });
  add(EventKind::token_superseded, [&](Event& event) { event = of(EventKind::token_superseded, 2, 1); });
  minted(2, 2, billing_looks_up);
  redeemed(2, 2, crm_uid);
  server_says(2, 2, Outcome::ok);
  agent_says(2, Outcome::ok);

  // 3: somebody tries the token a second time; 4 is never used; 5 comes with other arguments.
  minted(3, 1, support_refunds);
  const auto first = redeemed(3, 1, crm_uid);
  refused(Verb::redeem, Code::already_redeemed, stranger, [&](Event& event) {
    event = of(EventKind::request_refused, 3, 1);
    event.agent.reset();
    event.cites = first;
    event.first_uid = crm_uid;
    event.first_pid = 800 + crm_uid;
  });
  server_says(3, 1, Outcome::ok);
  agent_says(3, Outcome::ok);
  minted(4, 1, research_sends);
  minted(5, 1, billing_sends);
  refused(Verb::redeem, Code::args_mismatch, mail_uid, [&](Event& event) {
    event = of(EventKind::request_refused, 5, 1);
    event.agent.reset();
  });
  agent_says(5, Outcome::cancelled);

  // 6: at a server that verifies offline; 7: revoked, and its agent switched off; 8: two stories.
  minted(6, 1, billing_opens);
  server_says(6, 1, Outcome::ok);
  agent_says(6, Outcome::ok);
  minted(7, 1, research_sends);
  add(EventKind::agent_disabled, switched);
  add(EventKind::token_revoked, [&](Event& event) {
    event = of(EventKind::token_revoked, 7, 1);
    switched(event);
  });
  minted(8, 1, support_refunds);
  redeemed(8, 1, crm_uid);
  server_says(8, 1, Outcome::tool_error);
  agent_says(8, Outcome::ok);

  // Who may not.
  refused(Verb::open, Code::no_grant, 1003, [](Event& event) { is(event, "support", 1003, crm, "delete_customer"); });
  for (int i = 0; i < 3; ++i)
    refused(Verb::open, Code::unknown_agent, stranger, [](Event& event) {
      event.server = crm;
      event.tool = "refund";
      event.exe = "/tmp/a.out";
    });
  add(EventKind::refusals_suppressed, [](Event& event) {
    event.role = Role::daemon;
    event.uid = stranger;
    event.code = Code::unknown_agent;
    event.count = 57;
  });
}

void ToldLog::tell_second_day() {
  add(EventKind::agent_enabled, switched);
  daemon(EventKind::config_rejected, "line_12");
  daemon(EventKind::config_loaded, "normal");
  // 9: a tool of several rounds; 10: nobody says how it ended; 11: a tool that is new.
  for (int round = 1; round <= 2; ++round) {
    minted(9, round, billing_sends);
    redeemed(9, round, mail_uid);
    server_says(9, round, Outcome::ok);
  }
  agent_says(9, Outcome::ok);
  minted(10, 1, support_refunds);
  redeemed(10, 1, crm_uid);
  time_us_ += 3'600'000'000;
  minted(11, 1, [](Event& event) { is(event, "billing", 1001, crm, "lookup_salary"); });
  redeemed(11, 1, crm_uid);
  server_says(11, 1, Outcome::ok);
  agent_says(11, Outcome::ok);
  add(EventKind::clock_jumped, [this](Event& event) {
    event.role = Role::daemon;
    event.first_us = time_us_ - 60'000'000;
    event.last_us = time_us_;
  });
}

}  // namespace jeton::testing
