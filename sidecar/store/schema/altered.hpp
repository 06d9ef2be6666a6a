// What stands in a ledger's schema otherwise than jetond makes it.
#pragma once

#include <string>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

namespace jeton {

/// Tables, indexes, views and triggers that are not jetond's own, differ from it or are missing, each as "the view
/// NAME", sorted by kind and name; then indexes whose entries are not those of their rows. Reads the whole file in one
/// read transaction. The schema is that of this version: for a ledger of another one everything differs.
[[nodiscard]] std::vector<std::string> altered_objects(SQLite::Database& db);

}  // namespace jeton
