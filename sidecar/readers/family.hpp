// Where a call came from and what it led to: links that callers gave, and no authority.
#pragma once

#include "readers/view.hpp"

namespace jeton {

struct Family {
  std::optional<Txn> parent_txn;      ///< as the opener named it; nobody checked that there is such a call
  std::optional<CallSummary> parent;  ///< where this log has it
  std::vector<CallSummary> children;  ///< oldest first, at most `limit`
};

/// `story` is everything with one txn. Throws what the log's reader throws.
[[nodiscard]] Family family_of(const LogReader& log, const std::vector<Event>& story, std::int64_t now_us,
                               std::size_t limit = 1000);

}  // namespace jeton
