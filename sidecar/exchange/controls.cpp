// Effects first, events as soon as the log takes them, each of them once.
#include "exchange/controls.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/core.h>

namespace jeton {
namespace {

const std::string every_agent;

/// More than an order takes in the log.
constexpr std::int64_t order_bytes = 1024;

bool closes_run(const Event& event) {
  return event.kind == EventKind::token_revoked && !event.jti && !event.txn && event.run_id;
}

}  // namespace

Event event_of(const Controls::Order& order) {
  Event event = *order.event;
  event.txn = order.txn;
  event.jti = order.jti;
  if (order.owner) event.agent = order.owner->agent;
  return event;
}

void Controls::fold(const std::vector<Event>& events) {
  for (const auto& event : events) fold(event);
}

void Controls::fold(const Event& event) {
  const bool names_agent = event.kind == EventKind::agent_disabled || event.kind == EventKind::agent_enabled;
  if (names_agent && !event.agent) throw LogDamaged(fmt::format("event {} names no agent", event.log_index));
  take_effect(event, event.log_index);
}

void Controls::take_effect(const Event& event, std::optional<std::uint64_t> log_index) {
  switch (event.kind) {
    case EventKind::agent_disabled: switches_[*event.agent] = {true, log_index}; break;
    case EventKind::agent_enabled: switches_[*event.agent] = {false, log_index}; break;
    case EventKind::log_recovered:
      all_disabled_at_ = log_index;
      switches_.clear();
      break;
    case EventKind::token_revoked:
      if (closes_run(event)) runs_[event.agent.value_or(every_agent)].insert_or_assign(*event.run_id, log_index);
      break;
    default: break;
  }
}

void Controls::note_place(const Event& event, std::uint64_t log_index) {
  if (closes_run(event)) runs_[event.agent.value_or(every_agent)].insert_or_assign(*event.run_id, log_index);
  if (event.kind != EventKind::agent_disabled && event.kind != EventKind::agent_enabled) return;
  auto& standing = switches_[*event.agent];
  if (standing.disabled == (event.kind == EventKind::agent_disabled)) standing.log_index = log_index;
}

bool Controls::is_disabled(const std::string& agent) const {
  const auto found = switches_.find(agent);
  return found == switches_.end() ? all_disabled() : found->second.disabled;
}

std::optional<std::uint64_t> Controls::switched_at(const std::string& agent) const {
  const auto found = switches_.find(agent);
  return found == switches_.end() ? all_disabled_at_ : found->second.log_index;
}

std::vector<std::string> Controls::disabled() const {
  std::vector<std::string> agents;
  for (const auto& [agent, standing] : switches_)
    if (standing.disabled) agents.push_back(agent);
  return agents;
}

bool Controls::is_run_revoked(const std::string& agent, const std::optional<std::string>& run_id) const {
  if (!run_id) return false;
  const auto holds = [&](const std::string& scope) {
    const auto runs = runs_.find(scope);
    return runs != runs_.end() && runs->second.count(*run_id) != 0;
  };
  return holds(every_agent) || holds(agent);
}

std::optional<std::uint64_t> Controls::run_revoked_at(const std::string& agent, const std::string& run_id) const {
  for (const auto& scope : {every_agent, agent})
    if (const auto runs = runs_.find(scope); runs != runs_.end())
      if (const auto run = runs->second.find(run_id); run != runs->second.end()) return run->second;
  return std::nullopt;
}

std::size_t Controls::runs_of(const std::string& agent) const {
  const auto runs = runs_.find(agent);
  return runs == runs_.end() ? 0 : runs->second.size();
}

void Controls::order(Order order) {
  if (order.event->kind == EventKind::token_revoked && order.txn && !order.jti) closing_.insert(*order.txn);
  if (!order.txn && !order.jti) take_effect(*order.event, std::nullopt);
  // What an agent ended and had no room to say is ended by whoever has.
  if (order.event->role != Role::agent && (order.txn || order.jti))
    std::erase_if(held_, [&](const Order& held) { return held.txn == order.txn && held.jti == order.jti; });
  waiting_.push_back(std::move(order));
}

void Controls::begin(Store& store) {
  // Nobody else appends. So a log that has grown over the place of an order has got it: the disk had failed in the
  // middle of a sync, and what was unknown then is known now.
  const auto size = store.size();
  const auto arrived = std::find_if_not(waiting_.begin(), waiting_.end(), [size](const Order& order) {
    return order.log_index && *order.log_index < size;
  });
  forget_first(static_cast<std::size_t>(arrived - waiting_.begin()));
  for (auto& order : waiting_) order.log_index.reset();
  if (!held_.empty()) release(store.room());
  write(store);
}

bool Controls::is_held(const Jti& jti) const {
  return std::any_of(held_.begin(), held_.end(), [&jti](const Order& order) { return order.jti == jti; });
}

void Controls::hold() {
  const auto begin = waiting_.begin() + static_cast<std::ptrdiff_t>(written_);
  const auto of_agents =
      std::stable_partition(begin, waiting_.end(), [](const Order& order) { return order.event->role != Role::agent; });
  for (auto order = of_agents; order != waiting_.end(); ++order) {
    if (!order->txn && !order->jti) take_effect(*order->event, std::nullopt);  // it has no place any more
    held_.push_back(std::move(*order));
  }
  waiting_.erase(of_agents, waiting_.end());
}

void Controls::release(std::int64_t room) {
  if (room < room_of_agents) return;
  const auto count = std::min<std::int64_t>(std::ssize(held_), room / order_bytes);
  std::move(held_.begin(), held_.begin() + count, std::back_inserter(waiting_));
  held_.erase(held_.begin(), held_.begin() + count);
}

void Controls::write(Store& store) {
  if (written_ == waiting_.size()) return;
  if (store.room() < room_of_agents) hold();
  for (; written_ < waiting_.size(); ++written_) {
    auto& order = waiting_[written_];
    const auto event = event_of(order);
    order.log_index = store.append(event);
    note_place(event, *order.log_index);
  }
}

void Controls::taken_back_to(std::uint64_t size) {
  while (written_ > 0 && waiting_[written_ - 1].log_index >= size) waiting_[--written_].log_index.reset();
}

void Controls::settle(bool durable, const std::set<Jti>& never_left) {
  if (durable) forget_first(written_);
  if (!durable && !never_left.empty())
    for (auto* orders : {&waiting_, &held_})
      std::erase_if(*orders, [&](const Order& order) { return order.jti && never_left.count(*order.jti) != 0; });
  written_ = 0;
}

void Controls::forget_first(std::size_t count) {
  const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(count);
  for (auto order = waiting_.begin(); order != end; ++order)
    if (order->txn && !order->jti) closing_.erase(*order->txn);
  waiting_.erase(waiting_.begin(), end);
  written_ = 0;
}

}  // namespace jeton
