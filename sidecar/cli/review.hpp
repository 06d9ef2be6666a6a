// What the commands that answer a reviewer share: the log, the window, and a damaged file told like every other
// refusal.
#pragma once

#include <filesystem>
#include <functional>

#include "cli/commands.hpp"
#include "store/sqlite_store.hpp"

namespace jeton::cli {

/// The log of --state, or of the usual state directory.
[[nodiscard]] std::filesystem::path log_file(const Common& common);

/// Opens the log and does `work` within --since and --until; gives its exit status, or that of why it could not begin.
[[nodiscard]] int with_review(const Common& common, const ReviewOptions& options,
                              const std::function<int(const Review&, const Window&)>& work);

}  // namespace jeton::cli
