// Following links up one step and down one step.
#include "readers/family.hpp"

namespace jeton {
namespace {

constexpr std::size_t story_max = 10'000;

std::optional<CallSummary> summary_of_txn(const LogReader& log, const Txn& txn, std::int64_t now_us) {
  return summary_of(log.everything_of(txn, story_max), now_us);
}

}  // namespace

Family family_of(const LogReader& log, const std::vector<Event>& story, std::int64_t now_us, std::size_t limit) {
  Family family;
  if (story.empty()) return family;
  for (const auto& event : story)
    if (event.parent_txn && event.kind != EventKind::request_refused && !family.parent_txn)
      family.parent_txn = event.parent_txn;
  if (family.parent_txn) family.parent = summary_of_txn(log, *family.parent_txn, now_us);
  for (const auto& child : log.children(*story.front().txn, limit))
    if (auto summary = summary_of_txn(log, child.txn, now_us)) family.children.push_back(std::move(*summary));
  return family;
}

}  // namespace jeton
