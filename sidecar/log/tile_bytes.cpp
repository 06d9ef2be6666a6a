// Nothing leaves that would not lead to the root.
#include "log/tile_bytes.hpp"

#include <fmt/core.h>

#include "jeton/event.hpp"

namespace jeton {

std::string hashes_in(const LogReader& log, const Tile& tile) {
  auto bytes = hashes_of(tile, [&log](unsigned level, std::uint64_t n) { return log.subtree(level, n); });
  if (tile.is_full() && root_of_full(bytes) != log.subtree((tile.level + 1) * tile_height, tile.n))
    throw LogDamaged(path_of(tile) + " does not lead to the hash above it");
  return bytes;
}

std::string bundle_in(const LogReader& log, const Tile& tile) {
  std::string bundle;
  auto next = tile.n * tile_width;
  for (const auto& event : log.read(next, tile.width)) {
    const auto leaf = leaf_bytes(event);
    if (event.log_index != next || hash_of_leaf(leaf) != log.subtree(0, next))
      throw LogDamaged(fmt::format("event {} was edited or deleted", next));
    add_entry(bundle, leaf);
    ++next;
  }
  if (next != tile.n * tile_width + tile.width) throw LogDamaged(fmt::format("event {} is missing", next));
  return bundle;
}

}  // namespace jeton
