// The replay store in a file: one row a spent token, one transaction a burn, shared by processes.
#include <chrono>
#include <mutex>
#include <optional>
#include <thread>

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/core.h>
#include <sqlite3.h>
#include <unistd.h>

#include "jeton/clock.hpp"
#include "jeton/replay_store.hpp"
#include "offline/replay_file.hpp"

namespace jeton {
namespace {

constexpr int application_id = 0x4A455452;  // JETR
constexpr int schema_version = 1;
/// Others burn for a few milliseconds each; what waits longer than this fails, and asks again with the same id.
constexpr int busy_timeout_ms = 200;
/// While the file is new, those who open it at the same moment meet one another's locks.
constexpr int tries_to_open = 20;
constexpr std::chrono::milliseconds between_tries{10};

// `horizon` is the latest exp ever forgotten. It stands in the transaction that forgets.
constexpr const char* schema = R"(
  CREATE TABLE burned (
    jti BLOB PRIMARY KEY CHECK (length(jti) = 16),
    exp INTEGER NOT NULL,
    token_sha256 BLOB NOT NULL CHECK (length(token_sha256) = 32),
    redemption BLOB NOT NULL CHECK (length(redemption) = 16),
    redeemed_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX burned_exp ON burned (exp);
  CREATE TABLE horizon (one INTEGER PRIMARY KEY CHECK (one = 1), exp INTEGER NOT NULL) STRICT;
  INSERT INTO horizon VALUES (1, -1);
)";

tl::unexpected<Error> unavailable(const std::filesystem::path& file, const std::string& what) {
  return refuse(Code::log_unavailable, fmt::format("the replay store {}: {}", file.string(), what));
}

tl::unexpected<Error> unavailable(const std::filesystem::path& file, const SQLite::Exception& error) {
  return unavailable(file, fmt::format("{} (sqlite {}); ask again with the same redemption_id", error.what(),
                                       error.getExtendedErrorCode()));
}

template <std::size_t N>
void bind(SQLite::Statement& statement, int index, const std::array<unsigned char, N>& bytes) {
  statement.bind(index, bytes.data(), static_cast<int>(N));
}

template <std::size_t N>
bool is(const SQLite::Column& column, const std::array<unsigned char, N>& bytes) {
  return column.getBytes() == static_cast<int>(N) &&
         equal_in_constant_time({static_cast<const unsigned char*>(column.getBlob()), N}, bytes);
}

class SqliteReplayStore final : public ReplayStore {
 public:
  SqliteReplayStore(std::filesystem::path file, const FileIdentity& identity, std::unique_ptr<SQLite::Database> db)
      : file_(std::move(file)),
        identity_(identity),
        db_(std::move(db)),
        find_(*db_, "SELECT token_sha256, redemption, redeemed_at FROM burned WHERE jti = ?"),
        horizon_(*db_, "SELECT exp FROM horizon WHERE one = 1"),
        insert_(*db_, "INSERT INTO burned (jti, exp, token_sha256, redemption, redeemed_at) VALUES (?, ?, ?, ?, ?)"),
        over_(*db_, "SELECT max(exp) FROM (SELECT exp FROM burned WHERE exp <= ? ORDER BY exp LIMIT 64)") {}

  Result<Burn> burn(const VerifiedToken& token, const RedemptionKey& redemption, std::int64_t wall_us) override {
    const std::lock_guard lock(mutex_);
    if (opener_ != ::getpid()) return unavailable(file_, "it was opened before a fork; open it in the child");
    if (identity_of(file_) != identity_)
      return unavailable(file_, "the file was replaced or removed; stop every replica, then start them again");
    try {
      reset();
      SQLite::Transaction transaction(*db_, SQLite::TransactionBehavior::IMMEDIATE);
      auto burned = burn_in_transaction(token, redemption, wall_us);
      reset();
      if (burned && !burned->repeated) transaction.commit();
      return burned;
    } catch (const SQLite::Exception& error) {
      return unavailable(file_, error);
    }
  }

 private:
  Result<Burn> burn_in_transaction(const VerifiedToken& token, const RedemptionKey& redemption, std::int64_t wall_us) {
    const auto& claims = token.claims();
    const auto now_s = wall_us / us_per_s;
    bind(find_, 1, claims.jti.bytes);
    if (find_.executeStep()) {
      const auto redeemed_at = find_.getColumn(2).getInt64();
      const bool same = is(find_.getColumn(0), token.sha256()) && is(find_.getColumn(1), redemption.bytes);
      if (same && now_s < claims.exp + repeat_window_s) return Burn{redeemed_at, true};
      return refuse(Code::already_redeemed, fmt::format("already redeemed at {}, at this server", redeemed_at));
    }
    if (!horizon_.executeStep()) throw SQLite::Exception("the horizon is missing", SQLITE_CORRUPT);
    if (claims.exp <= horizon_.getColumn(0).getInt64())
      return refuse(Code::expired, "the token is as old as what was forgotten already; see whether the clock was set");
    if (auto in_time = token.in_time(wall_us); !in_time) return refuse(in_time.error());
    forget(now_s - token_skew_s - repeat_window_s);
    insert(token, redemption, now_s);
    return Burn{now_s, false};
  }

  void insert(const VerifiedToken& token, const RedemptionKey& redemption, std::int64_t now_s) {
    bind(insert_, 1, token.claims().jti.bytes);
    insert_.bind(2, token.claims().exp);
    bind(insert_, 3, token.sha256());
    bind(insert_, 4, redemption.bytes);
    insert_.bind(5, now_s);
    insert_.exec();
  }

  /// A few of the oldest each time, so that no burn pays for a long pause.
  void forget(std::int64_t no_later_than) {
    over_.bind(1, no_later_than);
    if (!over_.executeStep() || over_.getColumn(0).isNull()) return;
    const auto last = over_.getColumn(0).getInt64();
    over_.reset();
    db_->exec(fmt::format("UPDATE horizon SET exp = max(exp, {})", last));
    db_->exec(fmt::format("DELETE FROM burned WHERE exp <= {}", last));
  }

  /// A statement that stands in the middle keeps its transaction open.
  void reset() noexcept {
    for (auto* statement : {&find_, &horizon_, &insert_, &over_}) statement->tryReset();
  }

  const std::filesystem::path file_;
  const FileIdentity identity_;
  const pid_t opener_ = ::getpid();
  std::mutex mutex_;
  std::unique_ptr<SQLite::Database> db_;
  SQLite::Statement find_, horizon_, insert_, over_;
};

bool is_empty(SQLite::Database& db) {
  return db.execAndGet("PRAGMA application_id").getInt() == 0 && db.execAndGet("PRAGMA user_version").getInt() == 0 &&
         db.execAndGet("SELECT count(*) FROM sqlite_schema").getInt() == 0;
}

/// Makes the schema of a new file; refuses a file that is another's, and leaves it as it is.
Result<void> settle_schema(SQLite::Database& db, const std::filesystem::path& file) {
  if (!is_empty(db) && db.execAndGet("PRAGMA application_id").getInt() != application_id)
    return refuse(Code::bad_request, fmt::format("{} is not a replay store; nothing was changed", file.string()));
  if (const int version = db.execAndGet("PRAGMA user_version").getInt(); version > schema_version)
    return refuse(Code::bad_request, fmt::format("{} has schema {}, this version knows up to {}; install the newer one",
                                                 file.string(), version, schema_version));
  if (const auto mode = db.execAndGet("PRAGMA journal_mode = WAL").getString(); mode != "wal")
    return unavailable(file, "its file system cannot share it between processes; put it on a local disk");
  if (!is_empty(db)) return {};
  SQLite::Transaction transaction(db, SQLite::TransactionBehavior::IMMEDIATE);
  if (is_empty(db)) {  // still: others may have opened it at the same moment
    db.exec(schema);
    db.exec(fmt::format("PRAGMA application_id = {}", application_id));
    db.exec(fmt::format("PRAGMA user_version = {}", schema_version));
  }
  transaction.commit();
  return {};
}

Result<std::unique_ptr<ReplayStore>> open_once(const std::filesystem::path& file) {
  const auto identity = own_replay_file(file);
  if (!identity) return refuse(identity.error());
  auto db = std::make_unique<SQLite::Database>(file.string(), SQLite::OPEN_READWRITE, busy_timeout_ms);
  db->exec("PRAGMA trusted_schema = OFF");
  db->exec("PRAGMA cell_size_check = ON");
  if (auto settled = settle_schema(*db, file); !settled) return refuse(settled.error());
  db->exec("PRAGMA synchronous = FULL");
  if (const auto found = db->execAndGet("PRAGMA quick_check(1)").getString(); found != "ok")
    return unavailable(file, "it is damaged; stop every replica, wait 130 s, move it away and start them again");
  return std::make_unique<SqliteReplayStore>(file, *identity, std::move(db));
}

}  // namespace

Result<std::unique_ptr<ReplayStore>> open_sqlite_replay_store(const std::filesystem::path& file) {
  // One at a time: the descriptor that makes the file must be closed before SQLite has locks on it.
  static std::mutex opening;
  const std::lock_guard lock(opening);
  for (int left = tries_to_open;; --left) {
    try {
      return open_once(file);
    } catch (const SQLite::Exception& error) {
      if (error.getErrorCode() != SQLITE_BUSY || left == 0) return unavailable(file, error);
    }
    std::this_thread::sleep_for(between_tries);
  }
}

}  // namespace jeton
