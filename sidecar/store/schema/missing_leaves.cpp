// One pass over all rows, in the transaction that says it is done.
#include "store/schema/missing_leaves.hpp"

#include <fmt/core.h>

#include "store/event_row.hpp"
#include "store/sqlite_open.hpp"

namespace jeton {
namespace {

/// Nobody vouches for what stood in a row before it had a leaf.
Sha256 leaf_of_row(const Event& event) {
  try {
    return leaf_hash(event);
  } catch (const std::logic_error&) {
    throw LogDamaged(fmt::format("event {} has a text or a number that no event can have", event.log_index));
  }
}

}  // namespace

void grow_missing_leaves(SQLite::Database& db, const TreeEdge::Finished& finished) {
  if (!db.execAndGet("SELECT EXISTS (SELECT 1 FROM meta WHERE key = 'leaves_due')").getInt()) return;
  SQLite::Transaction transaction(db, SQLite::TransactionBehavior::IMMEDIATE);
  SQLite::Statement all(db, "SELECT " + event_columns() + " FROM event ORDER BY log_index");
  SQLite::Statement set(db, "UPDATE event SET leaf = ? WHERE log_index = ?");
  Terms terms(db);
  TreeEdge edge;
  while (all.executeStep()) {
    const auto event = read_event(all, [&terms](std::int64_t id) -> const std::string& { return terms.text(id); });
    const auto leaf = leaf_of_row(event);
    set.bind(1, leaf.data(), static_cast<int>(leaf.size()));
    set.bind(2, static_cast<std::int64_t>(event.log_index));
    set.exec();
    set.reset();
    edge.append(leaf, finished);
  }
  all.reset();
  db.exec("DELETE FROM meta WHERE key = 'leaves_due'");
  transaction.commit();
}

}  // namespace jeton
