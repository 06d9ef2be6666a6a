// The time in which a grant holds, by the wall clock.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace jeton {

/// From `not_before` on and until just before `not_after`; seconds since the epoch, each end open where it is none.
struct TimeWindow {
  std::optional<std::int64_t> not_before_s = std::nullopt;
  std::optional<std::int64_t> not_after_s = std::nullopt;

  /// Without a time to judge by, only what is open at both ends holds.
  [[nodiscard]] bool holds(std::optional<std::int64_t> wall_us) const;
  /// Where it does not hold: "begins at 2026-12-01T01:00:00Z" or "ended at …".
  [[nodiscard]] std::string reason_against(std::optional<std::int64_t> wall_us) const;
  /// How long it is still time, at most `wanted_s`. A token must not outlive it.
  [[nodiscard]] std::int64_t seconds_left(std::optional<std::int64_t> wall_us, std::int64_t wanted_s) const;

  bool operator==(const TimeWindow&) const = default;
};

/// "2026-12-01T01:00:00Z" or, without seconds, "2026-12-01T01:00Z": RFC 3339 in UTC and nothing else, so that no zone
/// and no summer time has to be thought of.
[[nodiscard]] std::optional<std::int64_t> utc_seconds(std::string_view text);
[[nodiscard]] std::string utc_text(std::int64_t seconds);

}  // namespace jeton
