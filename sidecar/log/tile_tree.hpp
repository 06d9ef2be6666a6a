// The log as a tree of static files (c2sp.org/tlog-tiles): what any web server can hand out and any client can check.
#pragma once

#include <cstdint>
#include <filesystem>

#include "jeton/note.hpp"
#include "store/store.hpp"

namespace jeton {

struct TilesWritten {
  std::uint64_t size = 0;   ///< events under the checkpoint that stands there now
  std::uint64_t files = 0;  ///< written in this run, the checkpoint included
};

/// Whether the leaves themselves go there too. Then the tree *is* the log: whoever can fetch it reads it.
enum class Entries { no, yes };

/// Brings the tree under `directory`, which it makes, to the log's newest checkpoint: hash tiles, with Entries::yes the
/// bundles of leaves, and `checkpoint` last. A reader finds every tile of the checkpoint it sees. Full tiles are never
/// written again; every file is replaced whole and synced, its folder too, before the checkpoint is. Partial tiles go
/// when the full one is there. One run at a time: the directory is locked with flock(2). Only what agrees with the
/// signed root is written. `tile/entries` is made with mode 0700.
///
/// bad_request: the directory is a state directory or another run's; or it has entries and they were not asked for.
/// bad_signature: it is another log's, by its checkpoint or by a tile; or `key` did not sign the log's newest
/// checkpoint. log_unavailable: nothing is signed yet, the log is damaged, or the disk failed; then the checkpoint
/// there is the one that was.
[[nodiscard]] Result<TilesWritten> write_tiles(const LogReader& log, const NoteKey& key,
                                               const std::filesystem::path& directory, Entries entries);

}  // namespace jeton
