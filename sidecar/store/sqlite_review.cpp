// A reviewer's questions as SQL. The views are this program's own, made anew beside the file and never in it.
#include <algorithm>

#include "store/schema/schema.hpp"
#include "store/schema/words.hpp"
#include "store/sqlite_open.hpp"
#include "store/sqlite_store.hpp"

namespace jeton {
namespace {

// As the view `calls` a call is told by the event that opens it. A count that only an edited log has is cut to size.
constexpr std::string_view tallies_form = R"sql(
WITH told (what, time_us, code, agent, uid, server, tool, count) AS (
  SELECT 0, e.time_us, NULL, e.agent, NULL, e.server, e.tool, 1 FROM event e
  WHERE (e.event = {opened} OR (e.event = {minted} AND e.attempt = 1)) AND e.txn IS NOT NULL AND e.log_index =
    (SELECT min(t.log_index) FROM event t WHERE t.txn = e.txn AND t.event BETWEEN {opened} AND {outcome})
  UNION ALL
  SELECT CASE e.event WHEN {minted} THEN 1 WHEN {redeemed} THEN 2 WHEN {outcome} THEN 3 ELSE 4 END, e.time_us, e.code,
    coalesce(e.agent, CASE WHEN e.event = {refused} THEN (SELECT o.agent FROM event o WHERE o.log_index = coalesce(
      (SELECT min(t.log_index) FROM event t WHERE t.txn = e.txn AND t.event = {opened}),
      (SELECT min(t.log_index) FROM event t WHERE t.txn = e.txn AND t.event = {minted}))) END) AS agent,
    CASE WHEN e.event IN ({refused}, {suppressed}) THEN e.uid END, e.server, e.tool,
    CASE WHEN e.event = {suppressed} THEN min(max(coalesce(e.count, 0), 0), 1000000000) ELSE 1 END
  FROM event e
  WHERE e.event IN ({minted}, {redeemed}, {refused}, {suppressed})
    OR (e.event = {outcome} AND e.role = {server} AND e.server IS NOT NULL AND e.cites IS NULL))
SELECT what, time_us / 3600000000 AS hour, {code}, (SELECT text FROM term WHERE id = agent),
  CASE WHEN agent IS NULL THEN uid END AS whose, (SELECT text FROM term WHERE id = server),
  (SELECT text FROM term WHERE id = tool), sum(count)
FROM told WHERE time_us >= ?1 AND time_us < ?2 GROUP BY what, hour, code, agent, whose, server, tool)sql";

std::string tallies_sql() {
  return Sql()
      .with("opened", EventKind::call_opened)
      .with("minted", EventKind::token_minted)
      .with("redeemed", EventKind::token_redeemed)
      .with("outcome", EventKind::call_outcome)
      .with("refused", EventKind::request_refused)
      .with("suppressed", EventKind::refusals_suppressed)
      .with("server", Role::server)
      .with("code", code_case("code"))
      .text(tallies_form);
}

std::optional<std::string> text_of(const SQLite::Column& column) {
  return column.isNull() ? std::nullopt : std::optional(column.getString());
}
std::optional<std::int64_t> number_of(const SQLite::Column& column) {
  return column.isNull() ? std::nullopt : std::optional(column.getInt64());
}

/// A table that somebody took the types from can hold a time that no count of microseconds is.
std::int64_t hour_of(const SQLite::Column& column) {
  constexpr std::int64_t us_per_hour = 3'600'000'000;
  return std::clamp(column.getInt64(), INT64_MIN / us_per_hour, INT64_MAX / us_per_hour);
}

class SqliteReview final : public Review {
 public:
  explicit SqliteReview(std::unique_ptr<SQLite::Database> db) : db_(std::move(db)) {
    db_->exec("PRAGMA temp_store = MEMORY");
    for (const auto& view : schema_views()) db_->exec("CREATE TEMP" + view.sql.substr(std::string("CREATE").size()));
  }

  void alerts(const Window& window, const std::function<void(const Finding&)>& see) const override {
    SQLite::Statement rows(*db_,
                           "SELECT kind, log_index, time_us, txn, jti, agent, uid, server, tool, code, count "
                           "FROM temp.alerts WHERE time_us >= ?1 AND time_us < ?2");
    bind(rows, window);
    while (rows.executeStep())
      see({rows.getColumn(0).getString(), rows.getColumn(1).getInt64(), rows.getColumn(2).getInt64(),
           text_of(rows.getColumn(3)), text_of(rows.getColumn(4)), text_of(rows.getColumn(5)),
           number_of(rows.getColumn(6)), text_of(rows.getColumn(7)), text_of(rows.getColumn(8)),
           text_of(rows.getColumn(9)), rows.getColumn(10).getInt64()});
  }

  void tallies(const Window& window, const std::function<void(const Tally&)>& see) const override {
    SQLite::Statement rows(*db_, tallies_sql());
    bind(rows, window);
    while (rows.executeStep())
      see({static_cast<Tally::What>(rows.getColumn(0).getInt()), hour_of(rows.getColumn(1)), text_of(rows.getColumn(2)),
           text_of(rows.getColumn(3)), number_of(rows.getColumn(4)), text_of(rows.getColumn(5)),
           text_of(rows.getColumn(6)), rows.getColumn(7).getInt64()});
  }

 private:
  static void bind(SQLite::Statement& rows, const Window& window) {
    rows.bind(1, window.since_us);
    rows.bind(2, window.until_us);
  }

  std::unique_ptr<SQLite::Database> db_;
};

}  // namespace

Result<std::unique_ptr<Review>> open_sqlite_review(const std::filesystem::path& file) {
  try {
    auto db = open_to_read(file);
    if (!db) return refuse(db.error());
    return std::make_unique<SqliteReview>(std::move(*db));
  } catch (const SQLite::Exception& error) {
    return log_unavailable("cannot read " + file.string(), error);
  }
}

}  // namespace jeton
