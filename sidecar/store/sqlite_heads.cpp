// Rows of `checkpoint` and one of `meta`: columns, so that the note is always rebuilt and never half believed.
#include "store/sqlite_heads.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "jeton/note.hpp"

namespace jeton {
namespace {

void read_bytes(const SQLite::Column& column, std::span<unsigned char> out, std::uint64_t size) {
  if (column.getBytes() != static_cast<int>(out.size()))
    throw LogDamaged(fmt::format("the checkpoint of {} is damaged", size));
  std::copy_n(static_cast<const unsigned char*>(column.getBlob()), out.size(), out.begin());
}

SignedHead read_head(SQLite::Statement& row) {
  SignedHead head;
  head.head.size = static_cast<std::uint64_t>(row.getColumn(0).getInt64());
  head.time_us = row.getColumn(1).getInt64();
  read_bytes(row.getColumn(2), head.head.root, head.head.size);
  head.signature.resize(note_signature_bytes);
  read_bytes(row.getColumn(3), head.signature, head.head.size);
  return head;
}

}  // namespace

SqliteHeads::SqliteHeads(SQLite::Database& db)
    : db_(db),
      from_(db, "SELECT size, time_us, root, signature FROM checkpoint WHERE size >= ? ORDER BY size LIMIT ?"),
      newest_(db, "SELECT size, time_us, root, signature FROM checkpoint ORDER BY size DESC LIMIT 1") {}

void SqliteHeads::insert(const SignedHead& head) {
  SQLite::Statement insert(db_, "INSERT INTO checkpoint (size, time_us, root, signature) VALUES (?, ?, ?, ?)");
  insert.bind(1, static_cast<std::int64_t>(head.head.size));
  insert.bind(2, head.time_us);
  insert.bind(3, head.head.root.data(), static_cast<int>(head.head.root.size()));
  insert.bind(4, head.signature.data(), static_cast<int>(head.signature.size()));
  insert.exec();
}

std::vector<SignedHead> SqliteHeads::from(std::uint64_t size, std::size_t limit) {
  std::vector<SignedHead> heads;
  from_.reset();
  from_.bind(1, static_cast<std::int64_t>(size));
  from_.bind(2, static_cast<std::int64_t>(limit));
  while (from_.executeStep()) heads.push_back(read_head(from_));
  from_.reset();
  return heads;
}

std::optional<SignedHead> SqliteHeads::newest() {
  std::optional<SignedHead> head;
  newest_.reset();
  if (newest_.executeStep()) head = read_head(newest_);
  newest_.reset();
  return head;
}

std::uint64_t SqliteHeads::count() {
  return static_cast<std::uint64_t>(db_.execAndGet("SELECT count(*) FROM checkpoint").getInt64());
}

std::string SqliteHeads::origin() {
  return db_.execAndGet("SELECT coalesce((SELECT value FROM meta WHERE key = 'origin'), '')").getString();
}

void SqliteHeads::name_origin(const std::string& origin) {
  SQLite::Statement insert(db_, "INSERT INTO meta (key, value) VALUES ('origin', ?)");
  insert.bind(1, origin);
  insert.exec();
}

void SqliteHeads::reset() noexcept {
  from_.tryReset();
  newest_.tryReset();
}

}  // namespace jeton
