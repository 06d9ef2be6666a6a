// A connection to jeton.db: what writer and reader share before the first statement.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include <SQLiteCpp/SQLiteCpp.h>

#include "jeton/error.hpp"
#include "store/sqlite_store.hpp"

namespace jeton {

/// Milliseconds to wait for a lock that only a foreign program could hold; short, so a request still fails in time.
inline constexpr int busy_timeout_ms = 100;

/// Refuses a file that is not one of ours or of a newer schema. `allow_empty`: a new file is fine.
[[nodiscard]] Result<int> schema_version_of(SQLite::Database& db, bool allow_empty);

/// Brings the schema from version `from` up to as many steps as there are. One transaction a step: a step that fails
/// leaves the version before it.
void migrate(SQLite::Database& db, int from, std::span<const std::string_view> steps);

/// Makes the views anew unless they stand there as this version words them. Throws where a table has a view's name.
void renew_views(SQLite::Database& db);

/// Opens a ledger read-only, of this schema or of one back to `schema_readable_from`. Throws what SQLite throws for a
/// file it cannot read.
[[nodiscard]] Result<std::unique_ptr<SQLite::Database>> open_to_read(const std::filesystem::path& file);

/// The words rows share, read once each.
class Terms {
 public:
  explicit Terms(SQLite::Database& db) : select_(db, "SELECT text FROM term WHERE id = ?") {}
  /// Throws LogDamaged for an id without a text.
  [[nodiscard]] const std::string& text(std::int64_t id);
  void forget() noexcept {
    select_.tryReset();
    texts_.clear();
  }

 private:
  SQLite::Statement select_;
  std::unordered_map<std::int64_t, std::string> texts_;
};

[[nodiscard]] tl::unexpected<Error> log_unavailable(const std::string& doing, const SQLite::Exception& error);

}  // namespace jeton
