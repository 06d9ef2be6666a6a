// The views of jeton.db, one file each; docs/log.md tells people what their columns mean.
#pragma once

#include <string>

namespace jeton {

/// One row an event, with the names of its leaf.
[[nodiscard]] std::string events_view();
/// One row a minted token: whose, for what, and what became of it. The state is the one `Call` folds.
[[nodiscard]] std::string attempts_view();
/// One row a call, as `CallSummary` says it. Reads `attempts`.
[[nodiscard]] std::string calls_view();
/// One row a finding: what a reviewer should look at. One pass each, whatever the calls look like.
[[nodiscard]] std::string alerts_view();

}  // namespace jeton
