// A copy of the log for others, who never open the live file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "jeton/error.hpp"

namespace jeton {

/// Whether a copy has the arguments that were recorded, sealed as they are.
enum class WithArguments { no, yes };

/// Copies the first `size` events of a ledger, with all that belongs to them, to a new file, in short read
/// transactions: no writer waits and the source is only read. The copy is on the disk when this returns. `progress` is
/// told the next event, between two transactions. bad_request when `to` is there already; overloaded when rows went
/// meanwhile that no `log.archived` among the first `size` events lets go: then a newer checkpoint covers one.
[[nodiscard]] Result<void> copy_ledger(const std::filesystem::path& from, const std::filesystem::path& to,
                                       std::uint64_t size, WithArguments arguments = WithArguments::no,
                                       const std::function<void(std::uint64_t next)>& progress = {});

}  // namespace jeton
