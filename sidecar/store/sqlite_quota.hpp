// How long jeton.db may become: SQLite refuses to grow it, as it does on a full disk.
#pragma once

#include <cstdint>

#include <SQLiteCpp/SQLiteCpp.h>

#include "jeton/event.hpp"

namespace jeton {

/// What is written at the quota where nothing else is: what ends something, what lets rows go, and what a daemon says
/// to start, to take another quota, and to stop.
[[nodiscard]] bool is_of_reserve(EventKind kind);

/// Of the writer's connection. One thread.
class SqliteQuota {
 public:
  explicit SqliteQuota(SQLite::Database& db) : db_(db) {}

  /// See Store::limit.
  void set(std::int64_t bytes);
  /// Lets what is written next take 4 MiB more, until `hold`.
  void lift();
  void hold();
  /// A transaction begins.
  void begin() noexcept { asked_ = false; }
  /// Throws SQLITE_FULL where nothing is left but the reserve: half a page that it began is its own as well.
  void ask();
  /// See Store::room.
  [[nodiscard]] std::int64_t room() const noexcept;

 private:
  void allow(std::int64_t pages);

  SQLite::Database& db_;
  std::int64_t bytes_ = 0;
  bool lifted_ = false;
  bool asked_ = false;  ///< in this transaction, and there was room
};

}  // namespace jeton
