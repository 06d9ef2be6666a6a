// Leaves for a log from before there were any.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include "jeton/merkle.hpp"

namespace jeton {

/// Gives every row its leaf, once, all or none; `finished` is told each complete subtree, inside the transaction.
/// Throws LogDamaged for a row that no event can be.
void grow_missing_leaves(SQLite::Database& db, const TreeEdge::Finished& finished);

}  // namespace jeton
