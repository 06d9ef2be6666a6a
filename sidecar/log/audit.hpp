// The whole log, looked at: every row against its leaf, the leaves against the tree, the tree against what was signed.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "log/rollback.hpp"

namespace jeton {

/// One thing that is not as jetond left it.
struct Fault {
  enum class Kind {
    edited,              ///< a row's columns are not those its leaf was made from
    deleted,             ///< rows are missing
    inserted,            ///< a row without a leaf, or below zero: no jetond wrote it
    unreadable,          ///< a value no event can have
    replaced,            ///< rows that agree with their leaves, but not with the tree: reordered, swapped or forged
    cut_off,             ///< fewer events than were signed for: truncated, or an older log was put back
    other_log,           ///< as many events, but not those that were signed for
    swapped_checkpoint,  ///< a checkpoint this log's key did not sign
    altered,  ///< a table, index, view or trigger that is not jetond's own: what others read through it may lie
  };
  Kind kind;
  std::uint64_t first = 0;  ///< the events it is about, as narrow as can be told
  std::uint64_t last = 0;
  std::string what;  ///< one sentence
};
[[nodiscard]] std::string_view name_of(Fault::Kind kind);

struct Audit {
  std::uint64_t events = 0;
  std::uint64_t archived = 0;  ///< the first so many are told by the hashes that stayed of them
  Sha256 root{};
  std::uint64_t checkpoints = 0;  ///< looked at, in the database and outside
  std::uint64_t signed_size = 0;  ///< how many events the largest good one covers
  std::vector<Fault> faults;      ///< at most 100
  std::uint64_t faults_in_all = 0;
};

/// Reads every event once, in pages, and holds them against each other as above. `key` is the log's as the auditor was
/// given it; only one that was obtained elsewhere proves anything against whoever holds STATE. `progress` is called now
/// and then with the events read so far. Throws what the reader throws when the file cannot be read at all.
[[nodiscard]] Audit audit_log(const LogReader& log, const NoteKey& key, const std::vector<OutsideNote>& outside,
                              const std::function<void(std::uint64_t)>& progress = {});

/// The proof that an event is in the log, for a stranger: against the newest checkpoint. bad_request when there is no
/// such event, log_unavailable when it is not signed for yet or the tree is damaged.
[[nodiscard]] Result<std::string> prove_event(const LogReader& log, const NoteKey& key, std::uint64_t log_index);

}  // namespace jeton
