// The arithmetic of c2sp.org/tlog-tiles: which tiles a tree of some size has, how they are named, and what is in one.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "jeton/merkle.hpp"

namespace jeton {

/// Levels of the tree in a tile, and how many hashes, or entries of a bundle, a full one holds.
inline constexpr unsigned tile_height = 8;
inline constexpr unsigned tile_width = 1U << tile_height;

/// One file of hashes: those of the nodes [n * 256, n * 256 + width) on level `level * 8` of the tree; level 0 holds
/// leaf hashes. One of fewer than 256 is partial: it is the last of its level, and a larger tree has another.
struct Tile {
  unsigned level = 0;
  std::uint64_t n = 0;
  unsigned width = tile_width;

  [[nodiscard]] bool is_full() const { return width == tile_width; }
  /// The leaf after the last one it is about.
  [[nodiscard]] std::uint64_t end() const { return (n * tile_width + width) << (tile_height * level); }

  bool operator==(const Tile&) const = default;
};

/// Every tile of the tree over `size` leaves, each once: level by level from the leaves, left to right. No tile is
/// empty. The bundles of entries are those of level 0.
void each_tile(std::uint64_t size, const std::function<void(const Tile&)>& see);

/// "tile/0/x001/234", with ".p/17" where it is partial.
[[nodiscard]] std::string path_of(const Tile& tile);
/// The same for the leaves themselves: "tile/entries/x001/234". `tile` is of level 0.
[[nodiscard]] std::string bundle_path_of(const Tile& tile);

/// The tile of this name, and the one whose bundle has it; nothing for what neither function above writes.
[[nodiscard]] std::optional<Tile> tile_named(std::string_view path);
[[nodiscard]] std::optional<Tile> bundle_named(std::string_view path);

/// Whether a tree over `size` leaves has all that the tile holds.
[[nodiscard]] bool is_within(const Tile& tile, std::uint64_t size);

/// The bytes of the file: `width` hashes of 32 bytes. What `subtree` throws passes through.
[[nodiscard]] std::string hashes_of(const Tile& tile, const Subtree& subtree);
/// The root over the hashes of a full tile: the hash that stands for it one level of tiles up.
[[nodiscard]] Sha256 root_of_full(std::string_view hashes);

/// Adds an entry to a bundle: two bytes of length, the larger first, then the leaf. `leaf` is below 65,536 bytes.
void add_entry(std::string& bundle, std::string_view leaf);

}  // namespace jeton
