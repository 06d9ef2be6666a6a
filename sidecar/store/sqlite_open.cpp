// Is this file a ledger of ours, and of a version we know?
#include "store/sqlite_open.hpp"

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "jeton/id.hpp"
#include "store/schema/schema.hpp"

namespace jeton {
namespace {

std::string new_uuid() {
  std::array<unsigned char, 16> b{};
  fill_random(b);
  b[6] = static_cast<unsigned char>((b[6] & 0x0F) | 0x40);
  b[8] = static_cast<unsigned char>((b[8] & 0x3F) | 0x80);
  const auto h = hex(b);
  return fmt::format("{}-{}-{}-{}-{}", h.substr(0, 8), h.substr(8, 4), h.substr(12, 4), h.substr(16, 4), h.substr(20));
}

void drop_views(SQLite::Database& db) {
  const auto views = schema_views();
  for (auto view = views.rbegin(); view != views.rend(); ++view) db.exec("DROP VIEW IF EXISTS " + view->name);
}

void make_views(SQLite::Database& db) {
  for (const auto& view : schema_views()) db.exec(view.sql);
}

bool has_view(SQLite::Database& db, const View& view) {
  SQLite::Statement kept(db, "SELECT sql FROM sqlite_schema WHERE type = 'view' AND name = ?");
  kept.bind(1, view.name);
  return kept.executeStep() && kept.getColumn(0).getString() == view.sql;
}

}  // namespace

Result<int> schema_version_of(SQLite::Database& db, bool allow_empty) {
  const int id = db.execAndGet("PRAGMA application_id").getInt();
  const int version = db.execAndGet("PRAGMA user_version").getInt();
  const bool empty = db.execAndGet("SELECT count(*) FROM sqlite_schema").getInt() == 0;
  if (empty && id == 0 && version == 0) {
    if (allow_empty) return 0;
    return refuse(Code::log_unavailable, fmt::format("{} holds no log yet; start jetond first", db.getFilename()));
  }
  // Name and version come with the first step: a file with one of them alone was not made by this program.
  if (id != schema_application_id || version < 1)
    return refuse(Code::log_unavailable, fmt::format("{} is not a jeton log; nothing was changed", db.getFilename()));
  const int newest = static_cast<int>(schema_steps().size());
  if (version > newest)
    return refuse(Code::log_unavailable,
                  fmt::format("{} has schema {}, this version knows up to {}; install the jeton that made it",
                              db.getFilename(), version, newest));
  return version;
}

void migrate(SQLite::Database& db, int from, std::span<const std::string_view> steps) {
  for (auto version = static_cast<std::size_t>(from); version < steps.size(); ++version) {
    SQLite::Transaction transaction(db, SQLite::TransactionBehavior::IMMEDIATE);
    // Before the step: a view over a column stands in the way of dropping it.
    drop_views(db);
    db.exec(std::string(steps[version]));
    make_views(db);
    if (version == 0) {
      SQLite::Statement name(db, "INSERT INTO meta (key, value) VALUES ('id', ?)");
      name.bind(1, new_uuid());
      name.exec();
      db.exec(fmt::format("PRAGMA application_id = {}", schema_application_id));
    }
    db.exec(fmt::format("PRAGMA user_version = {}", version + 1));
    transaction.commit();
  }
}

void renew_views(SQLite::Database& db) {
  const auto views = schema_views();
  if (std::all_of(views.begin(), views.end(), [&db](const View& view) { return has_view(db, view); })) return;
  SQLite::Transaction transaction(db, SQLite::TransactionBehavior::IMMEDIATE);
  drop_views(db);
  make_views(db);
  transaction.commit();
}

Result<std::unique_ptr<SQLite::Database>> open_to_read(const std::filesystem::path& file) {
  auto db = std::make_unique<SQLite::Database>(file.string(), SQLite::OPEN_READONLY, busy_timeout_ms);
  db->exec("PRAGMA trusted_schema = OFF");
  const auto version = schema_version_of(*db, false);
  if (!version) return refuse(version.error());
  if (*version < schema_readable_from)
    return refuse(Code::log_unavailable,
                  fmt::format("{} has schema {} of an older version; start jetond once to bring it up to date",
                              file.string(), *version));
  // A view in the place of a table could go on for ever, or say something else each time.
  const int tables = db->execAndGet(
      "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 AND "
      "name IN ('meta', 'term', 'event', 'tree', 'checkpoint', 'sealed', 'archived_tile', 'archived_call')");
  if (tables != 8)
    return refuse(Code::log_unavailable, fmt::format("{} has not the tables of a jeton log", file.string()));
  return db;
}

const std::string& Terms::text(std::int64_t id) {
  if (const auto known = texts_.find(id); known != texts_.end()) return known->second;
  // A hostile caller can make many words; what is cached stays bounded.
  if (texts_.size() > 16'384) texts_.clear();
  select_.reset();
  select_.bind(1, id);
  if (!select_.executeStep()) throw LogDamaged(fmt::format("term {} is missing", id));
  auto text = select_.getColumn(0).getString();
  select_.reset();
  return texts_.emplace(id, std::move(text)).first->second;
}

tl::unexpected<Error> log_unavailable(const std::string& doing, const SQLite::Exception& error) {
  return refuse(Code::log_unavailable,
                fmt::format("{}: {} (sqlite {})", doing, error.what(), error.getExtendedErrorCode()));
}

}  // namespace jeton
