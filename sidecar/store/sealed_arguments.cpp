// A few rows a transaction, with a pause behind each: a mint that waits for the lock waits for one of them at most.
#include "store/sealed_arguments.hpp"

#include <cerrno>
#include <chrono>
#include <functional>
#include <system_error>
#include <thread>
#include <vector>

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/schema/altered.hpp"
#include "store/schema/schema.hpp"
#include "store/sqlite_open.hpp"

namespace jeton {
namespace {

constexpr int patience_ms = 10'000;
constexpr int rows_a_transaction = 16;
constexpr std::chrono::milliseconds pause{10};

Result<void> check_owner(const std::filesystem::path& file) {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0)
    return refuse(Code::log_unavailable,
                  fmt::format("{}: {}", file.string(), std::error_code(errno, std::generic_category()).message()));
  if (::geteuid() == 0 || ::geteuid() == info.st_uid) return {};
  return refuse(Code::wrong_role,
                "only the account of the state directory and root delete recorded arguments; run it as that account");
}

/// The next of `sealed` behind an index that the condition, with its one value at ?2, holds for.
using Bind = std::function<void(SQLite::Statement&)>;

std::vector<std::int64_t> next_rows(SQLite::Statement& select, std::int64_t behind, const Bind& bind) {
  std::vector<std::int64_t> rows;
  select.reset();
  select.bind(1, behind);
  bind(select);
  while (select.executeStep()) rows.push_back(select.getColumn(0).getInt64());
  select.reset();
  return rows;
}

std::uint64_t delete_rows(SQLite::Database& db, const std::vector<std::int64_t>& rows) {
  SQLite::Transaction transaction(db, SQLite::TransactionBehavior::IMMEDIATE);
  SQLite::Statement drop(db, "DELETE FROM sealed WHERE log_index = ?");
  std::uint64_t deleted = 0;
  for (const auto row : rows) {
    drop.reset();
    drop.bind(1, row);
    deleted += static_cast<std::uint64_t>(drop.exec());
  }
  transaction.commit();
  return deleted;
}

Result<std::uint64_t> delete_where(const std::filesystem::path& file, const char* condition, const Bind& bind) {
  if (auto owner = check_owner(file); !owner) return refuse(owner.error());
  try {
    // Read-only first: it refuses what is no log of this schema, and leaves it as it is.
    if (auto log = open_to_read(file); !log) return refuse(log.error());
    SQLite::Database db(file.string(), SQLite::OPEN_READWRITE, patience_ms);
    const auto version = schema_version_of(db, false);
    if (!version) return refuse(version.error());
    if (auto own = refuse_planted(db, *version); !own) return refuse(own.error());
    db.exec("PRAGMA trusted_schema = OFF");
    db.exec("PRAGMA secure_delete = ON");
    db.exec("PRAGMA synchronous = FULL");
    SQLite::Statement select(db, fmt::format("SELECT s.log_index FROM sealed s JOIN event e ON e.log_index = "
                                             "s.log_index WHERE s.log_index > ?1 AND {} ORDER BY s.log_index LIMIT {}",
                                             condition, rows_a_transaction));
    std::uint64_t deleted = 0;
    for (auto rows = next_rows(select, -1, bind); !rows.empty(); rows = next_rows(select, rows.back(), bind)) {
      deleted += delete_rows(db, rows);
      std::this_thread::sleep_for(pause);
    }
    return deleted;
  } catch (const SQLite::Exception& error) {
    return log_unavailable("recorded arguments cannot be deleted", error);
  }
}

}  // namespace

Result<std::uint64_t> delete_sealed(const std::filesystem::path& file, const Txn& txn) {
  const auto text = txn.text();
  return delete_where(file, "e.txn = ?2", [&text](SQLite::Statement& select) { select.bind(2, text); });
}

Result<std::uint64_t> delete_sealed_before(const std::filesystem::path& file, std::int64_t time_us) {
  return delete_where(file, "e.time_us < ?2", [time_us](SQLite::Statement& select) { select.bind(2, time_us); });
}

}  // namespace jeton
