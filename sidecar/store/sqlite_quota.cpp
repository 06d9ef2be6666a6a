// One pragma, and what is free inside the file counts as room.
#include "store/sqlite_quota.hpp"

#include <algorithm>
#include <limits>
#include <string>

#include <sqlite3.h>

namespace jeton {
namespace {

constexpr std::int64_t lifted_bytes = 4 << 20;
constexpr std::int64_t pages_max = 4294967294;  // SQLite's own

std::int64_t number(SQLite::Database& db, const char* pragma) { return db.execAndGet(pragma).getInt64(); }

}  // namespace

bool is_of_reserve(EventKind kind) {
  switch (kind) {
    case EventKind::log_archived:
    case EventKind::token_revoked:
    case EventKind::agent_disabled:
    case EventKind::agent_enabled:
    case EventKind::sidecar_started:
    case EventKind::sidecar_stopped:
    case EventKind::config_loaded:
    case EventKind::config_rejected:
    case EventKind::key_rotated:
    case EventKind::log_recovered: return true;
    default: return false;
  }
}

void SqliteQuota::allow(std::int64_t pages) {
  (void)db_.execAndGet("PRAGMA max_page_count = " + std::to_string(std::clamp<std::int64_t>(pages, 1, pages_max)));
}

void SqliteQuota::set(std::int64_t bytes) {
  bytes_ = bytes;
  lifted_ = true;
  hold();
}

void SqliteQuota::ask() {
  if (bytes_ == 0 || asked_) return;
  if (room() == 0) throw SQLite::Exception("the log is at its quota", SQLITE_FULL);
  asked_ = true;
}

void SqliteQuota::lift() {
  asked_ = false;
  if (bytes_ == 0 || lifted_) return;
  lifted_ = true;
  allow((bytes_ + lifted_bytes) / number(db_, "PRAGMA page_size"));
}

void SqliteQuota::hold() {
  if (!lifted_) return;
  lifted_ = false;
  allow(bytes_ == 0 ? pages_max : bytes_ / number(db_, "PRAGMA page_size"));
}

std::int64_t SqliteQuota::room() const noexcept try {
  if (bytes_ == 0) return std::numeric_limits<std::int64_t>::max();
  const auto page = number(db_, "PRAGMA page_size");
  const auto longer = std::max<std::int64_t>(bytes_ - number(db_, "PRAGMA page_count") * page, 0);
  return longer + number(db_, "PRAGMA freelist_count") * page;
} catch (const std::exception&) {
  return 0;  // what cannot even be asked takes nothing in
}

}  // namespace jeton
