// Room in the write-ahead log made before it is needed: a commit that lengthens a file waits twice as long.
#pragma once

#include <cstdint>

struct sqlite3;

namespace jeton {

/// The first bytes of room: some four hundred calls between two folds.
inline constexpr std::int64_t wal_room_bytes = 4 * 1024 * 1024;
/// What is written beyond this between two folds lengthens the file as it comes.
inline constexpr std::int64_t wal_room_bytes_max = 64 * 1024 * 1024;

/// Lengthens the write-ahead log with zeros, which SQLite takes for the end of it, to `bytes` or to `wal_room_bytes`
/// more than it has, whichever is less. The zeros are synced: a later sync then has no length to make durable. Takes
/// back what it added when there is no room for it. Returns what SQLite's file system said; nothing is lost by a
/// failure, but a sync that failed concerns every earlier write as well.
[[nodiscard]] int make_wal_room(sqlite3* db, std::int64_t bytes);

}  // namespace jeton
