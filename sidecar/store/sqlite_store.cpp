// The writer: appends, spends, and groups both into durable transactions.
#include "store/sqlite_store.hpp"

#include <unordered_map>

#include <fmt/core.h>
#include <sqlite3.h>

#include "store/event_row.hpp"
#include "store/schema/altered.hpp"
#include "store/schema/missing_leaves.hpp"
#include "store/schema/schema.hpp"
#include "store/sqlite_archive.hpp"
#include "store/sqlite_heads.hpp"
#include "store/sqlite_open.hpp"
#include "store/sqlite_quota.hpp"
#include "store/sqlite_tree.hpp"
#include "store/sqlite_wal_room.hpp"

namespace jeton {
namespace {

/// From its beginning, and let go however it ends: one left in the middle would keep its snapshot of the log.
struct Reading {
  explicit Reading(SQLite::Statement& read) : statement(read) { statement.reset(); }
  ~Reading() { statement.tryReset(); }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;
  SQLite::Statement& statement;
};

class SqliteStore final : public Store {
 public:
  SqliteStore(std::unique_ptr<SQLite::Database> db, Sync sync)
      : db_(std::move(db)),
        sync_(sync),
        begin_(*db_, "BEGIN IMMEDIATE"),
        commit_(*db_, "COMMIT"),
        savepoint_(*db_, "SAVEPOINT part"),
        release_(*db_, "RELEASE part"),
        insert_(*db_, insert_event_sql()),
        story_(*db_,
               "SELECT " + event_columns() + " FROM event WHERE txn = ? AND event BETWEEN 6 AND 11 ORDER BY log_index"),
        spent_(*db_, "SELECT " + event_columns() + " FROM event WHERE jti = ? AND event = 9"),
        controls_(*db_, fmt::format("SELECT {} FROM event WHERE {} ORDER BY log_index", event_columns(), control_rows)),
        insert_sealed_(*db_, "INSERT INTO sealed (log_index, bytes) VALUES (?, ?)"),
        insert_node_(*db_, "INSERT INTO tree (level, n, hash) VALUES (?, ?, ?)"),
        find_term_(*db_, "SELECT id FROM term WHERE text = ?"),
        add_term_(*db_, "INSERT INTO term (text) VALUES (?)"),
        terms_(*db_),
        tree_(*db_),
        heads_(*db_),
        archive_(*db_),
        quota_(*db_),
        id_(db_->execAndGet("SELECT value FROM meta WHERE key = 'id'").getString()) {
    grow_missing_leaves(*db_,
                        [this](unsigned level, std::uint64_t n, const Sha256& root) { keep_node(level, n, root); });
    durable_ = edge_ = tree_.edge_at(rows());
    (void)archive_.below();  // read once, and not where something has failed already
    if (const auto kept = heads_.newest(); archive_.is_gone_beyond(kept ? kept->head.size : 0))
      throw LogDamaged("rows are gone that no signed log.archived lets go");
    make_room(wal_room_bytes);
  }

  Result<void> transact(const std::function<void()>& work) override {
    try {
      run(begin_);
      quota_.begin();
      if (recount_due_) recount();
      work();
      in_doubt_ = edge_;
      run(commit_);
      durable_ = edge_;
      in_doubt_.reset();
      quota_.hold();
      return {};
    } catch (const SQLite::Exception& error) {
      note_failed_sync(error.getErrorCode());
      abandon();
      return log_unavailable("the log cannot be written, so nothing was granted; try again with the same id", error);
    } catch (const LogDamaged& error) {
      abandon();
      return refuse(Code::log_unavailable, fmt::format("the log is damaged: {}; see jeton log verify", error.what()));
    } catch (...) {
      abandon();
      throw;
    }
  }

  void isolate(const std::function<void()>& part) override {
    const auto before = edge_;
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
      edge_ = before;
      forget_what_was_read();
      throw;
    }
    run(release_);
  }

  std::uint64_t append(const Event& event) override {
    const auto log_index = edge_.size();
    const auto leaf = leaf_hash(event);
    const bool lifted = is_of_reserve(event.kind);
    if (lifted)
      quota_.lift();
    else
      quota_.ask();
    if (event.kind == EventKind::log_archived) archive_.change();
    bind_event(insert_, event, log_index, leaf, [this](const std::string& text) { return term(text); });
    run(insert_);
    edge_.append(leaf, [this](unsigned level, std::uint64_t n, const Sha256& root) { keep_node(level, n, root); });
    // What the reserve is not for gets none of it beside what it is for.
    if (lifted) quota_.hold();
    return log_index;
  }

  void keep_sealed(std::uint64_t log_index, std::string_view bytes) override {
    insert_sealed_.reset();
    insert_sealed_.bind(1, static_cast<std::int64_t>(log_index));
    insert_sealed_.bind(2, bytes.data(), static_cast<int>(bytes.size()));
    run(insert_sealed_);
    insert_sealed_.clearBindings();
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
    const Reading reading(story_);
    story_.bind(1, txn.text());
    while (story_.executeStep()) events.push_back(read(story_));
    if (!events.empty() && archive_.is_cut(txn)) events.clear();
    return events;
  }

  std::optional<Event> spent(const Jti& jti) const override {
    std::optional<Event> found;
    const Reading reading(spent_);
    spent_.bind(1, jti.text());
    if (spent_.executeStep()) found = read(spent_);
    return found;
  }

  std::vector<Event> controls() const override {
    std::vector<Event> events;
    const Reading reading(controls_);
    while (controls_.executeStep()) events.push_back(read(controls_));
    return events;
  }

  std::uint64_t size() const override { return edge_.size(); }
  TreeHead head() const override { return {edge_.size(), edge_.root()}; }

  Sha256 root_at(std::uint64_t size) const override { return tree_.edge_at(size).root(); }

  Result<void> keep(const SignedHead& head) override {
    try {
      // Whatever the durability, nothing is signed for in public that a power failure could take back: one synced
      // commit covers every one before it in the same file.
      if (sync_ == Sync::normal) {
        if (auto mended = mend_after_failed_sync(); !mended) return mended;
        db_->exec("PRAGMA synchronous = FULL");
      }
      auto kept = transact([&] {
        quota_.lift();
        heads_.insert(head);
      });
      if (sync_ == Sync::normal) db_->exec("PRAGMA synchronous = NORMAL");
      // Once a second here, and so not in the way of a mint.
      if (kept) fold_and_make_room();
      return kept;
    } catch (const SQLite::Exception& error) {
      return log_unavailable("a checkpoint cannot be kept", error);
    }
  }

  std::optional<SignedHead> newest_head() const override { return heads_.newest(); }
  std::uint64_t heads() const override { return heads_.count(); }

  std::uint64_t archived() const override { return archive_.below(); }
  bool is_cut(const Txn& txn) const override { return archive_.is_cut(txn); }
  std::uint64_t standing(std::uint64_t below) const override { return standing_in(*db_, below); }
  std::int64_t newest_us(std::uint64_t below) const override { return archive_.newest_us(below); }
  Result<std::size_t> move_archived(std::size_t tiles) override {
    std::size_t moved = 0;
    if (archive_.is_done()) return moved;
    auto done = transact([&] {
      // What says that rows go is signed for before they do.
      const auto kept = heads_.newest();
      if (!kept || archive_.said_at().value_or(UINT64_MAX) >= kept->head.size) return;
      quota_.lift();
      moved = archive_.move(tiles, tree_);
    });
    if (!done) return refuse(done.error());
    if (moved > 0) fold_and_make_room();
    return moved;
  }
  void limit(std::int64_t bytes) override { quota_.set(bytes); }
  std::int64_t room() const override { return quota_.room(); }

  std::string id() const override { return id_; }
  Result<std::string> origin(const std::string& proposed) override {
    try {
      if (auto kept = heads_.origin(); !kept.empty()) return kept;
      const auto named = transact([&] { heads_.name_origin(proposed); });
      if (!named) return refuse(named.error());
      return proposed;
    } catch (const SQLite::Exception& error) {
      return log_unavailable("the log's origin cannot be read", error);
    }
  }

 private:
  /// Folds the write-ahead log into the file, and syncs both. `frames`: how many it holds.
  int fold(int how, int* frames = nullptr) {
    return sqlite3_wal_checkpoint_v2(db_->getHandle(), nullptr, how, frames, nullptr);
  }
  /// Under readers that follow each other the log never begins anew, and every commit lengthens its file; so once it is
  /// long, they are waited for, and not for long: each reads a short page. The next second may write twice as much.
  void fold_and_make_room() {
    constexpr std::int64_t frame_bytes = 4096 + 24;
    constexpr int long_frames = wal_room_bytes / frame_bytes / 2, patience_ms = 25;
    int frames = 0;
    note_failed_sync(fold(SQLITE_CHECKPOINT_PASSIVE, &frames));
    if (frames > long_frames && !sync_failed_) {
      db_->setBusyTimeout(patience_ms);
      note_failed_sync(fold(SQLITE_CHECKPOINT_RESTART));
      db_->setBusyTimeout(busy_timeout_ms);
    }
    if (!sync_failed_) make_room(2 * frame_bytes * frames);
  }
  void make_room(std::int64_t bytes) { note_failed_sync(make_wal_room(db_->getHandle(), bytes)); }
  /// Where every commit is synced by itself, none that was confirmed can have been in it.
  void note_failed_sync(int code) noexcept {
    sync_failed_ = sync_failed_ || (sync_ == Sync::normal && (code & 0xFF) == SQLITE_IOERR);
  }

  /// Linux tells of a page it could not write once; the next sync takes it for written. So commits that were not synced
  /// by themselves are written again, into the file, and the write-ahead log begins anew.
  Result<void> mend_after_failed_sync() {
    if (!sync_failed_) return {};
    if (fold(SQLITE_CHECKPOINT_RESTART) != SQLITE_OK)
      return refuse(Code::log_unavailable, "a sync of the log failed and not all of it is written again yet");
    sync_failed_ = false;
    return {};
  }

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
    forget_what_was_read();
    edge_ = durable_;
    try {
      quota_.hold();
      recount();
    } catch (const std::exception&) {
      // Not readable, or not as it was left: the size from before stands, and the next transaction asks again.
      recount_due_ = true;
    }
  }

  /// A statement that failed in the middle is of no use to anybody before it is reset.
  void reset_statements() noexcept {
    for (auto* statement : {&begin_, &commit_, &savepoint_, &release_, &insert_, &story_, &spent_, &controls_,
                            &insert_sealed_, &insert_node_, &find_term_, &add_term_})
      statement->tryReset();
    tree_.reset();
    heads_.reset();
  }

  void forget_what_was_read() noexcept {
    term_ids_.clear();
    terms_.forget();
    archive_.forget();
  }

  std::uint64_t rows() const {
    return static_cast<std::uint64_t>(db_->execAndGet("SELECT coalesce(max(log_index) + 1, 0) FROM event").getInt64());
  }

  /// After a failure: is the log as it was before, or, when the disk failed in the middle of a sync, as that
  /// transaction left it? Anything else was written by somebody else, and nothing is added to such a log.
  void recount() {
    recount_due_ = true;
    const auto found = rows();
    if (found != durable_.size()) {
      if (!in_doubt_ || found != in_doubt_->size() || tree_.edge_at(found).root() != in_doubt_->root())
        throw LogDamaged(fmt::format("it has {} events where {} were written", found, durable_.size()));
      durable_ = edge_ = *in_doubt_;
    }
    in_doubt_.reset();
    recount_due_ = false;
  }

  void keep_node(unsigned level, std::uint64_t n, const Sha256& root) {
    if (level % SqliteTree::levels_a_row != 0) return;
    insert_node_.bind(1, static_cast<int>(level / SqliteTree::levels_a_row));
    insert_node_.bind(2, static_cast<std::int64_t>(n));
    insert_node_.bind(3, root.data(), static_cast<int>(root.size()));
    run(insert_node_);
  }

  std::unique_ptr<SQLite::Database> db_;
  Sync sync_;
  SQLite::Statement begin_, commit_, savepoint_, release_, insert_;
  mutable SQLite::Statement story_, spent_, controls_;
  SQLite::Statement insert_sealed_, insert_node_, find_term_, add_term_;
  mutable Terms terms_;
  mutable SqliteTree tree_;
  mutable SqliteHeads heads_;
  mutable SqliteArchive archive_;
  SqliteQuota quota_;
  std::unordered_map<std::string, std::int64_t> term_ids_;
  std::string id_;
  TreeEdge durable_;  ///< as of the last commit
  TreeEdge edge_;     ///< with what the transaction at hand appended
  std::optional<TreeEdge> in_doubt_ = std::nullopt;
  bool recount_due_ = false;
  bool sync_failed_ = false;  ///< since the file last held all there is
};

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite_store(const std::filesystem::path& file, Sync sync) {
  try {
    auto db = std::make_unique<SQLite::Database>(
        file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE | SQLite::OPEN_NOMUTEX, busy_timeout_ms);
    const auto version = schema_version_of(*db, true);
    if (!version) return refuse(version.error());
    // Before the first statement that a trigger could run beside.
    if (*version > 0)
      if (auto own = refuse_planted(*db, *version); !own) return refuse(own.error());
    db->exec("PRAGMA trusted_schema = OFF");
    db->exec("PRAGMA cell_size_check = ON");
    db->exec("PRAGMA journal_mode = WAL");
    db->exec(sync == Sync::full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
    db->exec("PRAGMA temp_store = MEMORY");
    db->exec("PRAGMA secure_delete = ON");  // what is let go is gone
    migrate(*db, *version, schema_steps());
    renew_views(*db);
    // A backstop: the log is folded into the file once a second, with the checkpoint.
    db->exec("PRAGMA wal_autocheckpoint = 16000");
    return std::make_unique<SqliteStore>(std::move(db), sync);
  } catch (const LogDamaged& error) {
    return refuse(Code::log_unavailable,
                  fmt::format("{} is damaged: {}; see jeton log verify", file.string(), error.what()));
  } catch (const SQLite::Exception& error) {
    return log_unavailable(fmt::format("cannot open {}", file.string()), error);
  }
}

}  // namespace jeton
