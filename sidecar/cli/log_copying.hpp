// A copy of the log as a state directory of its own: for others, and before the log lets go of it.
#pragma once

#include <filesystem>

#include "cli/commands.hpp"
#include "jeton/note.hpp"
#include "store/sqlite_copy.hpp"
#include "store/store.hpp"

namespace jeton::cli {

/// Makes `directory` with jeton.db up to the newest checkpoint, log.vkey and checkpoint, all on the disk when this
/// returns; that checkpoint. Begins anew when somebody archives meanwhile; `progress` as copy_ledger. Throws what
/// reading the log throws.
[[nodiscard]] Result<SignedHead> copy_log(const Common& common, const LogReader& log, const NoteKey& key,
                                          const std::filesystem::path& directory, WithArguments arguments,
                                          const std::function<void(std::uint64_t next)>& progress = {});

}  // namespace jeton::cli
