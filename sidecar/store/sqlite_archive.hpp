// Archived events in jeton.db: their rows go, 256 at once, and their leaf hashes stay.
#pragma once

#include <cstdint>
#include <optional>

#include <SQLiteCpp/SQLiteCpp.h>

#include "store/sqlite_tree.hpp"
#include "store/store.hpp"

namespace jeton {

/// What a reader is told; see LogReader. Believed is no more than the newest `log.archived` says.
[[nodiscard]] LogReader::Archive archive_in(SQLite::Database& db);

/// How many rows below an index stand; see Store.
[[nodiscard]] std::uint64_t standing_in(SQLite::Database& db, std::uint64_t below);

/// The writer's part. One thread.
class SqliteArchive {
 public:
  explicit SqliteArchive(SQLite::Database& db);

  [[nodiscard]] std::uint64_t below();
  /// The index of the `log.archived` that says so; none without one.
  [[nodiscard]] std::optional<std::uint64_t> said_at();
  /// Whether it is known that no row is to go any more.
  [[nodiscard]] bool is_done() const noexcept { return said_ && said_->done; }
  [[nodiscard]] bool is_cut(const Txn& txn);
  /// Whether rows are gone beyond what every `log.archived` below this size lets go: then none of ours did that.
  [[nodiscard]] bool is_gone_beyond(std::uint64_t signed_size);
  [[nodiscard]] std::int64_t newest_us(std::uint64_t below);
  /// Inside a transaction: see Store::move_archived. Throws LogDamaged.
  [[nodiscard]] std::size_t move(std::size_t tiles, SqliteTree& tree);

  /// A `log.archived` came.
  void change() noexcept;
  /// Something was taken back, and perhaps one.
  void forget() noexcept;

 private:
  struct Said {
    std::uint64_t below = 0;
    std::optional<std::uint64_t> log_index;
    bool done = true;
  };
  const Said& said();
  void move_tile(std::uint64_t n, SqliteTree& tree);

  SQLite::Database& db_;
  SQLite::Statement cut_;
  std::optional<Said> said_;
  bool changed_ = false;  ///< since this was opened
};

}  // namespace jeton
