// A redemption id as a ledger keeps it.
#pragma once

#include <cstdint>
#include <string_view>

#include "jeton/id.hpp"

namespace jeton {

/// Half of its SHA-256, so that a reader of the ledger cannot repeat a redemption.
[[nodiscard]] RedemptionKey redemption_key(std::string_view redemption_id);

/// How long after `exp` the same redemption may be asked for again.
inline constexpr std::int64_t repeat_window_s = 600;

}  // namespace jeton
