// How long jeton.db may become: SQLite refuses to grow it, as it does on a full disk.
#pragma once

#include <cstdint>

#include <SQLiteCpp/SQLiteCpp.h>

namespace jeton {

/// Of the writer's connection. One thread.
class SqliteQuota {
 public:
  explicit SqliteQuota(SQLite::Database& db) : db_(db) {}

  /// See Store::limit.
  void set(std::int64_t bytes);
  /// Lets the transaction at hand take 4 MiB more, until `hold`.
  void lift();
  void hold();
  /// See Store::room.
  [[nodiscard]] std::int64_t room() const noexcept;

 private:
  void allow(std::int64_t pages);

  SQLite::Database& db_;
  std::int64_t bytes_ = 0;
  bool lifted_ = false;
};

}  // namespace jeton
