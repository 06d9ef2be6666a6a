// The tree over the log's leaves (RFC 6962 section 2.1): roots, inclusion and consistency, made and checked.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "jeton/hash.hpp"

namespace jeton {

/// The root of a tree without leaves: SHA-256 of nothing.
[[nodiscard]] Sha256 empty_root();
/// SHA-256(0x01 || left || right).
[[nodiscard]] Sha256 node_hash(const Sha256& left, const Sha256& right);

/// The right edge of a growing tree: the roots of its complete subtrees, largest first. That is all a log must hold to
/// take another leaf and to know its root: 64 hashes at most.
class TreeEdge {
 public:
  TreeEdge() = default;
  /// Of a tree whose edge is known: one root for each bit that is set in `size`.
  TreeEdge(std::uint64_t size, std::vector<Sha256> roots);

  /// Takes the next leaf hash. Each complete subtree that this finishes, but the leaf, goes to `finished`: `level` is
  /// its height, and it covers the leaves [n << level, (n + 1) << level).
  using Finished = std::function<void(unsigned level, std::uint64_t n, const Sha256& root)>;
  void append(const Sha256& leaf, const Finished& finished = {});

  [[nodiscard]] Sha256 root() const;
  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  std::uint64_t size_ = 0;
  std::vector<Sha256> roots_;
};

/// Looks up the root of a complete subtree, as above; level 0 is a leaf hash.
using Subtree = std::function<Sha256(unsigned level, std::uint64_t n)>;

/// The edge, and with it the root, of the first `size` leaves.
[[nodiscard]] TreeEdge edge_at(std::uint64_t size, const Subtree& subtree);
/// RFC 6962 section 2.1.1, from the leaf's sibling up. `index` < `size`.
[[nodiscard]] std::vector<Sha256> inclusion_path(std::uint64_t index, std::uint64_t size, const Subtree& subtree);
/// RFC 6962 section 2.1.2: that the first `old_size` leaves of the tree of `size` are the older tree. Both positive.
[[nodiscard]] std::vector<Sha256> consistency_path(std::uint64_t old_size, std::uint64_t size, const Subtree& subtree);

/// RFC 9162 section 2.1.3.2. No I/O, no recursion; any thread.
[[nodiscard]] bool is_included(const Sha256& leaf, std::uint64_t index, std::uint64_t size,
                               std::span<const Sha256> path, const Sha256& root);
/// RFC 9162 section 2.1.4.2. A tree without leaves is a beginning of every tree.
[[nodiscard]] bool is_consistent(std::uint64_t old_size, const Sha256& old_root, std::uint64_t size, const Sha256& root,
                                 std::span<const Sha256> path);

}  // namespace jeton
