// Is this the log that was signed for outside of it, or an older, shorter or other one? Asked once, at start.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "jeton/note.hpp"
#include "store/store.hpp"

namespace jeton {

/// A checkpoint found outside of the database.
struct OutsideNote {
  std::string place;  ///< as a person would look for it
  std::string note;
};

/// Compares the stored tree with every checkpoint found outside, and with the newest that the store kept itself:
/// O(log n). log_unavailable, with what was found, when the log is shorter or other than one of them, when one is not
/// signed by this log's key, or when the store kept several and none is left outside. What the rows say is not looked
/// at here; that is the audit's work.
[[nodiscard]] Result<void> check_for_rollback(const Store& store, const NoteKey& key,
                                              const std::vector<OutsideNote>& outside);

/// The largest checkpoint among the notes that a log signed, by whatever key its signature names: what a new log cites.
[[nodiscard]] std::optional<Checkpoint> largest_claim(const std::vector<OutsideNote>& outside);

}  // namespace jeton
