// The tree beside the rows: leaf hashes in the rows themselves, and the nodes of every eighth level in a table.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include "jeton/merkle.hpp"

namespace jeton {

/// Reads the roots of complete subtrees as they were stored when their last leaf was appended. A level between the
/// stored ones (a multiple of eight) is put together from at most 128 of the level below. One thread.
class SqliteTree {
 public:
  static constexpr unsigned levels_a_row = 8;

  explicit SqliteTree(SQLite::Database& db);
  /// Throws LogDamaged where a hash is missing or is none.
  [[nodiscard]] Sha256 subtree(unsigned level, std::uint64_t n);
  [[nodiscard]] TreeEdge edge_at(std::uint64_t size);
  void reset() noexcept;

 private:
  SQLite::Statement leaf_, node_;
};

}  // namespace jeton
