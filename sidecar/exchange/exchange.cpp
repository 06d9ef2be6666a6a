// What the use cases share: who the caller is, how a refusal becomes an event, and what time makes due.
#include "exchange/exchange.hpp"

#include <algorithm>
#include <cstdlib>

#include <fmt/core.h>

namespace jeton {
namespace {

/// Less is what keeping time does; more is somebody setting it.
constexpr std::int64_t clock_jump_us = 5 * us_per_s;

std::optional<std::string> escaped(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  return escape_for_log(*text);
}

}  // namespace

Exchange::Exchange(const Parts& parts)
    : parts_(parts),
      ages_(parts.store.size(), parts.clock.boot_us()),
      wall_ahead_us_(parts.clock.wall_us() - parts.clock.boot_us()) {
  controls_.fold(parts_.store.controls());
}

Result<void> Exchange::transact(const std::function<void()>& work, const std::function<void()>& returned) {
  const auto settle = [this](bool durable) {
    controls_.settle(durable, minted_.settle(durable));
    log_may_know_more_ |= !durable;
    rate_.settle(durable);
    opening_rate_.settle(durable);
    federation_rate_.settle(durable);
  };
  try {
    auto done = parts_.store.transact([&] {
      controls_.begin(parts_.store);
      work();
    });
    returned();
    settle(done.has_value());
    return done;
  } catch (...) {
    returned();
    settle(false);
    throw;
  }
}

void Exchange::isolate(const std::function<void()>& part) {
  const auto steps = minted_.steps();
  const auto tokens = rate_.steps(), openings = opening_rate_.steps(), federated = federation_rate_.steps();
  try {
    parts_.store.isolate(part);
  } catch (...) {
    minted_.take_back(steps);
    rate_.take_back(tokens);
    opening_rate_.take_back(openings);
    federation_rate_.take_back(federated);
    controls_.taken_back_to(parts_.store.size());
    throw;
  }
}

Result<const AgentEntry*> Exchange::agent_of(const Caller& caller) const {
  if (const auto* agent = parts_.roles.agent_of(caller)) return agent;
  if (parts_.roles.knows(caller))
    return refuse(Code::wrong_role, words_for(caller) + " is configured, but not as an agent; see [[agent]]");
  return refuse(Code::unknown_agent, words_for(caller) + " matches no agent; add an [[agent]] whose match it fulfils");
}

Event Exchange::event_of(EventKind kind, Role role, const Caller& caller) const {
  Event event;
  event.kind = kind;
  event.time_us = parts_.clock.wall_us();
  event.role = role;
  if (!caller.remote) {
    event.uid = caller.uid;
    event.gid = caller.gid;
  }
  event.remote = caller.remote;
  if (const auto& client = caller.client) {
    event.auth = client->method;
    event.auth_issuer = escaped(client->issuer);
    event.auth_subject = escaped(client->subject);
  }
  if (caller.pid) event.pid = *caller.pid;
  event.exe = escaped(caller.exe);
  event.exe_sha256 = caller.sha256;
  event.unit = escaped(caller.unit);
  if (!caller.socket.empty()) event.socket = escape_for_log(caller.socket);
  return event;
}

Error Exchange::refused(const Caller& caller, Error error, const Refusal& about) {
  if (about.txn) error.txn = about.txn->text();
  // Before it is known who asks, what the network sends is counted by the door and not written.
  if (caller.remote && !caller.client) return error;
  const RefusalMeter::Who who{caller.remote ? std::nullopt : std::optional<std::int64_t>(caller.uid),
                              caller.client ? caller.client->name : ""};
  if (!meter_.admit(who, error.code, parts_.clock.wall_us(), parts_.clock.boot_us())) return error;

  const auto* agent = parts_.roles.agent_of(caller);
  const bool controls = about.verb == Verb::revoke || about.verb == Verb::disable || about.verb == Verb::enable;
  const bool as_operator = controls && parts_.roles.is_operator(caller);
  const bool as_agent = agent != nullptr && about.verb != Verb::redeem && !as_operator;
  auto event = event_of(EventKind::request_refused, as_agent ? Role::agent : Role::peer, caller);
  if (about.verb == Verb::redeem && parts_.roles.knows(caller)) event.role = Role::server;
  if (as_operator) event.role = Role::operator_;
  if (as_agent) event.agent = agent->spiffe_id;
  event.verb = about.verb;
  event.code = error.code;
  event.txn = about.txn;
  event.jti = about.jti;
  event.server = about.server;
  event.tool = escaped(about.tool);
  event.attempt = about.attempt;
  event.call_id = about.call_id;
  event.token_sha256 = about.token_sha256;
  if (about.relying_party) {
    event.grant = escaped(about.relying_party);
    event.detail = "federation";
  }
  describe(event, about.verdict.get());
  // The message begins with what the engine's part in it was, which need not be what its verdict says.
  const auto word = error.message.substr(0, error.message.find(':'));
  if (error.code == Code::denied_by_policy && (!about.verdict || name_of(about.verdict->ruling) != word))
    event.decision_reason = word;
  if (about.first_redemption) {
    event.cites = about.first_redemption->log_index;
    event.first_uid = about.first_redemption->uid;
    event.first_pid = about.first_redemption->pid;
  }
  error.log_index = parts_.store.append(event);
  return error;
}

void Exchange::record(EventKind kind, const std::function<void(Event&)>& fill) {
  Event event;
  event.kind = kind;
  event.time_us = parts_.clock.wall_us();
  event.role = Role::daemon;
  if (fill) fill(event);
  event.log_index = parts_.store.append(event);
  controls_.fold(event);  // the end of a log that was recovered disables everybody
}

std::vector<Event> Exchange::due(bool all) const {
  auto events = meter_.due(parts_.clock.wall_us(), parts_.clock.boot_us(), all);
  if (parts_.keyring.rotation_due()) {
    Event rotated;
    rotated.kind = EventKind::key_rotated;
    rotated.time_us = parts_.clock.wall_us();
    rotated.role = Role::daemon;
    events.push_back(std::move(rotated));
  }
  const auto expected_us = parts_.clock.boot_us() + wall_ahead_us_;
  if (const auto wall_us = parts_.clock.wall_us(); std::abs(wall_us - expected_us) > clock_jump_us) {
    Event jumped;
    jumped.kind = EventKind::clock_jumped;
    jumped.time_us = wall_us;
    jumped.role = Role::daemon;
    jumped.first_us = expected_us;
    jumped.last_us = wall_us;
    events.push_back(std::move(jumped));
  }
  return events;
}

void Exchange::settle(const std::vector<Event>& durable) {
  minted_.forget_expired(parts_.clock.boot_us());
  ages_.note(parts_.store.size(), parts_.clock.boot_us());
  const auto wrote = [&durable](EventKind kind) {
    return std::any_of(durable.begin(), durable.end(), [kind](const Event& e) { return e.kind == kind; });
  };
  // A jump that could not be written stays one until it is.
  const auto ahead_us = parts_.clock.wall_us() - parts_.clock.boot_us();
  if (wrote(EventKind::clock_jumped) || std::abs(ahead_us - wall_ahead_us_) <= clock_jump_us) wall_ahead_us_ = ahead_us;
  meter_.written(durable);
  if (wrote(EventKind::key_rotated)) parts_.keyring.rotate();
  parts_.keyring.follow(parts_.roles.algorithms());
}

void describe(Event& event, const OpenRequest& opening) {
  event.call_id = opening.call_id;
  event.run_id = opening.run_id;
  event.session_id = opening.session_id;
  event.parent_txn = opening.parent_txn;
  event.traceparent = opening.traceparent;
  event.framework = opening.framework;
  event.agent_label = opening.agent_label;
}

}  // namespace jeton
