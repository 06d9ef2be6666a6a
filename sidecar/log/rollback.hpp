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

/// What is wrong with a log, for a person; nothing when it is the one that was signed for.
using Difference = std::optional<std::string>;

/// Compares the stored tree with every checkpoint found outside, and with the newest that the store kept itself:
/// O(log n). A difference when the log is shorter or other than one of them, when one is not signed by this log's key,
/// when what it takes to compare is missing, or when the store kept several and none is left outside. log_unavailable
/// when the file cannot be read: that says nothing about what stands in it. What the rows say is not looked at here;
/// that is the audit's work.
[[nodiscard]] Result<Difference> find_rollback(const Store& store, const NoteKey& key,
                                               const std::vector<OutsideNote>& outside);

/// The largest checkpoint among the notes that a log signed, by whatever key its signature names: what a new log cites.
[[nodiscard]] std::optional<Checkpoint> largest_claim(const std::vector<OutsideNote>& outside);

}  // namespace jeton
