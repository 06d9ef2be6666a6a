// A log that was given up: out of the way, whole, and kept as evidence, wherever a crash falls.
#pragma once

#include <cstdint>
#include <filesystem>

#include "jeton/error.hpp"

namespace jeton {

/// Moves a state directory's log to STATE/rolled-back-<seconds>: its files are linked into one directory, which gets
/// its name in one step, and only then lose their first names. The checkpoint keeps its own, until the new log's first
/// one takes its place: a crash in between must not look like a first start. Durable on return; log_unavailable with
/// what could not be done, and the log is then still where it was, or `finish_giving_up` has the rest to do.
[[nodiscard]] Result<std::filesystem::path> give_up_log(const std::filesystem::path& state, std::int64_t now_s);

/// Takes away the first names that a crash left to a log that was given up. Nothing else is touched.
[[nodiscard]] Result<void> finish_giving_up(const std::filesystem::path& state);

/// Whether a log was ever given up in this state directory.
[[nodiscard]] bool was_given_up(const std::filesystem::path& state);

}  // namespace jeton
