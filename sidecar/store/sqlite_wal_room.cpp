// Through SQLite's own file, so that whatever stands in for the disk sees these writes as well.
#include "store/sqlite_wal_room.hpp"

#include <algorithm>
#include <array>

#include <sqlite3.h>

namespace jeton {
namespace {

int write_zeros(sqlite3_file* file, std::int64_t from, std::int64_t to) {
  static constexpr std::array<char, 64 * 1024> zeros{};
  for (auto at = from; at < to;) {
    const auto count = std::min<std::int64_t>(static_cast<std::int64_t>(zeros.size()), to - at);
    if (const int code = file->pMethods->xWrite(file, zeros.data(), static_cast<int>(count), at); code != SQLITE_OK)
      return code;
    at += count;
  }
  return SQLITE_OK;
}

}  // namespace

int make_wal_room(sqlite3* db, std::int64_t bytes) {
  sqlite3_file* wal = nullptr;
  if (const int code = sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal); code != SQLITE_OK)
    return code;
  if (wal == nullptr || wal->pMethods == nullptr) return SQLITE_OK;  // not opened yet
  sqlite3_int64 before = 0;
  if (const int code = wal->pMethods->xFileSize(wal, &before); code != SQLITE_OK) return code;
  const auto wanted = std::min<std::int64_t>({bytes, before + wal_room_bytes, wal_room_bytes_max});
  if (wanted <= before) return SQLITE_OK;
  if (const int code = write_zeros(wal, before, wanted); code != SQLITE_OK) {
    // On a full disk others need that room more.
    (void)wal->pMethods->xTruncate(wal, before);
    return code;
  }
  return wal->pMethods->xSync(wal, SQLITE_SYNC_NORMAL);
}

}  // namespace jeton
