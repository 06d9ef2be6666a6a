// Who is switched off and which runs are revoked, and what of it the log has not got yet.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "exchange/minted_tokens.hpp"
#include "store/store.hpp"

namespace jeton {

/// The kill switch and what was revoked for good. Everything here holds from the moment it was ordered; its event is an
/// `Order` that waits until a transaction with it is durable. Keyed by SPIFFE ID, so no configuration can change it.
/// One thread.
class Controls {
 public:
  /// An agent may close this many runs: each is remembered for ever. An operator may close any number.
  static constexpr std::size_t runs_per_agent_max = 1024;
  /// While the log cannot be written, no more orders of agents are taken than this.
  static constexpr std::size_t waiting_max = 65'536;
  /// Bytes below a quota that an agent's order leaves alone: what agents may write without end must not use up what an
  /// operator needs. With less it waits in memory.
  static constexpr std::int64_t room_of_agents = 64 * 1024;

  /// An event on its way into the log. What one request ordered shares one `event`; the rest is this order's own.
  struct Order {
    std::shared_ptr<const Event> event;
    std::optional<Txn> txn = std::nullopt;
    std::optional<Jti> jti = std::nullopt;
    MintedTokens::SharedOwner owner = nullptr;              ///< of the token
    std::optional<std::uint64_t> log_index = std::nullopt;  ///< where the last transaction with it put it
  };

  /// Rebuilds what the log says, in order. Throws LogDamaged for an event that says nothing.
  void fold(const std::vector<Event>& events);
  void fold(const Event& event);

  [[nodiscard]] bool is_disabled(const std::string& agent) const;
  /// Where the event stands that switched this agent last; none before it is written, or where there is none.
  [[nodiscard]] std::optional<std::uint64_t> switched_at(const std::string& agent) const;
  /// Whether an operator ever switched this agent by name.
  [[nodiscard]] bool was_switched(const std::string& agent) const { return switches_.count(agent) != 0; }
  /// The agents that were disabled one by one, as SPIFFE IDs.
  [[nodiscard]] std::vector<std::string> disabled() const;
  /// The log was recovered: whoever was not enabled since is disabled.
  [[nodiscard]] bool all_disabled() const { return all_disabled_at_.has_value(); }

  [[nodiscard]] bool is_run_revoked(const std::string& agent, const std::optional<std::string>& run_id) const;
  [[nodiscard]] std::optional<std::uint64_t> run_revoked_at(const std::string& agent, const std::string& run_id) const;
  /// By the agent itself.
  [[nodiscard]] std::size_t runs_of(const std::string& agent) const;
  /// Whether the call was closed and the log does not say so yet.
  [[nodiscard]] bool is_closing(const Txn& txn) const { return closing_.count(txn) != 0; }

  /// Takes effect at once.
  void order(Order order);
  [[nodiscard]] const std::vector<Order>& waiting() const { return waiting_; }
  /// How many orders hold in memory only, and how many of those wait for room below a quota.
  [[nodiscard]] std::size_t unwritten() const { return waiting_.size() + held_.size(); }
  [[nodiscard]] std::size_t held() const { return held_.size(); }
  /// Whether a transaction would bring some of them into the log.
  [[nodiscard]] bool is_due(std::int64_t room) const {
    return !waiting_.empty() || (!held_.empty() && room >= room_of_agents);
  }
  /// Whether that this token is ended waits for room.
  [[nodiscard]] bool is_held(const Jti& jti) const;

  /// First thing in a transaction: what an earlier one did not get into the log.
  void begin(Store& store);
  /// Appends the orders that this transaction has not appended yet, but for those of agents where there is no room for
  /// them: they come into the log when there is, as many at once as there is room for.
  void write(Store& store);
  /// A part of the transaction was taken back: what it appended waits again.
  void taken_back_to(std::uint64_t size);
  /// What became of the transaction. Tokens that were minted in it and never left need no event.
  void settle(bool durable, const std::set<Jti>& never_left);

 private:
  struct Switch {
    bool disabled = false;
    std::optional<std::uint64_t> log_index;
  };
  using Runs = std::map<std::string, std::optional<std::uint64_t>>;
  void take_effect(const Event& event, std::optional<std::uint64_t> log_index);
  void note_place(const Event& event, std::uint64_t log_index);
  void forget_first(std::size_t count);
  void hold();
  void release(std::int64_t room);

  std::map<std::string, Switch> switches_;
  std::optional<std::uint64_t> all_disabled_at_;
  std::map<std::string, Runs> runs_;  ///< by agent; those an operator revoked, of every agent, under ""
  std::set<Txn> closing_;
  std::vector<Order> waiting_;
  std::vector<Order> held_;  ///< of agents, until there is room
  std::size_t written_ = 0;  ///< so many of them, from the first, are in the transaction at hand
};

/// The event of an order, whole.
[[nodiscard]] Event event_of(const Controls::Order& order);

}  // namespace jeton
