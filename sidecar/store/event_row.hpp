// An event to and from its row: one list of columns, taken from the event's own list of members.
#pragma once

#include <functional>
#include <string>

#include <SQLiteCpp/SQLiteCpp.h>

#include "jeton/event.hpp"

namespace jeton {

/// All columns of table `event`, comma-separated, in the order `bind_event` and `read_event` use.
[[nodiscard]] const std::string& event_columns();
/// INSERT of one event with all columns and its leaf hash as parameters.
[[nodiscard]] const std::string& insert_event_sql();

/// Binds the event as the row of `log_index`, whatever place it names itself. `term` gives the id of a shared text.
void bind_event(SQLite::Statement& insert, const Event& event, std::uint64_t log_index, const Sha256& leaf,
                const std::function<std::int64_t(const std::string&)>& term);

/// Reads the row a SELECT of `event_columns()` stands on. `text` gives the shared text of an id. Throws LogDamaged for
/// a value no event could have.
[[nodiscard]] Event read_event(SQLite::Statement& row, const std::function<const std::string&(std::int64_t)>& text);

}  // namespace jeton
