// Numbers to names in groups of three digits, and hashes in the order of their nodes.
#include "log/tiles.hpp"

#include <algorithm>
#include <stdexcept>

#include <fmt/core.h>

namespace jeton {
namespace {

/// Groups of three digits, all but the last behind an x: so no folder has more than a thousand files.
std::string grouped(std::uint64_t n) {
  auto text = fmt::format("{:03}", n % 1000);
  for (n /= 1000; n > 0; n /= 1000) text = fmt::format("x{:03}/", n % 1000) + text;
  return text;
}

std::string file_of(const Tile& tile) {
  return grouped(tile.n) + (tile.is_full() ? "" : fmt::format(".p/{}", tile.width));
}

}  // namespace

void each_tile(std::uint64_t size, const std::function<void(const Tile&)>& see) {
  for (unsigned level = 0; level * tile_height < 64; ++level) {
    const auto nodes = size >> (level * tile_height);
    if (nodes == 0) return;
    for (std::uint64_t n = 0; n < nodes / tile_width; ++n) see({level, n, tile_width});
    if (const auto rest = static_cast<unsigned>(nodes % tile_width); rest > 0) see({level, nodes / tile_width, rest});
  }
}

std::string path_of(const Tile& tile) { return fmt::format("tile/{}/{}", tile.level, file_of(tile)); }

std::string bundle_path_of(const Tile& tile) { return "tile/entries/" + file_of(tile); }

std::string hashes_of(const Tile& tile, const Subtree& subtree) {
  std::string bytes;
  bytes.reserve(tile.width * sizeof(Sha256));
  for (unsigned i = 0; i < tile.width; ++i) {
    const auto hash = subtree(tile.level * tile_height, tile.n * tile_width + i);
    bytes.append(hash.begin(), hash.end());
  }
  return bytes;
}

Sha256 root_of_full(std::string_view hashes) {
  if (hashes.size() != tile_width * sizeof(Sha256)) throw std::invalid_argument("a full tile has 256 hashes");
  TreeEdge edge;
  for (std::size_t at = 0; at < hashes.size(); at += sizeof(Sha256)) {
    Sha256 hash;
    std::copy_n(hashes.begin() + static_cast<std::ptrdiff_t>(at), hash.size(), hash.begin());
    edge.append(hash);
  }
  return edge.root();
}

void add_entry(std::string& bundle, std::string_view leaf) {
  if (leaf.size() > 0xFFFF) throw std::invalid_argument("an entry is below 65,536 bytes");
  bundle += static_cast<char>(leaf.size() >> 8);
  bundle += static_cast<char>(leaf.size() & 0xFF);
  bundle += leaf;
}

}  // namespace jeton
