// Signed heads of the tree and the log's origin, as they are kept in jeton.db.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

#include "store/store.hpp"

namespace jeton {

/// Reads and writes through one connection, writer's or reader's. One thread.
class SqliteHeads {
 public:
  explicit SqliteHeads(SQLite::Database& db);

  /// Throws SQLite::Exception for a size that was kept already.
  void insert(const SignedHead& head);
  [[nodiscard]] std::vector<SignedHead> from(std::uint64_t size, std::size_t limit);
  [[nodiscard]] std::optional<SignedHead> newest();
  [[nodiscard]] std::uint64_t count();

  /// Empty where the log has none yet.
  [[nodiscard]] std::string origin();
  void name_origin(const std::string& origin);

  void reset() noexcept;

 private:
  SQLite::Database& db_;
  SQLite::Statement from_, newest_;
};

}  // namespace jeton
