// Which tiles a tree has, what they are called, and what is in them: c2sp.org/tlog-tiles.
#include "log/tiles.hpp"

#include <map>
#include <set>

#include "support/catch.hpp"

namespace {

using jeton::bundle_path_of;
using jeton::hashes_of;
using jeton::path_of;
using jeton::Sha256;
using jeton::Tile;

std::vector<Tile> tiles_of(std::uint64_t size) {
  std::vector<Tile> tiles;
  jeton::each_tile(size, [&tiles](const Tile& tile) { tiles.push_back(tile); });
  return tiles;
}

Sha256 node_of(unsigned level, std::uint64_t n) {
  return level == 0 ? jeton::sha256(std::to_string(n))
                    : jeton::node_hash(node_of(level - 1, 2 * n), node_of(level - 1, 2 * n + 1));
}

}  // namespace

TEST_CASE("c2sp.org tlog-tiles: a tile is named by its level and its number in groups of three digits") {
  CHECK(path_of({0, 0, 256}) == "tile/0/000");
  CHECK(path_of({0, 67, 17}) == "tile/0/067.p/17");
  CHECK(path_of({1, 999, 256}) == "tile/1/999");
  CHECK(path_of({0, 1000, 256}) == "tile/0/x001/000");
  CHECK(path_of({2, 1234067, 256}) == "tile/2/x001/x234/067");
  CHECK(path_of({2, 1234067, 255}) == "tile/2/x001/x234/067.p/255");
  CHECK(bundle_path_of({0, 1234, 3}) == "tile/entries/x001/234.p/3");
}

TEST_CASE("a tree of seventy thousand leaves has the tiles that the specification counts") {
  CHECK(tiles_of(0).empty());
  CHECK(tiles_of(1) == std::vector<Tile>{{0, 0, 1}});
  CHECK(tiles_of(255) == std::vector<Tile>{{0, 0, 255}});
  CHECK(tiles_of(256) == std::vector<Tile>{{0, 0, 256}, {1, 0, 1}});
  const auto tiles = tiles_of(70'000);
  REQUIRE(tiles.size() == 273 + 1 + 1 + 1 + 1);
  CHECK(tiles[272] == Tile{0, 272, 256});
  CHECK(tiles[273] == Tile{0, 273, 112});
  CHECK(tiles[274] == Tile{1, 0, 256});
  CHECK(tiles[275] == Tile{1, 1, 17});
  CHECK(tiles[276] == Tile{2, 0, 1});
  std::set<std::string> names;
  for (const auto& tile : tiles) names.insert(path_of(tile));
  CHECK(names.size() == tiles.size());
}

TEST_CASE("a tile says which leaves it is about") {
  CHECK(Tile{0, 0, 256}.end() == 256);
  CHECK(Tile{0, 273, 112}.end() == 70'000);
  CHECK(Tile{1, 0, 256}.end() == 65'536);
  CHECK(Tile{1, 1, 17}.end() == 65'536 + 17 * 256);
  CHECK_FALSE(Tile{1, 1, 17}.is_full());
}

TEST_CASE("the hashes of a full tile lead to the hash that stands for it one level of tiles up") {
  const auto bytes = hashes_of({0, 3, 256}, node_of);
  REQUIRE(bytes.size() == 8192);
  const auto first = node_of(0, 768);
  CHECK(std::equal(first.begin(), first.end(), bytes.begin(),
                   [](unsigned char a, char b) { return a == static_cast<unsigned char>(b); }));
  CHECK(jeton::root_of_full(bytes) == node_of(8, 3));
  CHECK(hashes_of({1, 0, 2}, node_of).size() == 64);
  auto changed = bytes;
  changed[4711] = static_cast<char>(changed[4711] ^ 1);
  CHECK(jeton::root_of_full(changed) != node_of(8, 3));
  CHECK_THROWS_AS(jeton::root_of_full(bytes.substr(32)), std::invalid_argument);
}

TEST_CASE("an entry of a bundle stands behind two bytes of its length") {
  std::string bundle;
  jeton::add_entry(bundle, "abc");
  jeton::add_entry(bundle, std::string(0x0102, 'x'));
  CHECK(bundle == std::string("\x00\x03", 2) + "abc" + "\x01\x02" + std::string(0x0102, 'x'));
  CHECK_THROWS_AS(jeton::add_entry(bundle, std::string(0x10000, 'x')), std::invalid_argument);
}
