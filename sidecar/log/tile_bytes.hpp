// What is in a tile or a bundle of a log, held against the hashes that stand above it.
#pragma once

#include <string>

#include "log/tiles.hpp"
#include "store/store.hpp"

namespace jeton {

/// The hashes of the tile. `is_within` the log. Throws LogDamaged where they do not lead to the hash above them.
[[nodiscard]] std::string hashes_in(const LogReader& log, const Tile& tile);
/// The leaves it is about, as a bundle of entries. The tile is of level 0. Throws LogDamaged where one is not the leaf
/// that was hashed.
[[nodiscard]] std::string bundle_in(const LogReader& log, const Tile& tile);

}  // namespace jeton
