// The writer: appends, spends, and groups both into durable transactions.
#include "store/sqlite_store.hpp"

#include <unordered_map>

#include <fmt/core.h>
#include <sqlite3.h>

#include "jeton/id.hpp"
#include "store/event_row.hpp"
#include "store/schema/schema.hpp"
#include "store/sqlite_open.hpp"

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

}  // namespace

void migrate(SQLite::Database& db, int from, std::span<const std::string_view> steps) {
  for (auto version = static_cast<std::size_t>(from); version < steps.size(); ++version) {
    SQLite::Transaction transaction(db, SQLite::TransactionBehavior::IMMEDIATE);
    // Before the step: a view over a column stands in the way of dropping it.
    db.exec("DROP VIEW IF EXISTS events");
    db.exec(std::string(steps[version]));
    db.exec(events_view());
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

namespace {

class SqliteStore final : public Store {
 public:
  explicit SqliteStore(std::unique_ptr<SQLite::Database> db)
      : db_(std::move(db)),
        begin_(*db_, "BEGIN IMMEDIATE"),
        commit_(*db_, "COMMIT"),
        savepoint_(*db_, "SAVEPOINT part"),
        release_(*db_, "RELEASE part"),
        insert_(*db_, insert_event_sql()),
        story_(*db_, "SELECT " + event_columns() +
                         " FROM event WHERE txn = ? AND event IN (6, 7, 8, 9, 10, 11) ORDER BY log_index"),
        spent_(*db_, "SELECT " + event_columns() + " FROM event WHERE jti = ? AND event = 9"),
        find_term_(*db_, "SELECT id FROM term WHERE text = ?"),
        add_term_(*db_, "INSERT INTO term (text) VALUES (?)"),
        terms_(*db_),
        id_(db_->execAndGet("SELECT value FROM meta WHERE key = 'id'").getString()) {
    recount();
  }

  Result<void> transact(const std::function<void()>& work) override {
    try {
      run(begin_);
      if (recount_due_) recount();
      work();
      run(commit_);
      return {};
    } catch (const SQLite::Exception& error) {
      abandon();
      return log_unavailable("the log cannot be written, so nothing was granted; try again with the same id", error);
    } catch (const LogDamaged& error) {
      abandon();
      return refuse(Code::log_unavailable, fmt::format("the log is damaged: {}; see jeton log show", error.what()));
    } catch (...) {
      abandon();
      throw;
    }
  }

  void isolate(const std::function<void()>& part) override {
    const auto size_before = size_;
    run(savepoint_);
    try {
      part();
    } catch (...) {
      reset_statements();
      // After a full disk SQLite has already ended the whole transaction; then there is no part to take back.
      if (sqlite3_get_autocommit(db_->getHandle()) == 0) {
        db_->exec("ROLLBACK TO part");
        db_->exec("RELEASE part");
      }
      size_ = size_before;
      forget_terms();
      throw;
    }
    run(release_);
  }

  std::uint64_t append(const Event& event) override {
    Event placed = event;
    placed.log_index = size_;
    bind_event(insert_, placed, [this](const std::string& text) { return term(text); });
    run(insert_);
    return size_++;
  }

  std::optional<std::uint64_t> redeem(const VerifiedToken& token, Event event) override {
    if (spent(token.claims().jti)) return std::nullopt;
    event.kind = EventKind::token_redeemed;
    event.txn = token.claims().txn;
    event.jti = token.claims().jti;
    event.token_sha256 = token.sha256();
    return append(event);
  }

  std::vector<Event> story(const Txn& txn) const override {
    std::vector<Event> events;
    story_.reset();
    story_.bind(1, txn.text());
    while (story_.executeStep()) events.push_back(read(story_));
    story_.reset();
    return events;
  }

  std::optional<Event> spent(const Jti& jti) const override {
    std::optional<Event> found;
    spent_.reset();
    spent_.bind(1, jti.text());
    if (spent_.executeStep()) found = read(spent_);
    spent_.reset();
    return found;
  }

  std::uint64_t size() const override { return size_; }
  std::string id() const override { return id_; }

 private:
  static void run(SQLite::Statement& statement) {
    statement.reset();
    statement.exec();
    statement.reset();
  }

  Event read(SQLite::Statement& row) const {
    return read_event(row, [this](std::int64_t id) -> const std::string& { return terms_.text(id); });
  }

  std::int64_t term(const std::string& text) {
    if (const auto known = term_ids_.find(text); known != term_ids_.end()) return known->second;
    if (term_ids_.size() > 16'384) term_ids_.clear();
    find_term_.reset();
    find_term_.bind(1, text);
    std::int64_t id = 0;
    if (find_term_.executeStep()) {
      id = find_term_.getColumn(0).getInt64();
    } else {
      add_term_.reset();
      add_term_.bind(1, text);
      run(add_term_);
      id = db_->getLastInsertRowid();
    }
    find_term_.reset();
    term_ids_.emplace(text, id);
    return id;
  }

  /// Nothing of the transaction is kept, not in memory either. Never throws: it runs where something already failed.
  void abandon() noexcept {
    reset_statements();
    if (sqlite3_get_autocommit(db_->getHandle()) == 0) db_->tryExec("ROLLBACK");
    forget_terms();
    try {
      recount();
    } catch (const SQLite::Exception&) {
      // Still not readable: the size from before stands, and the next transaction fails or counts anew.
      recount_due_ = true;
    }
  }

  /// A statement that failed in the middle is of no use to anybody before it is reset.
  void reset_statements() noexcept {
    for (auto* statement :
         {&begin_, &commit_, &savepoint_, &release_, &insert_, &story_, &spent_, &find_term_, &add_term_})
      statement->tryReset();
  }

  void forget_terms() noexcept {
    term_ids_.clear();
    terms_.forget();
  }

  void recount() {
    size_ = static_cast<std::uint64_t>(db_->execAndGet("SELECT coalesce(max(log_index) + 1, 0) FROM event").getInt64());
    recount_due_ = false;
  }

  std::unique_ptr<SQLite::Database> db_;
  SQLite::Statement begin_, commit_, savepoint_, release_, insert_;
  mutable SQLite::Statement story_, spent_;
  SQLite::Statement find_term_, add_term_;
  mutable Terms terms_;
  std::unordered_map<std::string, std::int64_t> term_ids_;
  std::string id_;
  std::uint64_t size_ = 0;
  bool recount_due_ = false;
};

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite_store(const std::filesystem::path& file, Sync sync) {
  try {
    auto db = std::make_unique<SQLite::Database>(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE,
                                                 busy_timeout_ms);
    const auto version = schema_version_of(*db, true);
    if (!version) return refuse(version.error());
    db->exec("PRAGMA trusted_schema = OFF");
    db->exec("PRAGMA cell_size_check = ON");
    db->exec("PRAGMA journal_mode = WAL");
    db->exec(sync == Sync::full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
    db->exec("PRAGMA temp_store = MEMORY");
    migrate(*db, *version, schema_steps());
    return std::make_unique<SqliteStore>(std::move(db));
  } catch (const SQLite::Exception& error) {
    return log_unavailable(fmt::format("cannot open {}", file.string()), error);
  }
}

}  // namespace jeton
