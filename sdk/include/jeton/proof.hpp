// One event, proven to a stranger: the leaf, its way up the tree, and a checkpoint the log signed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "jeton/json.hpp"
#include "jeton/note.hpp"

namespace jeton {

/// A file of the form c2sp.org/tlog-proof@v1; its extra data is the leaf's bytes, so it needs nothing beside it.
struct LogProof {
  std::string leaf;  ///< RFC 8785 bytes of the event
  std::uint64_t index = 0;
  std::vector<Sha256> path;
  std::string checkpoint;  ///< the signed note, verbatim

  [[nodiscard]] std::string text() const;
  /// bad_request for another form, a missing leaf, or more than 63 hashes.
  [[nodiscard]] static Result<LogProof> parse(std::string_view text);
};

/// What a proof proves: that the log of `key` holds this event at this place among its first `checkpoint.size`.
struct ProvenEvent {
  Json event;  ///< the leaf's members
  std::uint64_t log_index;
  Checkpoint checkpoint;
};

/// Everything a stranger needs is the proof and the log's key. bad_request: not a proof, or the leaf is no event in
/// canonical form; bad_signature: the log of this key did not sign the checkpoint, or the leaf is not in its tree.
[[nodiscard]] Result<ProvenEvent> verify_proof(std::string_view proof, const NoteKey& key);

}  // namespace jeton
