// Ordinary traffic: mostly a token, its redemption and two outcomes, and now and then what happens to honest people.
#include "support/review_log.hpp"

namespace jeton::testing {
namespace {
const std::string spiffe = "spiffe://acme.example/agent/";
}

Event ReviewLog::event(EventKind kind, const Txn& txn, std::optional<Jti> jti, Role role, uid_t uid) const {
  Event event;
  event.kind = kind;
  event.time_us = company.clock.wall_us();
  event.txn = txn;
  event.jti = jti;
  event.role = role;
  event.uid = uid;
  event.pid = 77;
  return event;
}

std::uint64_t ReviewLog::append(const Event& event) {
  return company.durably([&] { return company.store().append(event); });
}

Event ReviewLog::minted(const Habit& habit, std::int64_t attempt, std::optional<Txn> txn) {
  ++next_id_;
  auto event = this->event(EventKind::token_minted, txn.value_or(id_of<Txn>(next_id_)), id_of<Jti>(next_id_),
                           Role::agent, habit.uid);
  event.agent = spiffe + habit.agent;
  event.server = habit.server;
  event.tool = habit.tool;
  event.attempt = attempt;
  event.expires_at = event.time_us / us_per_s + 30;
  event.token_sha256 = sha256(event.jti->text());
  if (attempt == 1) event.call_id = "call_" + std::to_string(next_id_);
  event.log_index = company.store().append(event);
  return event;
}

std::uint64_t ReviewLog::redeemed(const Event& minted, uid_t uid) {
  auto event = this->event(EventKind::token_redeemed, *minted.txn, minted.jti, Role::server, uid);
  event.agent = minted.agent;
  event.server = minted.server;
  event.tool = minted.tool;
  return company.store().append(event);
}

std::uint64_t ReviewLog::reported(const Event& minted, Role role, uid_t uid, Outcome outcome) {
  auto event = this->event(EventKind::call_outcome, *minted.txn, minted.jti, role, uid);
  event.agent = minted.agent;
  event.outcome = outcome;
  if (role == Role::server && minted.server == vault) event.server = minted.server;
  return company.store().append(event);
}

void ReviewLog::call(const Habit& habit, int number) {
  auto token = minted(habit);
  const auto refused = [&](Verb verb, Code code) {
    auto event = this->event(EventKind::request_refused, *token.txn, token.jti, Role::server, habit.server_uid);
    event.verb = verb;
    event.code = code;
    event.server = habit.server;
    event.tool = habit.tool;
    event.token_sha256 = token.token_sha256;
    company.store().append(event);
  };
  switch (number % 41) {
    case 7: {  // the agent lost the answer and asks again
      company.store().append(event(EventKind::token_superseded, *token.txn, token.jti, Role::agent, habit.uid));
      token = minted(habit, 2, token.txn);
      break;
    }
    case 12:  // a token of a daemon that was restarted
      refused(Verb::redeem, Code::unknown_key);
      token = minted(habit, 2, token.txn);
      break;
    case 17: return;  // the user stopped the agent; the token expires
    case 22: reported(token, Role::agent, habit.uid, Outcome::cancelled); return;
    case 27:
      company.store().append(event(EventKind::token_revoked, *token.txn, token.jti, Role::operator_, operator_uid));
      refused(Verb::redeem, Code::revoked);
      return;
    case 32:  // too late, too often, not well formed
      for (const auto code : {Code::expired, Code::superseded, Code::rate_limited, Code::too_many_attempts,
                              Code::unknown_call, Code::bad_request, Code::bad_arguments, Code::unknown_server})
        refused(Verb::mint, code);
      break;
    default: break;
  }
  const auto ended = number % 9 == 0 ? Outcome::tool_error : Outcome::ok;
  const bool offline = std::string(habit.server) == vault;
  if (!offline) redeemed(token, habit.server_uid);
  // Some servers never report, some agents do not know how it ended or do not say.
  if (number % 41 != 35 || offline) reported(token, Role::server, habit.server_uid, ended);
  if (number % 41 != 38) reported(token, Role::agent, habit.uid, number % 41 == 37 ? Outcome::unknown : ended);
}

void ReviewLog::traffic(int calls, std::int64_t seconds) {
  const auto step_us = seconds * us_per_s / calls;
  for (int done = 0; done < calls;) {
    company.durably([&] {
      for (int i = 0; i < 500 && done < calls; ++i, ++done) {
        call(habits()[static_cast<std::size_t>(done) % habits().size()], done);
        company.clock.pass_us(step_us);
      }
      return true;
    });
  }
}

std::vector<Event> ReviewLog::keep_house() {
  auto& exchange = company.process->exchange;
  auto due = exchange.due(false);
  for (auto& event : due) event.log_index = append(event);
  exchange.settle(due);
  return due;
}

}  // namespace jeton::testing
