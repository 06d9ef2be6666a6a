// One root at the size of each checkpoint; everything that disagrees is named with its place.
#include "log/rollback.hpp"

#include <fmt/core.h>

#include "log/notary.hpp"

namespace jeton {
namespace {

Difference difference_from(const Store& store, const NoteKey& key, const OutsideNote& outside) {
  const auto checkpoint = Checkpoint::open(outside.note, key);
  if (!checkpoint)
    return fmt::format("the checkpoint in {} is not this log's: {}", outside.place, checkpoint.error().message);
  if (checkpoint->size > store.size())
    return fmt::format(
        "the log has {} events, but {} were signed for in {}: it was cut off, or an older one was put back",
        store.size(), checkpoint->size, outside.place);
  if (store.root_at(checkpoint->size) != checkpoint->root)
    return fmt::format("the first {} events are not those that were signed for in {}", checkpoint->size, outside.place);
  return std::nullopt;
}

}  // namespace

Result<Difference> find_rollback(const Store& store, const NoteKey& key, const std::vector<OutsideNote>& outside) {
  try {
    for (const auto& note : outside)
      if (auto found = difference_from(store, key, note)) return found;
    // The first is shown before anything can be added to it; only a crash in that moment leaves one alone.
    if (outside.empty() && store.heads() > 1)
      return Difference(fmt::format("{} checkpoints were signed, but none is left outside of the log", store.heads()));
    const auto newest = store.newest_head();
    if (!newest) return Difference();
    return difference_from(store, key, {"jeton.db", note_of(*newest, key)});
  } catch (const LogDamaged& error) {
    return Difference(fmt::format("the log is damaged: {}", error.what()));
  } catch (const std::runtime_error& error) {
    return refuse(Code::log_unavailable, fmt::format("the log cannot be read: {}", error.what()));
  }
}

std::optional<Checkpoint> largest_claim(const std::vector<OutsideNote>& outside) {
  std::optional<Checkpoint> largest;
  for (const auto& [place, note] : outside) {
    const auto end = note.rfind("\n\n");
    if (end == note.npos) continue;
    const auto claim = Checkpoint::parse(std::string_view(note).substr(0, end + 1));
    if (claim && (!largest || claim->size > largest->size)) largest = *claim;
  }
  return largest;
}

}  // namespace jeton
