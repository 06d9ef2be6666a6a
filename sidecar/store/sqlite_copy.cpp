// Page by page into a ledger of the same schema: rows never change behind the reader, and where archived ones go their
// hashes stay.
#include "store/sqlite_copy.hpp"

#include <algorithm>
#include <memory>
#include <system_error>

#include <fmt/core.h>
#include <sqlite3.h>

#include "store/schema/schema.hpp"
#include "store/sqlite_archive.hpp"
#include "store/sqlite_open.hpp"
#include "store/whole_file.hpp"
#include "store/write_back.hpp"

namespace jeton {
namespace {

// Small pages are read, since the writer's log cannot begin anew under a reader; more of them make one commit.
constexpr std::int64_t page_rows = 128;
constexpr int pages_a_commit = 32;

using Statement = std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)>;

Statement prepare(SQLite::Database& db, const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  if (const int code = sqlite3_prepare_v2(db.getHandle(), sql.c_str(), -1, &statement, nullptr); code != SQLITE_OK)
    throw SQLite::Exception(db.getHandle(), code);
  return {statement, sqlite3_finalize};
}

/// Rows of one table as they are, from a connection to another.
class TableCopy {
 public:
  TableCopy(SQLite::Database& from, SQLite::Database& to, const std::string& table, const std::string& where)
      : from_(from), to_(to), select_(prepare(from, fmt::format("SELECT * FROM {} WHERE {}", table, where))) {
    std::string values = "?";
    for (int i = 1; i < columns(); ++i) values += ", ?";
    insert_ = prepare(to, fmt::format("INSERT INTO {} VALUES ({})", table, values));
  }

  /// The rows of one page; ?1 and ?2 in `where` are its bounds.
  void copy(std::int64_t from, std::int64_t to) {
    sqlite3_bind_int64(select_.get(), 1, from);
    sqlite3_bind_int64(select_.get(), 2, to);
    int code = SQLITE_ROW;
    while ((code = sqlite3_step(select_.get())) == SQLITE_ROW) insert_row();
    sqlite3_reset(select_.get());
    if (code != SQLITE_DONE) throw SQLite::Exception(from_.getHandle(), code);
  }

 private:
  [[nodiscard]] int columns() const { return sqlite3_column_count(select_.get()); }
  void insert_row() {
    for (int i = 0; i < columns(); ++i)
      sqlite3_bind_value(insert_.get(), i + 1, sqlite3_column_value(select_.get(), i));
    const int code = sqlite3_step(insert_.get());
    sqlite3_reset(insert_.get());
    if (code != SQLITE_DONE) throw SQLite::Exception(to_.getHandle(), code);
  }

  SQLite::Database& from_;
  SQLite::Database& to_;
  Statement select_;
  Statement insert_{nullptr, sqlite3_finalize};
};

using Progress = std::function<void(std::uint64_t next)>;

void copy_pages(SQLite::Database& from, SQLite::Database& to, const std::string& table, const std::string& column,
                std::int64_t end, const Progress& progress = {}) {
  TableCopy rows(from, to, table, fmt::format("{0} >= ?1 AND {0} < ?2", column));
  for (std::int64_t next = 0; next < end;) {
    SQLite::Transaction transaction(to);
    for (int page = 0; page < pages_a_commit && next < end; ++page, next += page_rows)
      rows.copy(next, std::min(next + page_rows, end));
    transaction.commit();
    if (progress) progress(static_cast<std::uint64_t>(std::min(next, end)));
  }
}

void copy_all(SQLite::Database& from, SQLite::Database& to, std::int64_t size, WithArguments arguments,
              const Progress& progress) {
  to.exec("DELETE FROM meta");
  TableCopy(from, to, "meta", "TRUE").copy(0, 0);
  // Terms first, by id: an event names only terms that stood there before it.
  copy_pages(from, to, "term", "id", from.execAndGet("SELECT coalesce(max(id), 0) FROM term").getInt64() + 1);
  copy_pages(from, to, "event", "log_index", size, progress);
  if (arguments == WithArguments::yes) copy_pages(from, to, "sealed", "log_index", size);
  // Only nodes whose last leaf is among the copied ones: what is above them is not part of this tree.
  SQLite::Transaction transaction(to);
  TableCopy(from, to, "tree", fmt::format("((n + 1) << (8 * level)) <= {}", size)).copy(0, 0);
  TableCopy(from, to, "checkpoint", fmt::format("size <= {}", size)).copy(0, 0);
  // Last: what was let go while the rows were read is then told by its hashes.
  TableCopy(from, to, "archived_tile", fmt::format("((n + 1) * 256) <= {}", size)).copy(0, 0);
  TableCopy(from, to, "archived_call", "TRUE").copy(0, 0);
  transaction.commit();
}

}  // namespace

Result<void> copy_ledger(const std::filesystem::path& from, const std::filesystem::path& to, std::uint64_t size,
                         WithArguments arguments, const std::function<void(std::uint64_t next)>& progress) {
  if (std::filesystem::exists(to))
    return refuse(Code::bad_request, fmt::format("{} is there already; name a new file", to.string()));
  // Until it is whole it has another name: half a copy is never taken for one.
  const auto part = to.string() + ".part";
  std::error_code ignored;
  try {
    std::filesystem::remove(part);
    bool archived_meanwhile = false;
    {
      SQLite::Database source(from.string(), SQLite::OPEN_READONLY, busy_timeout_ms);
      source.exec("PRAGMA trusted_schema = OFF");
      SQLite::Database copy(part, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, busy_timeout_ms);
      migrate(copy, 0, schema_steps());
      // A copy that was broken off is thrown away, so there is nothing to roll back.
      copy.exec("PRAGMA journal_mode = OFF");
      copy.exec("PRAGMA synchronous = OFF");
      copy_all(source, copy, static_cast<std::int64_t>(size), arguments, progress);
      archived_meanwhile = SqliteArchive(source).is_gone_beyond(size);
    }
    if (archived_meanwhile) {
      std::filesystem::remove(part);
      return refuse(Code::overloaded, "the log is being archived, and rows went while they were copied; try again");
    }
    write_back_gently(part);
    std::filesystem::rename(part, to);
    return sync_directory(to.parent_path());
  } catch (const SQLite::Exception& error) {
    std::filesystem::remove(part, ignored);
    return log_unavailable(fmt::format("cannot copy the log to {}", to.string()), error);
  } catch (const std::system_error& error) {
    std::filesystem::remove(part, ignored);
    return refuse(Code::log_unavailable,
                  fmt::format("cannot copy the log to {}: {}", to.string(), error.code().message()));
  }
}

}  // namespace jeton
