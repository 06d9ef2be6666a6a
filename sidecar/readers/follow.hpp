// The log as it grows: each event once and in order, until somebody stops it or another log lies in its place.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "store/store.hpp"

namespace jeton {

/// What a follower waits for.
class LogWatch {
 public:
  virtual ~LogWatch() = default;
  /// Returns when it is time to look again; false when somebody wants it to end.
  [[nodiscard]] virtual bool wait() = 0;
  /// Whether the log that is being read is still the one that lies where it was found.
  [[nodiscard]] virtual bool in_place() = 0;
};

struct FollowRange {
  std::optional<std::uint64_t> from = std::nullopt;     ///< from this event on, wherever the log ends now
  std::optional<std::int64_t> since_us = std::nullopt;  ///< of what is there already only what happened since
  std::uint64_t newest = 10;                            ///< where neither is given: so many of what is there
  std::function<bool(const Event&)> wanted = nullptr;   ///< else every event
};

/// How many looks in a row may fail for a reason that may pass (a daemon that starts holds the file for a moment).
inline constexpr int follow_patience = 25;

/// Gives `put` what is in the range, then what is appended, some hundred events at a time, in short read transactions.
/// Ends when the watch or `put` (false) wants it; log_unavailable when the log was replaced. Events of the replaced log
/// that were not seen yet come first. Archived events are stepped over, and where they are in the range `skipped` is
/// told the first of them and what is archived by then. Throws LogDamaged where rows are missing or no event, and where
/// what was shown is gone or changed; and what the reader throws again and again.
using Skipped = std::function<void(std::uint64_t first, const LogReader::Archive& archive)>;
[[nodiscard]] Result<void> follow_log(const LogReader& log, const FollowRange& range, LogWatch& watch,
                                      const std::function<bool(const std::vector<Event>&)>& put,
                                      const Skipped& skipped);

}  // namespace jeton
