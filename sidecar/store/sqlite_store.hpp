// The ledger in SQLite: opened with care, one writer, and readers that never make it wait.
#pragma once

#include <filesystem>
#include <memory>

#include "store/review.hpp"
#include "store/store.hpp"

namespace jeton {

/// `full`: an event is on the disk when transact returns. `normal`: it survives a crash of the process, not of the
/// machine.
enum class Sync { full, normal };

/// Opens or makes the ledger and brings its schema up to date, in one transaction a step. log_unavailable when the file
/// cannot be opened, is no ledger, was made by a newer version, or has a table, index, view or trigger that jetond did
/// not make: a trigger would run in its transactions. Then nothing in it has changed.
[[nodiscard]] Result<std::unique_ptr<Store>> open_sqlite_store(const std::filesystem::path& file, Sync sync);

/// Opens the ledger read-only; works while a daemon writes and when none runs. One thread per reader.
[[nodiscard]] Result<std::unique_ptr<LogReader>> open_sqlite_reader(const std::filesystem::path& file);

/// Opens the ledger for a reviewer's questions; otherwise like open_sqlite_reader.
[[nodiscard]] Result<std::unique_ptr<Review>> open_sqlite_review(const std::filesystem::path& file);

}  // namespace jeton
