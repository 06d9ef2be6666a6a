// Stored hashes, looked up one by one: a proof or an edge needs a few hundred of them however long the log is.
#include "store/sqlite_tree.hpp"

#include <algorithm>
#include <optional>

#include <fmt/core.h>

#include "store/sqlite_store.hpp"

namespace jeton {
namespace {

std::optional<Sha256> hash_in(const SQLite::Column& column) {
  Sha256 hash;
  if (column.isNull() || column.getBytes() != static_cast<int>(hash.size())) return std::nullopt;
  std::copy_n(static_cast<const unsigned char*>(column.getBlob()), hash.size(), hash.begin());
  return hash;
}

}  // namespace

SqliteTree::SqliteTree(SQLite::Database& db)
    : leaf_(db, "SELECT leaf FROM event WHERE log_index = ?"),
      node_(db, "SELECT hash FROM tree WHERE level = ? AND n = ?"),
      tile_(db, "SELECT hashes FROM archived_tile WHERE n = ?") {}

Sha256 SqliteTree::subtree(unsigned level, std::uint64_t n) {
  if (level % levels_a_row != 0) return node_hash(subtree(level - 1, 2 * n), subtree(level - 1, 2 * n + 1));
  auto& lookup = level == 0 ? leaf_ : node_;
  lookup.reset();
  if (level > 0) lookup.bind(1, static_cast<int>(level / levels_a_row));
  lookup.bind(level > 0 ? 2 : 1, static_cast<std::int64_t>(n));
  const bool found = lookup.executeStep();
  auto hash = found ? hash_in(lookup.getColumn(0)) : std::nullopt;
  lookup.reset();
  if (!found && level == 0) hash = archived_leaf(n);
  if (hash) return *hash;
  throw LogDamaged(level == 0
                       ? fmt::format("event {} or its leaf is missing", n)
                       : fmt::format("the tree over events {} to {} is missing", n << level, ((n + 1) << level) - 1));
}

std::optional<Sha256> SqliteTree::archived_leaf(std::uint64_t n) {
  const auto tile = n / leaves_a_tile;
  if (!last_tile_ || last_tile_->first != tile) {
    last_tile_.reset();
    tile_.reset();
    tile_.bind(1, static_cast<std::int64_t>(tile));
    if (tile_.executeStep()) last_tile_.emplace(tile, tile_.getColumn(0).getString());
    tile_.reset();
  }
  Sha256 hash;
  if (!last_tile_ || last_tile_->second.size() != leaves_a_tile * hash.size()) return std::nullopt;
  const auto* begin = last_tile_->second.data() + (n % leaves_a_tile) * hash.size();
  std::copy_n(begin, hash.size(), hash.begin());
  return hash;
}

TreeEdge SqliteTree::edge_at(std::uint64_t size) {
  return jeton::edge_at(size, [this](unsigned level, std::uint64_t n) { return subtree(level, n); });
}

void SqliteTree::reset() noexcept {
  leaf_.tryReset();
  node_.tryReset();
  tile_.tryReset();
  last_tile_.reset();
}

}  // namespace jeton
