// Numbers to names in groups of three digits, and hashes in the order of their nodes.
#include "log/tiles.hpp"

#include <algorithm>
#include <charconv>
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

std::optional<std::uint64_t> number(std::string_view digits) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return error == std::errc() && end == digits.data() + digits.size() ? std::optional(value) : std::nullopt;
}

/// Reads what `file_of` writes, and some other spellings of it.
std::optional<Tile> tile_in(unsigned level, std::string_view file) {
  constexpr std::uint64_t n_max = std::uint64_t{1} << 56;
  Tile tile{level};
  if (const auto partial = file.find(".p/"); partial != file.npos) {
    const auto width = number(file.substr(partial + 3));
    if (!width || *width == 0 || *width >= tile_width) return std::nullopt;
    tile.width = static_cast<unsigned>(*width);
    file = file.substr(0, partial);
  }
  for (bool more = true; more;) {
    const auto slash = file.find('/');
    more = slash != file.npos;
    const auto group = number(file.substr(more ? 1 : 0, more ? slash - 1 : file.npos));
    if (!group || (more && file.front() != 'x') || tile.n > n_max / 1000) return std::nullopt;
    tile.n = tile.n * 1000 + *group;
    if (more) file.remove_prefix(slash + 1);
  }
  return tile;
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

std::optional<Tile> tile_named(std::string_view path) {
  constexpr std::string_view before = "tile/";
  if (!path.starts_with(before)) return std::nullopt;
  const auto file = path.substr(before.size());
  const auto slash = file.find('/');
  const auto level = number(file.substr(0, slash));
  if (slash == file.npos || !level || *level >= 64 / tile_height) return std::nullopt;
  const auto tile = tile_in(static_cast<unsigned>(*level), file.substr(slash + 1));
  return tile && path_of(*tile) == path ? tile : std::nullopt;
}

std::optional<Tile> bundle_named(std::string_view path) {
  constexpr std::string_view before = "tile/entries/";
  if (!path.starts_with(before)) return std::nullopt;
  const auto tile = tile_in(0, path.substr(before.size()));
  return tile && bundle_path_of(*tile) == path ? tile : std::nullopt;
}

bool is_within(const Tile& tile, std::uint64_t size) {
  const auto nodes = size >> (tile.level * tile_height);
  return tile.n <= nodes / tile_width && tile.n * tile_width + tile.width <= nodes;
}

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
