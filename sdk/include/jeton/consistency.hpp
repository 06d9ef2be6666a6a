// A log that only grew, proven to whoever kept an older checkpoint of it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "jeton/note.hpp"

namespace jeton {

/// The body of an add-checkpoint request (c2sp.org/tlog-witness): "old" and a size, the hashes of RFC 6962
/// section 2.1.2 one a line, an empty line, and the newer checkpoint. So what a reviewer checks is what a witness
/// takes.
struct ConsistencyProof {
  std::uint64_t old_size = 0;
  std::vector<Sha256> path;
  std::string checkpoint;  ///< the newer signed note, verbatim

  [[nodiscard]] std::string text() const;
  /// bad_request for another form, or more than 63 hashes.
  [[nodiscard]] static Result<ConsistencyProof> parse(std::string_view text);
};

/// The newer checkpoint, once the log of `key` signed it and the older one is a beginning of it. `old` is what the
/// reader kept, with its signature checked (Checkpoint::open). bad_request: not such a proof, or one from another size;
/// bad_signature: the log of this key did not sign the newer checkpoint, or events of the older one were changed.
[[nodiscard]] Result<Checkpoint> verify_consistency(std::string_view proof, const Checkpoint& old, const NoteKey& key);

}  // namespace jeton
