// What stands in a ledger's schema otherwise than jetond makes it.
#pragma once

#include <string>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

#include "jeton/error.hpp"

namespace jeton {

/// Tables, indexes, views and triggers that are not jetond's own, differ from it or are missing, each as "the view
/// NAME", sorted by kind and name; then indexes whose entries are not those of their rows. Reads
/// everything, in short pages. It is held against the schema that it says it has, which is one that readers take.
[[nodiscard]] std::vector<std::string> altered_objects(SQLite::Database& db);

/// log_unavailable with a sentence that names the first table, index or trigger of a ledger of schema `version` that is
/// not as the steps up to there make it, too many or missing, or a view that is none of jetond's own; those it makes
/// anew anyway. Reads the schema alone; nothing that stands in it is run.
[[nodiscard]] Result<void> refuse_planted(SQLite::Database& db, int version);

}  // namespace jeton
