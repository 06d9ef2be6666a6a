// A new ledger in memory is what the one at hand is held against.
#include "store/schema/altered.hpp"

#include <map>

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
  return altered;
}

}  // namespace jeton
