// A new ledger in memory is what the one at hand is held against.
#include "store/schema/altered.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

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

/// An index of the right words over other rows: whoever asks by it misses some, or gets some twice.
std::set<std::string> false_indexes(SQLite::Database& db) {
  std::set<std::string> found;
  try {
    SQLite::Statement check(db, "PRAGMA integrity_check");
    while (check.executeStep()) {
      constexpr std::string_view before_name = " index ";
      const auto message = check.getColumn(0).getString();
      if (const auto at = message.rfind(before_name); at != message.npos)
        found.insert("the index " + message.substr(at + before_name.size()));
      else if (message.find("out of order") != message.npos)
        found.insert("the order of rows");
    }
  } catch (const SQLite::Exception&) {
    // A page that cannot be read is found, and told, by whoever reads the rows.
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
