// Two roots out of the stored tree, and the way between them.
#include "log/growth.hpp"

#include <fmt/core.h>

#include "jeton/merkle.hpp"
#include "log/notary.hpp"

namespace jeton {
namespace {

Result<SignedHead> head_of(const LogReader& log, const NoteKey& key, std::optional<std::uint64_t> size) {
  const auto newest = log.newest_head();
  if (!newest) return refuse(Code::log_unavailable, "nothing is signed for yet; start jetond once");
  auto head = *newest;
  if (size) {
    const auto from = *size > newest->head.size ? std::vector<SignedHead>() : log.heads(*size, 1);
    if (from.empty())
      return refuse(Code::bad_request,
                    fmt::format("no checkpoint is of {} events; the newest is of {}", *size, newest->head.size));
    head = from.front();
    if (head.head.size != *size)
      return refuse(Code::bad_request,
                    fmt::format("no checkpoint is of {} events; the next is of {}", *size, head.head.size));
  }
  if (!key.holds(Checkpoint{key.name(), head.head.size, head.head.root}.text(), head.signature))
    return refuse(Code::bad_signature, fmt::format("this key did not sign the log's checkpoint of {} events; see jeton "
                                                   "log verify",
                                                   head.head.size));
  return head;
}

Result<Growth> growth_to(const LogReader& log, const NoteKey& key, const SignedHead& head, std::uint64_t old_size,
                         const std::optional<Sha256>& old_root) {
  const auto& newer = head.head;
  const auto subtree = [&log](unsigned level, std::uint64_t n) { return log.subtree(level, n); };
  if (edge_at(newer.size, subtree).root() != newer.root)
    throw LogDamaged("the stored tree has not the root that was signed");
  const TreeHead old{old_size, edge_at(old_size, subtree).root()};
  if (old_root && *old_root != old.root)
    return refuse(Code::bad_signature,
                  fmt::format("the first {} events of this log are not those of the older checkpoint: it is another "
                              "log, or was rewritten; see jeton log verify --checkpoint",
                              old_size));
  ConsistencyProof proof{old_size, {}, note_of(head, key)};
  if (old_size > 0) proof.path = consistency_path(old_size, newer.size, subtree);
  if (auto proven = verify_consistency(proof.text(), {key.name(), old_size, old.root}, key); !proven)
    throw LogDamaged(proven.error().message);
  return Growth{old, newer, std::move(proof)};
}

}  // namespace

Result<Growth> prove_growth(const LogReader& log, const NoteKey& key, std::uint64_t old_size,
                            const std::optional<Sha256>& old_root, std::optional<std::uint64_t> size) {
  try {
    const auto head = head_of(log, key, size);
    if (!head) return refuse(head.error());
    if (old_size <= head->head.size) return growth_to(log, key, *head, old_size, old_root);
    // A size is a question; a signed root over more events than there are is a contradiction.
    if (old_root && !size)
      return refuse(Code::bad_signature,
                    fmt::format("the older checkpoint is of {} events, and this log signed for {}: it was cut off, or "
                                "an older one was put back; see jeton log verify --checkpoint",
                                old_size, head->head.size));
    return refuse(Code::bad_request, fmt::format("{} events are not before a checkpoint of {}; name a smaller size",
                                                 old_size, head->head.size));
  } catch (const LogDamaged& error) {
    return refuse(Code::log_unavailable, fmt::format("the log is damaged: {}; see jeton log verify", error.what()));
  }
}

}  // namespace jeton
