// A new ledger in memory is what the one at hand is held against.
#include "store/schema/altered.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <map>

#include <fmt/core.h>

#include "store/schema/schema.hpp"
#include "store/sqlite_open.hpp"

namespace jeton {
namespace {

/// By kind and name: the table it belongs to, and the words that made it.
using Objects = std::map<std::pair<std::string, std::string>, std::pair<std::string, std::string>>;

Objects objects_of(SQLite::Database& db) {
  Objects objects;
  SQLite::Statement select(db, "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema");
  while (select.executeStep())
    objects[{select.getColumn(0).getString(), select.getColumn(1).getString()}] = {select.getColumn(2).getString(),
                                                                                   select.getColumn(3).getString()};
  return objects;
}

/// Which rows of `event` an index is over, and how a row is found by it.
struct Index {
  const char* name;
  const char* rows;
  const char* key;
};
constexpr std::array<Index, 4> indexes{{{"event_of_txn", "txn IS NOT NULL", "i.txn = e.txn AND i.event = e.event"},
                                        {"event_spent", "event = 9", "i.jti IS e.jti AND i.event = 9"},
                                        {"event_of_control", "(event IN (14, 15, 17) OR (event = 10 AND jti IS NULL))",
                                         "(i.event IN (14, 15, 17) OR (i.event = 10 AND i.jti IS NULL))"},
                                        {"event_of_parent", "parent_txn IS NOT NULL", "i.parent_txn = e.parent_txn"}}};

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
std::vector<std::string> false_indexes(SQLite::Database& db) {
  std::vector<std::string> found;
  for (const auto& index : indexes) {
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
  SQLite::Database fresh(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  migrate(fresh, 0, schema_steps());
  const auto own = objects_of(fresh);
  auto all = own;
  const auto there = objects_of(db);
  all.insert(there.begin(), there.end());
  std::vector<std::string> altered;
  for (const auto& [key, made] : all) {
    const auto mine = own.find(key), found = there.find(key);
    if (mine != own.end() && found != there.end() && mine->second == found->second) continue;
    altered.push_back("the " + key.first + " " + key.second);
  }
  for (const auto& index : false_indexes(db))
    if (std::find(altered.begin(), altered.end(), index) == altered.end()) altered.push_back(index);
  return altered;
}

}  // namespace jeton
