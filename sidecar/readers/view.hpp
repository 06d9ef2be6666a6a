// The log as people look at it: calls with their state, and one call's whole story.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "jeton/event.hpp"
#include "jeton/json.hpp"
#include "store/call.hpp"
#include "store/store.hpp"

namespace jeton {

/// One call, summed up from its events.
struct CallSummary {
  Txn txn;
  std::uint64_t log_index;  ///< of its first event
  std::int64_t opened_us;
  std::string agent;
  std::string tool;
  std::optional<std::string> server;
  std::optional<std::string> call_id;
  std::optional<std::string> run_id;
  std::optional<std::string> session_id;
  std::string state;  ///< opened, minted, expired, superseded, revoked, redeemed or reported: of the newest attempt
  std::int64_t attempts;
  std::int64_t redemptions;  ///< reported ones included
  std::int64_t refusals;     ///< requests of this call that were refused, as far as they became events of their own
  std::optional<std::string> openers_outcome;
  std::optional<std::string> redeemers_outcome;

  [[nodiscard]] Json json() const;
};

/// Nothing for events that are no call. `events` is everything with its txn, in order.
[[nodiscard]] std::optional<CallSummary> summary_of(const std::vector<Event>& events, std::int64_t now_us);

struct CallPage {
  std::vector<CallSummary> calls;  ///< newest first
  std::uint64_t events;
  std::optional<std::uint64_t> gaps;         ///< where they were counted
  std::optional<std::uint64_t> next_before;  ///< hand it back for the next page

  [[nodiscard]] Json json() const;
};

[[nodiscard]] CallPage list_calls(const LogReader& log, std::uint64_t before, std::size_t limit, std::int64_t now_us);

/// Everything with this txn, in order; unknown_call when there is none. At most `limit` events.
[[nodiscard]] Result<std::vector<Event>> story_of(const LogReader& log, const Txn& txn, std::size_t limit = 10'000);

/// An event with the names of its leaf and its log_index.
[[nodiscard]] Json json_of(const Event& event);

}  // namespace jeton
