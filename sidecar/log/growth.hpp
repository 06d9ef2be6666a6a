// The proof that a log only grew since a checkpoint somebody kept.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "jeton/consistency.hpp"
#include "store/store.hpp"

namespace jeton {

struct Growth {
  TreeHead old;
  TreeHead newer;
  ConsistencyProof proof;
};

/// From the first `old_size` events to the newest checkpoint, or to the one of `size` events. With `old_root` that root
/// is held against this log's: bad_signature when the log does not begin with it. bad_request: no checkpoint of `size`,
/// or an older size beyond it; log_unavailable: nothing is signed yet, or the stored tree is damaged.
[[nodiscard]] Result<Growth> prove_growth(const LogReader& log, const NoteKey& key, std::uint64_t old_size,
                                          const std::optional<Sha256>& old_root, std::optional<std::uint64_t> size);

}  // namespace jeton
