// Times as people type them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace jeton::cli {

/// Microseconds since the epoch of "2026-11-20T13:05:00Z" (RFC 3339, with a fraction and an offset where there is one),
/// "2026-11-20" (its beginning, UTC), "1795300670" (unix seconds), or "15m", "2h", "3d" (so long before `now_us`; s and
/// w too). Nothing for everything else.
[[nodiscard]] std::optional<std::int64_t> time_from(std::string_view text, std::int64_t now_us);

inline constexpr const char* time_help = "RFC 3339, a date, unix seconds, or ago: 15m 2h 3d";

}  // namespace jeton::cli
