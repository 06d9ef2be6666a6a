// Events and the leaves they make: the bytes a stranger rebuilds from a row, and their hash in the tree.
#pragma once

#include <string>
#include <vector>

#include "jeton/event.hpp"
#include "support/events.hpp"

namespace jeton::vectors {

/// `leaf` and `hash` are of the sdk's making; tests/unit/core/event_test.cpp holds some that were written by hand.
struct LeafCase {
  std::string name;
  Event event;

  [[nodiscard]] Json json() const {
    return {{"name", name}, {"leaf", leaf_bytes(event)}, {"hash", hex(leaf_hash(event))}};
  }
};

inline Event event_at(EventKind kind, std::int64_t time_us = 1'790'000'000'123'456) {
  Event event;
  event.kind = kind;
  event.time_us = time_us;
  return event;
}

inline Event refund_event(EventKind kind) {
  auto event = event_at(kind);
  event.txn = Txn::parse("EBESExQVFhcYGRobHB0eHw");
  event.jti = Jti::parse("AAECAwQFBgcICQoLDA0ODw");
  event.role = Role::agent;
  event.uid = 1001;
  event.gid = 1001;
  event.pid = 4711;
  event.socket = "/run/jeton/agent.sock";
  return event;
}

inline std::vector<LeafCase> leaf_cases() {
  std::vector<LeafCase> cases;
  const auto add = [&cases](std::string name, Event event) { cases.push_back({std::move(name), std::move(event)}); };

  auto started = event_at(EventKind::sidecar_started);
  started.role = Role::daemon;
  started.uid = 990;
  started.detail = "0.1.0";
  add("a start", started);
  add("nothing but a kind and a time", event_at(EventKind::sidecar_stopped));
  add("a time of zero", event_at(EventKind::key_rotated, 0));
  add("a time before 1970", event_at(EventKind::clock_jumped, -1));
  add("the largest time that JSON can hold", event_at(EventKind::clock_jumped, 9'007'199'254'740'991));

  auto config = event_at(EventKind::config_loaded);
  config.detail = "full";
  config.config_sha256 = sha256("config");
  add("a configuration by its hash", config);

  auto opened = refund_event(EventKind::call_opened);
  opened.jti.reset();
  opened.agent = "spiffe://acme.example/agent/billing";
  opened.tool = "refund";
  opened.grant = "refunds";
  opened.call_id = "call_1";
  opened.run_id = "run-7";
  opened.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  add("an opening without a server", opened);

  auto minted = refund_event(EventKind::token_minted);
  minted.agent = "spiffe://acme.example/agent/billing";
  minted.server = "https://crm.example/mcp";
  minted.tool = "refund";
  minted.attempt = 1;
  minted.grant = "refunds";
  minted.token_sha256 = sha256("token");
  minted.args_mac = sha256("mac");
  minted.expires_at = 1'790'000'030;
  minted.previous = Previous::none;
  add("a mint", minted);
  minted.sealed_sha256 = sha256("sealed");
  add("a mint whose arguments were recorded", minted);
  add("a token that was superseded", refund_event(EventKind::token_superseded));

  auto redeemed = refund_event(EventKind::token_redeemed);
  redeemed.role = Role::server;
  redeemed.server = "mcp:stdio:files";
  redeemed.redemption = RedemptionKey::parse("ICEiIyQlJicoKSorLC0uLw");
  redeemed.prior_redemptions = 0;
  redeemed.self_redeemed = true;
  add("a self-redemption", redeemed);
  redeemed.self_redeemed = false;
  add("a redemption by a server with match", redeemed);

  auto outcome = refund_event(EventKind::call_outcome);
  outcome.outcome = Outcome::tool_error;
  outcome.detail = "HTTP_503";
  outcome.duration_ms = 0;
  outcome.receipt = ReceiptCheck::mismatch;
  outcome.cites = 0;
  add("an outcome that contradicts event 0", outcome);

  auto refused = refund_event(EventKind::request_refused);
  refused.verb = Verb::redeem;
  refused.code = Code::already_redeemed;
  refused.cites = 17;
  refused.first_uid = 1002;
  refused.first_pid = 4712;
  add("a second use with both redeemers", refused);

  auto suppressed = event_at(EventKind::refusals_suppressed);
  suppressed.uid = 4'294'967'294;
  suppressed.code = Code::bad_request;
  suppressed.count = 1'000'000;
  suppressed.first_us = 1'789'999'940'000'000;
  suppressed.last_us = 1'790'000'000'000'000;
  add("counted refusals of the largest uid", suppressed);

  auto hostile = event_at(EventKind::request_refused);
  hostile.tool = escape_for_log("rm \"-rf\" \\ \n\x1b[2J caf\xC3\xA9 100%");
  add("a hostile name of a tool in log form", hostile);

  for (const auto kind : all_event_kinds()) add("the bare kind " + std::string(name_of(kind)), event_at(kind));
  add("every member set", testing::full_event());
  return cases;
}

}  // namespace jeton::vectors
