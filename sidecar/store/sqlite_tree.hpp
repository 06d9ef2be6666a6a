// The tree beside the rows: leaf hashes in the rows themselves, or in a table once those are archived, and the nodes of
// every eighth level in another.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include <SQLiteCpp/SQLiteCpp.h>

#include "jeton/merkle.hpp"

namespace jeton {

/// Reads the roots of complete subtrees as they were stored when their last leaf was appended. A level between the
/// stored ones (a multiple of eight) is put together from at most 128 of the level below. One thread.
class SqliteTree {
 public:
  static constexpr unsigned levels_a_row = 8;
  static constexpr std::uint64_t leaves_a_tile = 1U << levels_a_row;

  explicit SqliteTree(SQLite::Database& db);
  /// Throws LogDamaged where a hash is missing or is none.
  [[nodiscard]] Sha256 subtree(unsigned level, std::uint64_t n);
  [[nodiscard]] TreeEdge edge_at(std::uint64_t size);
  void reset() noexcept;

 private:
  [[nodiscard]] std::optional<Sha256> archived_leaf(std::uint64_t n);

  SQLite::Statement leaf_, node_, tile_;
  std::optional<std::pair<std::uint64_t, std::string>> last_tile_;  ///< neighbours are asked for one after the other
};

}  // namespace jeton
