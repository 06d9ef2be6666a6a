// A new ledger in memory is what the one at hand is held against.
#include "store/schema/altered.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>

#include <fmt/core.h>

#include "store/schema/schema.hpp"
#include "store/sqlite_open.hpp"

namespace jeton {
namespace {

/// A row of the schema. Two of one name are two: whoever writes the schema by hand can hide one behind the other.
struct Object {
  std::string type, name, table, sql;
  auto operator<=>(const Object&) const = default;
};
using Objects = std::vector<Object>;

/// In order of type, name and the rest.
Objects objects_of(SQLite::Database& db) {
  Objects objects;
  SQLite::Statement select(db, "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema");
  while (select.executeStep())
    objects.push_back({select.getColumn(0).getString(), select.getColumn(1).getString(),
                       select.getColumn(2).getString(), select.getColumn(3).getString()});
  std::sort(objects.begin(), objects.end());
  return objects;
}

/// What stands in one of them and not in the other.
Objects differing(const Objects& ours, const Objects& theirs) {
  Objects objects;
  std::set_symmetric_difference(ours.begin(), ours.end(), theirs.begin(), theirs.end(), std::back_inserter(objects));
  return objects;
}

std::string named(const Object& object) { return "the " + object.type + " " + object.name; }

SQLite::Database in_memory() { return {":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE}; }

/// One that is made anew when it is not as this version words it. By its words it is a view and nothing else: SQLite
/// goes by them, not by its type.
bool is_own_view(const Object& object) {
  const auto views = schema_views();
  return object.type == "view" && object.table == object.name && object.sql.starts_with("CREATE VIEW ") &&
         std::any_of(views.begin(), views.end(), [&](const View& view) { return view.name == object.name; });
}

/// Names are whoever's who wrote them: nothing in them acts in a terminal.
std::string in_one_line(std::string text) {
  constexpr std::size_t max_shown = 80;
  text.resize(std::min(text.size(), max_shown));
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

/// What to type where dropping is all there is to do. No name becomes part of a command unless it is a plain one.
std::string way_out(const Objects& ours, const Object& planted, const std::string& file) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
  constexpr std::array droppable{"table", "index", "view", "trigger"};
  const bool is_plain = !planted.name.empty() && planted.name.find_first_not_of(plain) == std::string::npos;
  const bool is_known = std::find(droppable.begin(), droppable.end(), planted.type) != droppable.end();
  const auto is_namesake = [&](const Object& own) { return own.name == planted.name; };
  if (!is_plain || !is_known || std::any_of(ours.begin(), ours.end(), is_namesake)) return "";
  return fmt::format(", or, if it is yours, type  sqlite3 {} 'DROP {} {}'", file, planted.type, planted.name);
}

/// Which rows of `event` an index is over, and how a row is found by it.
struct Index {
  const char* name;
  const char* rows;
  const char* key;
  int until = std::numeric_limits<int>::max();  ///< the last schema that has it so
};
constexpr std::array<Index, 6> indexes{
    {{"event_of_txn", "txn IS NOT NULL", "i.txn = e.txn AND i.event = e.event"},
     {"event_spent", "event = 9", "i.jti IS e.jti AND i.event = 9"},
     {"event_of_control", "(event IN (14, 15, 17) OR (event = 10 AND jti IS NULL))",
      "(i.event IN (14, 15, 17) OR (i.event = 10 AND i.jti IS NULL))", 6},
     {"event_of_control", control_rows.data(),
      "(i.event = 14 OR i.event = 15 OR i.event = 17 OR (i.event = 10 AND i.jti IS NULL))"},
     {"event_of_parent", "parent_txn IS NOT NULL", "i.parent_txn = e.parent_txn"},
     {"event_of_archive", "event = 18", "i.event = 18"}}};

/// Those of a schema: of two under one name, the first that is not over.
std::vector<Index> indexes_of(int version) {
  std::vector<Index> found;
  for (const auto& index : indexes) {
    const bool there = !found.empty() && std::string_view(found.back().name) == index.name;
    if (version <= index.until && !there) found.push_back(index);
  }
  return found;
}

/// As many entries as rows, and one for each row: then there is none of another. Short pages, since the writer's log
/// cannot begin anew under a reader.
bool is_true(SQLite::Database& db, const Index& index) {
  SQLite::Statement counts(db, fmt::format("SELECT (SELECT count(*) FROM event INDEXED BY {0} WHERE {1}), "
                                           "(SELECT count(*) FROM event NOT INDEXED WHERE {1})",
                                           index.name, index.rows));
  if (!counts.executeStep() || counts.getColumn(0).getInt64() != counts.getColumn(1).getInt64()) return false;
  counts.reset();
  SQLite::Statement page(
      db,
      "SELECT max(log_index) FROM (SELECT log_index FROM event WHERE log_index >= ? ORDER BY log_index LIMIT 4096)");
  SQLite::Statement without(
      db, fmt::format("SELECT count(*) FROM (SELECT * FROM event NOT INDEXED WHERE log_index BETWEEN ?1 AND ?2 AND {}) "
                      "e WHERE NOT EXISTS (SELECT 1 FROM event i INDEXED BY {} WHERE {} AND i.log_index = e.log_index)",
                      index.rows, index.name, index.key));
  for (auto from = std::numeric_limits<std::int64_t>::min();;) {
    page.bind(1, from);
    if (!page.executeStep() || page.getColumn(0).isNull()) return true;
    const auto last = page.getColumn(0).getInt64();
    page.reset();
    without.bind(1, from);
    without.bind(2, last);
    if (!without.executeStep() || without.getColumn(0).getInt64() != 0) return false;
    without.reset();
    if (last == std::numeric_limits<std::int64_t>::max()) return true;
    from = last + 1;
  }
}

/// Indexes of the right words over other rows: whoever asks by one misses some, or gets those of others.
std::vector<std::string> false_indexes(SQLite::Database& db, int version) {
  std::vector<std::string> found;
  for (const auto& index : indexes_of(version)) {
    bool holds = false;
    try {
      holds = is_true(db, index);
    } catch (const SQLite::Exception&) {
      // It cannot be asked: is not there, or not readable.
    }
    if (!holds) found.push_back(std::string("the index ") + index.name);
  }
  return found;
}

}  // namespace

std::vector<std::string> altered_objects(SQLite::Database& db) {
  const auto version_now = [&db] { return db.execAndGet("PRAGMA user_version").getInt(); };
  // jetond may bring the file up to date while it is looked at. Whoever does that again and again is told what is
  // found.
  std::vector<std::string> altered;
  for (int time = 0; time < 3; ++time) {
    altered.clear();
    db.exec("SAVEPOINT looking");
    const int said = version_now();
    const auto there = objects_of(db);
    db.exec("RELEASE looking");
    // Whoever can write the file can say so of it: what is no version of ours differs from all of them.
    const int version = std::clamp(said, schema_readable_from, static_cast<int>(schema_steps().size()));
    auto fresh = in_memory();
    migrate(fresh, 0, schema_steps().first(static_cast<std::size_t>(version)));
    for (const auto& object : differing(objects_of(fresh), there)) altered.push_back(named(object));
    altered.erase(std::unique(altered.begin(), altered.end()), altered.end());
    for (const auto& index : false_indexes(db, version))
      if (std::find(altered.begin(), altered.end(), index) == altered.end()) altered.push_back(index);
    if (version_now() == said) break;
  }
  return altered;
}

Result<void> refuse_planted(SQLite::Database& db, int version) {
  auto fresh = in_memory();
  for (const auto step : schema_steps().first(static_cast<std::size_t>(version))) fresh.exec(std::string(step));
  const auto ours = objects_of(fresh);
  auto there = objects_of(db);
  std::erase_if(there, is_own_view);
  const auto planted = differing(ours, there);
  if (planted.empty()) return {};
  return refuse(
      Code::log_unavailable,
      fmt::format("{}: {} is not as jetond makes it, so another program wrote here, and nothing more is written. "
                  "Find out who; jeton log verify names what else was changed; put back a copy that verifies{}",
                  db.getFilename(), in_one_line(named(planted.front())),
                  way_out(ours, planted.front(), db.getFilename())));
}

}  // namespace jeton
