// The readers' connection: read-only, short transactions, never a checkpoint.
#include <algorithm>

#include <fmt/core.h>

#include "store/event_row.hpp"
#include "store/schema/altered.hpp"
#include "store/sqlite_archive.hpp"
#include "store/sqlite_heads.hpp"
#include "store/sqlite_open.hpp"
#include "store/sqlite_tree.hpp"

namespace jeton {
namespace {

class SqliteReader final : public LogReader {
 public:
  explicit SqliteReader(std::unique_ptr<SQLite::Database> db)
      : db_(std::move(db)),
        page_(*db_, "SELECT " + event_columns() + " FROM event WHERE log_index >= ? ORDER BY log_index LIMIT ?"),
        rows_(*db_, "SELECT " + event_columns() + ", leaf FROM event WHERE log_index >= ? ORDER BY log_index LIMIT ?"),
        of_txn_(*db_, "SELECT " + event_columns() + " FROM event WHERE txn = ? ORDER BY log_index LIMIT ?"),
        // A call begins with call.opened, or with the first token.minted where it was opened with a server.
        openings_(
            *db_,
            "SELECT log_index, txn FROM event e WHERE log_index < ? AND (event = 6 OR (event = 7 AND attempt = 1 AND "
            "NOT EXISTS (SELECT 1 FROM event o WHERE o.txn = e.txn AND o.event = 6))) "
            "ORDER BY log_index DESC LIMIT ?"),
        children_(*db_,
                  "SELECT min(log_index), txn FROM event WHERE parent_txn = ? AND event IN (6, 7) AND txn IS NOT NULL "
                  "GROUP BY txn ORDER BY 1 LIMIT ?"),
        sealed_(*db_, "SELECT bytes FROM sealed WHERE log_index = ?"),
        terms_(*db_),
        tree_(*db_),
        heads_(*db_) {}

  std::vector<Event> read(std::uint64_t from, std::size_t limit) const override {
    if (from > INT64_MAX) return {};  // no row is behind the last index; as a number of SQLite it would be the first
    page_.reset();
    page_.bind(1, static_cast<std::int64_t>(from));
    page_.bind(2, static_cast<std::int64_t>(limit));
    return rows(page_);
  }

  std::vector<Event> everything_of(const Txn& txn, std::size_t limit) const override {
    of_txn_.reset();
    of_txn_.bind(1, txn.text());
    of_txn_.bind(2, static_cast<std::int64_t>(limit));
    return rows(of_txn_);
  }

  std::vector<Opening> openings(std::uint64_t before, std::size_t limit) const override {
    openings_.reset();
    openings_.bind(1, static_cast<std::int64_t>(std::min<std::uint64_t>(before, INT64_MAX)));
    openings_.bind(2, static_cast<std::int64_t>(limit));
    return openings_in(openings_);
  }

  std::vector<Opening> children(const Txn& parent, std::size_t limit) const override {
    children_.reset();
    children_.bind(1, parent.text());
    children_.bind(2, static_cast<std::int64_t>(limit));
    return openings_in(children_);
  }

  std::uint64_t size() const override {
    return static_cast<std::uint64_t>(db_->execAndGet("SELECT coalesce(max(log_index) + 1, 0) FROM event").getInt64());
  }

  Archive archive() const override { return archive_in(*db_); }
  bool is_cut(const Txn& txn) const override { return SqliteArchive(*db_).is_cut(txn); }

  std::uint64_t gaps() const override {
    const SQLite::Transaction at_once(*db_);  // a daemon may let rows go between two looks
    const auto first = static_cast<std::int64_t>(archive().first);
    SQLite::Statement rows(*db_,
                           "SELECT max(coalesce(max(log_index) + 1, 0) - ?1, 0) - count(*) FROM event "
                           "WHERE log_index >= ?1");
    rows.bind(1, first);
    return rows.executeStep() ? static_cast<std::uint64_t>(rows.getColumn(0).getInt64()) : 0;
  }

  std::uint64_t strays() const override {
    return static_cast<std::uint64_t>(db_->execAndGet("SELECT count(*) FROM event WHERE log_index < 0").getInt64());
  }

  std::vector<std::string> altered() const override { return altered_objects(*db_); }

  std::size_t visit(std::uint64_t from, std::size_t limit, const std::function<void(const Row&)>& see) const override {
    if (from > INT64_MAX) return 0;
    rows_.reset();
    rows_.bind(1, static_cast<std::int64_t>(from));
    rows_.bind(2, static_cast<std::int64_t>(limit));
    std::size_t seen = 0;
    for (; rows_.executeStep(); ++seen) see_row(see);
    rows_.reset();
    return seen;
  }

  Sha256 subtree(unsigned level, std::uint64_t n) const override { return tree_.subtree(level, n); }
  std::vector<SignedHead> heads(std::uint64_t from_size, std::size_t limit) const override {
    return heads_.from(from_size, limit);
  }
  std::optional<SignedHead> newest_head() const override { return heads_.newest(); }
  std::optional<std::string> sealed(std::uint64_t log_index) const override {
    if (log_index > INT64_MAX) return std::nullopt;
    std::optional<std::string> bytes;
    sealed_.reset();
    sealed_.bind(1, static_cast<std::int64_t>(log_index));
    if (sealed_.executeStep()) bytes = sealed_.getColumn(0).getString();
    sealed_.reset();
    return bytes;
  }
  std::string origin() const override { return heads_.origin(); }

 private:
  void see_row(const std::function<void(const Row&)>& see) const {
    const auto index = static_cast<std::uint64_t>(rows_.getColumn(0).getInt64());
    std::optional<Event> event;
    std::string trouble;
    try {
      event = read_event(rows_, [this](std::int64_t id) -> const std::string& { return terms_.text(id); });
    } catch (const LogDamaged& error) {
      trouble = error.what();
    }
    see({index, event ? &*event : nullptr, stored_leaf(rows_), trouble});
  }

  static std::vector<Opening> openings_in(SQLite::Statement& rows) {
    std::vector<Opening> found;
    while (rows.executeStep()) {
      const auto txn = Txn::parse(rows.getColumn(1).getString());
      if (!txn) throw LogDamaged("a call has an impossible txn");
      found.push_back({*txn, static_cast<std::uint64_t>(rows.getColumn(0).getInt64())});
    }
    rows.reset();
    return found;
  }

  static std::optional<Sha256> stored_leaf(SQLite::Statement& row) {
    const auto column = row.getColumn(row.getColumnCount() - 1);
    Sha256 leaf;
    if (column.getBytes() != static_cast<int>(leaf.size())) return std::nullopt;
    std::copy_n(static_cast<const unsigned char*>(column.getBlob()), leaf.size(), leaf.begin());
    return leaf;
  }

  std::vector<Event> rows(SQLite::Statement& statement) const {
    std::vector<Event> events;
    while (statement.executeStep())
      events.push_back(
          read_event(statement, [this](std::int64_t id) -> const std::string& { return terms_.text(id); }));
    statement.reset();
    return events;
  }

  std::unique_ptr<SQLite::Database> db_;
  mutable SQLite::Statement page_, rows_, of_txn_, openings_, children_, sealed_;
  mutable Terms terms_;
  mutable SqliteTree tree_;
  mutable SqliteHeads heads_;
};

}  // namespace

Result<std::unique_ptr<LogReader>> open_sqlite_reader(const std::filesystem::path& file) {
  try {
    auto db = open_to_read(file);
    if (!db) return refuse(db.error());
    return std::make_unique<SqliteReader>(std::move(*db));
  } catch (const SQLite::Exception& error) {
    return log_unavailable(fmt::format("cannot read {}", file.string()), error);
  }
}

}  // namespace jeton
