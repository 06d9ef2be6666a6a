// Signing what the log has become: within a second of any event, over durable events only, kept before it is shown.
#pragma once

#include <functional>
#include <string>

#include "jeton/clock.hpp"
#include "jeton/note.hpp"
#include "store/store.hpp"

namespace jeton {

/// Turns heads of the tree into checkpoints (c2sp.org/tlog-checkpoint). A head is signed, kept durably in the store,
/// and only then handed out, so no two checkpoints of a log ever disagree and none is ahead of the log. One thread.
class Notary {
 public:
  struct Parts {
    Store& store;
    const SigningKey& key;
    const NoteKey& note_key;  ///< its name is the log's origin
    const Clock& clock;
    std::function<void(const std::string& note)> publish;
  };
  /// Throws LogDamaged where the store's own checkpoints cannot be read.
  explicit Notary(const Parts& parts);

  /// Signs the head if it has grown since the last one that was signed. log_unavailable: the head could not be kept,
  /// and nothing was handed out; the next call tries again.
  [[nodiscard]] Result<void> sign_if_grown();

  /// Hands the newest out again, as after a restart that came between keeping and showing.
  void publish_newest() const;
  /// How many events the newest checkpoint covers.
  [[nodiscard]] std::uint64_t signed_size() const { return signed_size_; }

 private:
  Parts parts_;
  std::uint64_t signed_size_ = 0;
};

/// The signed note of a head that was kept.
[[nodiscard]] std::string note_of(const SignedHead& head, const NoteKey& key);

}  // namespace jeton
