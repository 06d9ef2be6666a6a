// One pass over the rows with the tree growing beside it, stopping at each size that was signed for.
#include "log/audit.hpp"

#include <algorithm>
#include <array>
#include <map>

#include <fmt/core.h>

#include "jeton/merkle.hpp"
#include "jeton/proof.hpp"
#include "log/archived.hpp"
#include "log/notary.hpp"

namespace jeton {
namespace {

// Few: the writer's log cannot begin anew under a reader.
constexpr std::size_t page_rows = 128;
constexpr std::size_t faults_max = 100;
constexpr std::uint64_t block_leaves = 256;

constexpr std::array<std::string_view, 9> kind_names{
    "edited", "deleted", "inserted", "unreadable", "replaced", "cut_off", "other_log", "swapped_checkpoint", "altered"};

class Auditor {
 public:
  Auditor(const LogReader& log, const NoteKey& key, const std::function<void(std::uint64_t)>& progress)
      : log_(log), key_(key), progress_(progress) {}

  Audit run(const std::vector<OutsideNote>& outside) {
    if (const auto strays = log_.strays(); strays > 0)
      fault({Fault::Kind::inserted, 0, 0, fmt::format("{} rows stand at indexes below zero", strays)});
    // Before the heads are read: what goes meanwhile is signed for by later ones.
    const auto gone = log_.archive().first;
    for (const auto& object : log_.altered())
      fault({Fault::Kind::altered, 0, 0,
             fmt::format("{} is not as jetond made it: do not believe what is read through it", object)});
    collect(outside);
    read_rows();
    for (auto head = heads_.upper_bound(next_); head != heads_.end(); ++head)
      for (const auto& [place, root] : head->second)
        fault({Fault::Kind::cut_off, next_, head->first - 1,
               fmt::format("the log has {} events, but {} were signed for in {}: it was cut off, or an older one was "
                           "put back",
                           next_, head->first, place)});
    if (whole_ && !forked_ && gone > let_go_)
      fault({Fault::Kind::deleted, let_go_, gone - 1,
             fmt::format("events {} to {} are gone, and no checkpoint covers a log.archived that lets them go", let_go_,
                         gone - 1)});
    audit_.events = next_;
    audit_.root = edge_.root();
    return std::move(audit_);
  }

 private:
  struct Head {
    std::string place;
    Sha256 root;
  };

  void fault(Fault found) {
    ++audit_.faults_in_all;
    if (audit_.faults.size() < faults_max) audit_.faults.push_back(std::move(found));
  }

  void collect(const std::vector<OutsideNote>& outside) {
    for (const auto& [place, note] : outside) {
      ++audit_.checkpoints;
      if (const auto checkpoint = Checkpoint::open(note, key_))
        heads_[checkpoint->size].push_back({place, checkpoint->root});
      else
        fault({Fault::Kind::swapped_checkpoint, 0, 0,
               fmt::format("the checkpoint in {} is not this log's: {}", place, checkpoint.error().message)});
    }
    for (std::uint64_t from = 0;;) {
      const auto page = log_.heads(from, page_rows);
      for (const auto& head : page) collect(head);
      if (page.size() < page_rows) return;
      from = page.back().head.size + 1;
    }
  }

  void collect(const SignedHead& head) {
    ++audit_.checkpoints;
    const Checkpoint checkpoint{key_.name(), head.head.size, head.head.root};
    if (key_.holds(checkpoint.text(), head.signature))
      heads_[head.head.size].push_back({"jeton.db", head.head.root});
    else
      fault({Fault::Kind::swapped_checkpoint, head.head.size, head.head.size,
             fmt::format("the checkpoint of {} events in jeton.db is not signed by this log's key", head.head.size)});
  }

  void read_rows() {
    compare_heads();
    try {
      read_archived();
      while (log_.visit(next_, page_rows, [this](const LogReader::Row& row) { take(row); }) > 0)
        if (progress_) progress_(next_);
    } catch (const std::runtime_error& error) {
      // A page of the file itself. What comes after it cannot be reached in order.
      fault({Fault::Kind::unreadable, next_, next_,
             fmt::format("the file cannot be read from event {} on: {}", next_, error.what())});
    }
  }

  /// Of archived events the hashes are read, and of those that stand the rows as well.
  void read_archived() {
    const auto archive = log_.archive();
    if (archive.lost > 0)
      fault(
          {Fault::Kind::deleted, 0, archive.below - 1,
           fmt::format("{} events below {} that stay when others are archived were deleted: an agent that was disabled "
                       "or a run that was revoked may be so no more",
                       archive.lost, archive.below)});
    std::uint64_t from = 0;
    const auto hold = [&](const LogReader::Row& row) {
      from = row.log_index + 1;
      if (row.log_index < archive.first) check(row);
    };
    while (from < archive.first && log_.visit(from, page_rows, hold) > 0) {
    }
    read_hashes(archive.first);
  }

  void read_hashes(std::uint64_t end) {
    audit_.archived = std::max(audit_.archived, end);
    try {
      while (next_ < end) {
        grow(log_.subtree(0, next_));
        if (progress_ && next_ % block_leaves == 0) progress_(next_);
      }
    } catch (const LogDamaged&) {
      fault({Fault::Kind::deleted, next_, end - 1,
             fmt::format("the hashes of the archived events {} to {} are gone", next_, end - 1)});
      whole_ = false;
      next_ = end;
    }
  }

  /// Whether it is the row its leaf was made from.
  void check(const LogReader::Row& row) {
    const auto at = row.log_index;
    if (row.event == nullptr)
      fault({Fault::Kind::unreadable, at, at, std::string(row.trouble)});
    else if (!row.leaf)
      fault({Fault::Kind::inserted, at, at, fmt::format("event {} has no leaf: no jetond wrote it", at)});
    else if (leaf_of(*row.event) != row.leaf)
      fault({Fault::Kind::edited, at, at, fmt::format("event {} was edited", at)});
  }

  void take(const LogReader::Row& row) {
    // jetond's own table has each place once, in order. Of any other a row could come again and again, or lie about it.
    if (row.log_index < next_)
      throw LogDamaged(fmt::format("a row of event {} comes after event {}", row.log_index, next_ - 1));
    // A running daemon lets go of archived rows while they are read.
    if (row.log_index > next_)
      if (const auto first = log_.archive().first; first > next_) read_hashes(std::min(first, row.log_index));
    if (row.log_index > next_) {
      const auto last = row.log_index - 1;
      fault({Fault::Kind::deleted, next_, last,
             next_ == last ? fmt::format("event {} was deleted", last)
                           : fmt::format("events {} to {} were deleted", next_, last)});
      whole_ = false;
      next_ = row.log_index;
    }
    check(row);
    if (row.event != nullptr && row.event->kind == EventKind::log_archived)
      archives_[row.log_index] = row.event->cited_size;
    // A row that was edited is told once: the tree goes on with what it was.
    grow(row.leaf);
  }

  static std::optional<Sha256> leaf_of(const Event& event) {
    try {
      return leaf_hash(event);
    } catch (const std::logic_error&) {
      return std::nullopt;  // a text no event can have
    }
  }

  void grow(const std::optional<Sha256>& leaf) {
    ++next_;
    if (!leaf) whole_ = false;  // no root from here on can be told
    if (!whole_) return;
    edge_.append(*leaf, [this](unsigned level, std::uint64_t n, const Sha256& root) {
      if (level == 8) compare_block(n, root);
    });
    compare_heads();
  }

  /// The stored tree narrows a fault down to 256 events where the checkpoints stand further apart.
  void compare_block(std::uint64_t n, const Sha256& root) {
    try {
      if (log_.subtree(8, n) == root) return;
    } catch (const LogDamaged&) {
    }
    replaced(n * block_leaves, (n + 1) * block_leaves - 1, "the stored tree");
  }

  void compare_heads() {
    const auto heads = heads_.find(next_);
    if (heads == heads_.end() || !whole_ || forked_) return;
    for (const auto& [place, root] : heads->second) {
      if (edge_.root() == root) {
        audit_.signed_size = next_;
        for (; !archives_.empty(); archives_.erase(archives_.begin()))
          let_go_ = std::max(let_go_, static_cast<std::uint64_t>(archives_.begin()->second.value_or(0)));
        continue;
      }
      forked_ = true;
      const auto what = fmt::format("the first {} events are not those that were signed for in {}; the first {} are",
                                    next_, place, audit_.signed_size);
      fault({Fault::Kind::other_log, audit_.signed_size, next_ - 1, what});
      return;
    }
  }

  void replaced(std::uint64_t first, std::uint64_t last, std::string_view against) {
    fault({Fault::Kind::replaced, first, last,
           fmt::format("events {} to {} agree with their leaves, but not with {}: reordered or replaced", first, last,
                       against)});
  }

  const LogReader& log_;
  const NoteKey& key_;
  const std::function<void(std::uint64_t)>& progress_;
  Audit audit_;
  std::map<std::uint64_t, std::vector<Head>> heads_;
  TreeEdge edge_;
  std::uint64_t next_ = 0;
  std::map<std::uint64_t, std::optional<std::int64_t>> archives_;  ///< what log.archived say that no head covers yet
  std::uint64_t let_go_ = 0;                                       ///< what those say that one covers
  bool whole_ = true;                                              ///< no row is missing so far
  bool forked_ = false;                                            ///< a signed root differed: every later one will
};

}  // namespace

std::string_view name_of(Fault::Kind kind) { return kind_names.at(static_cast<std::size_t>(kind)); }

Audit audit_log(const LogReader& log, const NoteKey& key, const std::vector<OutsideNote>& outside,
                const std::function<void(std::uint64_t)>& progress) {
  return Auditor(log, key, progress).run(outside);
}

Result<std::string> prove_event(const LogReader& log, const NoteKey& key, std::uint64_t log_index) {
  const auto newest = log.newest_head();
  const auto size = newest ? newest->head.size : 0;
  if (log_index >= size) {
    if (log_index >= log.size())
      return refuse(Code::bad_request, fmt::format("the log has no event {}; it has {}", log_index, log.size()));
    return refuse(Code::log_unavailable,
                  fmt::format("event {} is not signed for yet; the newest checkpoint covers {}; try again in a second",
                              log_index, size));
  }
  try {
    const auto page = log.read(log_index, 1);
    const bool there = !page.empty() && page.front().log_index == log_index;
    if (const auto archive = log.archive(); !there && log_index < archive.first)
      return refuse(Code::bad_request, archived_words(archive, fmt::format("proof {}", log_index)));
    if (!there) throw LogDamaged(fmt::format("event {} is missing", log_index));
    const auto subtree = [&log](unsigned level, std::uint64_t n) { return log.subtree(level, n); };
    auto proof =
        LogProof{leaf_bytes(page.front()), log_index, inclusion_path(log_index, size, subtree), note_of(*newest, key)}
            .text();
    if (auto proven = verify_proof(proof, key); !proven)
      throw LogDamaged(fmt::format("event {} cannot be proven: {}", log_index, proven.error().message));
    return proof;
  } catch (const LogDamaged& error) {
    return refuse(Code::log_unavailable, fmt::format("the log is damaged: {}; see jeton log verify", error.what()));
  } catch (const std::logic_error&) {  // the leaf of a text or number that no event can have
    return refuse(Code::log_unavailable,
                  fmt::format("the log is damaged: event {} was edited; see jeton log verify", log_index));
  }
}

}  // namespace jeton
