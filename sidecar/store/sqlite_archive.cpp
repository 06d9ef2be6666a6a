// Hashes first, then the rows, in one transaction: whenever it is cut off, the tree is whole.
#include "store/sqlite_archive.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "store/schema/schema.hpp"

namespace jeton {
namespace {

constexpr auto width = SqliteTree::leaves_a_tile;

// What the writer reads at its start for as long as there is a log, but for revocations of calls.
std::string standing() { return fmt::format("{} AND (event <> 10 OR txn IS NULL)", control_rows); }

/// The newest; one that claims more than lies before it is none.
SQLite::Statement said_in(SQLite::Database& db) {
  return {db,
          "SELECT cited_size, log_index, time_us, count FROM event WHERE event = 18 AND cited_size <= log_index AND "
          "count <= cited_size ORDER BY log_index DESC LIMIT 1"};
}

std::uint64_t number(const SQLite::Column& column) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(column.getInt64(), 0));
}

/// The first tile whose rows are all there.
std::uint64_t next_tile(SQLite::Database& db) {
  return number(db.execAndGet("SELECT coalesce(max(n), -1) + 1 FROM archived_tile"));
}

}  // namespace

std::uint64_t standing_in(SQLite::Database& db, std::uint64_t below) {
  SQLite::Statement count(
      db, fmt::format("SELECT count(*) FROM event WHERE log_index >= 0 AND log_index < ? AND {}", standing()));
  count.bind(1, static_cast<std::int64_t>(below));
  return count.executeStep() ? number(count.getColumn(0)) : 0;
}

LogReader::Archive archive_in(SQLite::Database& db) {
  LogReader::Archive archive;
  auto said = said_in(db);
  if (!said.executeStep()) return archive;
  archive.below = number(said.getColumn(0)) / width * width;
  archive.first = std::min(next_tile(db) * width, archive.below);
  archive.said_at = number(said.getColumn(1));
  archive.time_us = said.getColumn(2).getInt64();
  const auto gone = number(said.getColumn(3));
  said.reset();
  const auto there = standing_in(db, archive.below);
  if (gone + there < archive.below) archive.lost = archive.below - gone - there;
  return archive;
}

SqliteArchive::SqliteArchive(SQLite::Database& db)
    : db_(db),
      cut_(db,
           "SELECT 1 FROM archived_call WHERE txn = ?1 UNION ALL "
           "SELECT 1 FROM event WHERE txn = ?1 AND event BETWEEN 6 AND 11 AND log_index < ?2 UNION ALL "
           // A revocation that waited for room may come when all of its call is gone.
           "SELECT 1 WHERE (SELECT event FROM event WHERE txn = ?1 AND event BETWEEN 6 AND 11 ORDER BY log_index "
           "LIMIT 1) NOT IN (6, 7) LIMIT 1") {}

const SqliteArchive::Said& SqliteArchive::said() {
  if (said_) return *said_;
  auto row = said_in(db_);
  if (!row.executeStep()) return said_.emplace();
  const auto below = number(row.getColumn(0)) / width * width;
  return said_.emplace(Said{below, number(row.getColumn(1)), next_tile(db_) * width >= below});
}

std::uint64_t SqliteArchive::below() { return said().below; }
std::optional<std::uint64_t> SqliteArchive::said_at() { return said().log_index; }
void SqliteArchive::forget() noexcept {
  cut_.tryReset();
  if (changed_) said_.reset();
}

void SqliteArchive::change() noexcept {
  changed_ = true;
  said_.reset();
}

bool SqliteArchive::is_cut(const Txn& txn) {
  if (below() == 0) return false;
  cut_.reset();
  cut_.bind(1, txn.text());
  cut_.bind(2, static_cast<std::int64_t>(below()));
  const bool found = cut_.executeStep();
  cut_.reset();
  return found;
}

bool SqliteArchive::is_gone_beyond(std::uint64_t signed_size) {
  SQLite::Statement covered(db_,
                            "SELECT coalesce(max(cited_size), 0) FROM event WHERE event = 18 AND cited_size <= "
                            "log_index AND count <= cited_size AND log_index < ?");
  covered.bind(1, static_cast<std::int64_t>(signed_size));
  return next_tile(db_) * width > (covered.executeStep() ? number(covered.getColumn(0)) : 0);
}

std::int64_t SqliteArchive::newest_us(std::uint64_t below) {
  SQLite::Statement newest(db_, "SELECT coalesce(max(time_us), 0) FROM event WHERE log_index >= ? AND log_index < ?");
  newest.bind(1, static_cast<std::int64_t>(below - std::min(below, width)));
  newest.bind(2, static_cast<std::int64_t>(below));
  return newest.executeStep() ? newest.getColumn(0).getInt64() : 0;
}

std::size_t SqliteArchive::move(std::size_t tiles, SqliteTree& tree) {
  auto n = next_tile(db_);
  std::size_t moved = 0;
  for (; moved < tiles && (n + 1) * width <= below(); ++moved, ++n) move_tile(n, tree);
  if (moved > 0) change();  // whether that was all is asked again
  return moved;
}

void SqliteArchive::move_tile(std::uint64_t n, SqliteTree& tree) {
  const auto from = static_cast<std::int64_t>(n * width), to = static_cast<std::int64_t>((n + 1) * width);
  const auto run = [&](const std::string& sql, bool with_below = false) {
    SQLite::Statement statement(db_, sql);
    statement.bind(1, from);
    statement.bind(2, to);
    if (with_below) statement.bind(3, static_cast<std::int64_t>(below()));
    statement.exec();
  };

  std::string hashes;
  TreeEdge edge;
  for (auto leaf = n * width; leaf < (n + 1) * width; ++leaf) {
    const auto hash = tree.subtree(0, leaf);
    edge.append(hash);
    hashes.append(hash.begin(), hash.end());
  }
  if (edge.root() != tree.subtree(SqliteTree::levels_a_row, n))
    throw LogDamaged(
        fmt::format("events {} to {} do not lead to the stored tree, so they are not let go", from, to - 1));

  // By index, not by place: a call is asked for once, however long the log is.
  const std::string calls =
      "SELECT txn FROM event NOT INDEXED WHERE log_index >= ?1 AND log_index < ?2 AND event BETWEEN 6 AND 11 AND txn "
      "IS NOT NULL";
  const std::string goes_on =
      "EXISTS (SELECT 1 FROM event r WHERE r.txn = c.txn AND r.event BETWEEN 6 AND 11 AND r.log_index >= ?3)";
  run(fmt::format("INSERT OR IGNORE INTO archived_call SELECT DISTINCT c.txn FROM ({}) c WHERE {}", calls, goes_on),
      true);
  run(fmt::format("DELETE FROM archived_call AS c WHERE c.txn IN ({}) AND NOT {}", calls, goes_on), true);
  run("DELETE FROM sealed WHERE log_index >= ?1 AND log_index < ?2");
  run(fmt::format("DELETE FROM event NOT INDEXED WHERE log_index >= ?1 AND log_index < ?2 AND NOT ({})", standing()));
  SQLite::Statement keep(db_, "INSERT INTO archived_tile (n, hashes) VALUES (?, ?)");
  keep.bind(1, static_cast<std::int64_t>(n));
  keep.bind(2, hashes.data(), static_cast<int>(hashes.size()));
  keep.exec();
}

}  // namespace jeton
