// The tree of RFC 6962: known roots, every proof for every small tree, and nothing else taken for one.
#include "jeton/merkle.hpp"

#include <map>

#include "support/catch.hpp"

namespace {

using jeton::Sha256;

/// The eight leaves that the reference implementation of Certificate Transparency is tested with.
const std::vector<std::string> known_leaves{std::string(),
                                            std::string(1, '\0'),
                                            "\x10",
                                            "\x20\x21",
                                            "\x30\x31",
                                            "\x40\x41\x42\x43",
                                            "\x50\x51\x52\x53\x54\x55\x56\x57",
                                            "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f"};

Sha256 hash_of(const std::string& leaf) { return jeton::sha256(std::string(1, '\0') + leaf); }

/// A log in memory that keeps every complete subtree.
struct Tree {
  std::map<std::pair<unsigned, std::uint64_t>, Sha256> nodes;
  jeton::TreeEdge edge;
  std::vector<Sha256> roots{jeton::empty_root()};

  explicit Tree(std::uint64_t size) {
    for (std::uint64_t i = 0; i < size; ++i) {
      const auto leaf = hash_of(i < known_leaves.size() ? known_leaves[i] : "leaf " + std::to_string(i));
      nodes[{0, i}] = leaf;
      edge.append(leaf, [this](unsigned level, std::uint64_t n, const Sha256& root) { nodes[{level, n}] = root; });
      roots.push_back(edge.root());
    }
  }
  [[nodiscard]] jeton::Subtree subtree() const {
    return [this](unsigned level, std::uint64_t n) { return nodes.at({level, n}); };
  }
};

}  // namespace

TEST_CASE("RFC 6962 section 2.1: the roots of the known trees") {
  const Tree tree(8);
  CHECK(jeton::hex(tree.roots[0]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(jeton::hex(tree.roots[1]) == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
  CHECK(jeton::hex(tree.roots[2]) == "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
  CHECK(jeton::hex(tree.roots[3]) == "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77");
  CHECK(jeton::hex(tree.roots[4]) == "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7");
  CHECK(jeton::hex(tree.roots[5]) == "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4");
  CHECK(jeton::hex(tree.roots[6]) == "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef");
  CHECK(jeton::hex(tree.roots[7]) == "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c");
  CHECK(jeton::hex(tree.roots[8]) == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
}

TEST_CASE("a leaf outside of the tree or on another way up is not included") {
  const Tree tree(33);
  const auto path = jeton::inclusion_path(7, 33, tree.subtree());
  const auto leaf = tree.nodes.at({0, 7});
  REQUIRE(jeton::is_included(leaf, 7, 33, path, tree.roots[33]));
  for (std::uint64_t index = 0; index < 40; ++index)
    if (index != 7) CHECK_FALSE(jeton::is_included(leaf, index, 33, path, tree.roots[33]));
  CHECK_FALSE(jeton::is_included(tree.nodes.at({0, 8}), 7, 33, path, tree.roots[33]));
  CHECK_FALSE(jeton::is_included(leaf, 7, 33, path, tree.roots[32]));
  CHECK_FALSE(jeton::is_included(leaf, 7, 0, path, tree.roots[33]));
  auto longer = path;
  longer.push_back(leaf);
  CHECK_FALSE(jeton::is_included(leaf, 7, 33, longer, tree.roots[33]));
  auto shorter = path;
  shorter.pop_back();
  CHECK_FALSE(jeton::is_included(leaf, 7, 33, shorter, tree.roots[33]));
  for (auto changed = path; auto& hash : changed) {
    hash[31] ^= 1;
    CHECK_FALSE(jeton::is_included(leaf, 7, 33, changed, tree.roots[33]));
    hash[31] ^= 1;
  }
}

TEST_CASE("an older tree that is not the beginning of the newer one is not consistent with it") {
  const Tree tree(33);
  const auto path = jeton::consistency_path(7, 33, tree.subtree());
  REQUIRE(jeton::is_consistent(7, tree.roots[7], 33, tree.roots[33], path));
  for (std::uint64_t size = 0; size <= 34; ++size)
    if (size != 7) CHECK_FALSE(jeton::is_consistent(size, tree.roots[7], 33, tree.roots[33], path));
  CHECK_FALSE(jeton::is_consistent(7, tree.roots[8], 33, tree.roots[33], path));
  CHECK_FALSE(jeton::is_consistent(7, tree.roots[7], 33, tree.roots[32], path));
  CHECK_FALSE(jeton::is_consistent(7, tree.roots[7], 33, tree.roots[33], {}));
  CHECK_FALSE(jeton::is_consistent(8, tree.roots[8], 33, tree.roots[33], {}));
  CHECK_FALSE(jeton::is_consistent(7, tree.roots[7], 7, tree.roots[7], path));
  CHECK_FALSE(jeton::is_consistent(0, tree.roots[1], 33, tree.roots[33], {}));
  for (auto changed = path; auto& hash : changed) {
    hash[0] ^= 0x80;
    CHECK_FALSE(jeton::is_consistent(7, tree.roots[7], 33, tree.roots[33], changed));
    hash[0] ^= 0x80;
  }
}

TEST_CASE("every leaf of every tree up to seventy is included and every older tree is its beginning") {
  const Tree tree(70);
  for (std::uint64_t size = 1; size <= 70; ++size)
    for (std::uint64_t i = 0; i < size; ++i) {
      const auto inclusion = jeton::inclusion_path(i, size, tree.subtree());
      REQUIRE(jeton::is_included(tree.nodes.at({0, i}), i, size, inclusion, tree.roots[size]));
      const auto consistency = jeton::consistency_path(i + 1, size, tree.subtree());
      REQUIRE(jeton::is_consistent(i + 1, tree.roots[i + 1], size, tree.roots[size], consistency));
    }
  CHECK(jeton::is_consistent(0, jeton::empty_root(), 5, tree.roots[5], {}));
}

TEST_CASE("an edge taken from the middle of a tree grows like the tree itself") {
  const Tree tree(70);
  for (std::uint64_t size = 0; size <= 70; ++size) {
    auto edge = jeton::edge_at(size, tree.subtree());
    CHECK(edge.root() == tree.roots[size]);
    for (auto i = size; i < 70; ++i) edge.append(tree.nodes.at({0, i}));
    CHECK(edge.root() == tree.roots[70]);
  }
  CHECK_THROWS_AS(jeton::TreeEdge(3, {jeton::empty_root()}), std::invalid_argument);
  CHECK_THROWS_AS(jeton::inclusion_path(5, 5, tree.subtree()), std::invalid_argument);
  CHECK_THROWS_AS(jeton::consistency_path(0, 5, tree.subtree()), std::invalid_argument);
  CHECK_THROWS_AS(jeton::consistency_path(6, 5, tree.subtree()), std::invalid_argument);
}
