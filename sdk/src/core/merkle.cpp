// RFC 6962 hashing over complete subtrees, and the checks of RFC 9162 as its loops are written there.
#include "jeton/merkle.hpp"

#include <bit>
#include <cstring>
#include <stdexcept>

namespace jeton {
namespace {

/// The root over [begin, end), where begin is a multiple of the power of two at or above the length.
Sha256 root_over(std::uint64_t begin, std::uint64_t end, const Subtree& subtree) {
  const auto length = end - begin;
  if (std::has_single_bit(length)) {
    const auto level = static_cast<unsigned>(std::countr_zero(length));
    return subtree(level, begin >> level);
  }
  const auto left = std::bit_floor(length);
  return node_hash(root_over(begin, begin + left, subtree), root_over(begin + left, end, subtree));
}

/// How many leaves the left side of a node over `length` leaves has: the largest power of two below it.
std::uint64_t left_of(std::uint64_t length) { return std::bit_floor(length - 1); }

}  // namespace

Sha256 empty_root() { return sha256(std::string_view()); }

Sha256 node_hash(const Sha256& left, const Sha256& right) {
  std::array<unsigned char, 1 + 2 * sizeof(Sha256)> bytes;
  bytes[0] = 1;
  std::memcpy(bytes.data() + 1, left.data(), left.size());
  std::memcpy(bytes.data() + 1 + left.size(), right.data(), right.size());
  return sha256(std::span<const unsigned char>(bytes));
}

TreeEdge::TreeEdge(std::uint64_t size, std::vector<Sha256> roots) : size_(size), roots_(std::move(roots)) {
  if (roots_.size() != static_cast<std::size_t>(std::popcount(size)))
    throw std::invalid_argument("an edge has one root for each bit of its size");
}

void TreeEdge::append(const Sha256& leaf, const Finished& finished) {
  roots_.push_back(leaf);
  const auto index = size_++;
  for (unsigned level = 1; ((index >> (level - 1)) & 1) != 0; ++level) {
    const auto right = roots_.back();
    roots_.pop_back();
    roots_.back() = node_hash(roots_.back(), right);
    if (finished) finished(level, index >> level, roots_.back());
  }
}

Sha256 TreeEdge::root() const {
  if (roots_.empty()) return empty_root();
  auto root = roots_.back();
  for (auto left = std::next(roots_.rbegin()); left != roots_.rend(); ++left) root = node_hash(*left, root);
  return root;
}

TreeEdge edge_at(std::uint64_t size, const Subtree& subtree) {
  std::vector<Sha256> roots;
  std::uint64_t begin = 0;
  for (auto rest = size; rest > 0; rest -= std::bit_floor(rest)) {
    const auto level = static_cast<unsigned>(std::bit_width(rest) - 1);
    roots.push_back(subtree(level, begin >> level));
    begin += std::bit_floor(rest);
  }
  return {size, std::move(roots)};
}

std::vector<Sha256> inclusion_path(std::uint64_t index, std::uint64_t size, const Subtree& subtree) {
  if (index >= size) throw std::invalid_argument("a leaf outside of its tree");
  std::vector<Sha256> from_root;
  for (std::uint64_t begin = 0, end = size; end - begin > 1;) {
    const auto middle = begin + left_of(end - begin);
    if (index < middle) {
      from_root.push_back(root_over(middle, end, subtree));
      end = middle;
    } else {
      from_root.push_back(root_over(begin, middle, subtree));
      begin = middle;
    }
  }
  return {from_root.rbegin(), from_root.rend()};
}

std::vector<Sha256> consistency_path(std::uint64_t old_size, std::uint64_t size, const Subtree& subtree) {
  if (old_size == 0 || old_size > size) throw std::invalid_argument("an older tree is not larger and not empty");
  std::vector<Sha256> from_root;
  std::uint64_t begin = 0, end = size;
  while (end != old_size) {
    const auto middle = begin + left_of(end - begin);
    if (old_size <= middle) {
      from_root.push_back(root_over(middle, end, subtree));
      end = middle;
    } else {
      from_root.push_back(root_over(begin, middle, subtree));
      begin = middle;
    }
  }
  // The verifier knows the older root itself; it is left out where it is a node of the newer tree.
  if (begin > 0) from_root.push_back(root_over(begin, end, subtree));
  return {from_root.rbegin(), from_root.rend()};
}

bool is_included(const Sha256& leaf, std::uint64_t index, std::uint64_t size, std::span<const Sha256> path,
                 const Sha256& root) {
  if (index >= size) return false;
  auto node = index;
  auto last = size - 1;
  auto hash = leaf;
  for (const auto& sibling : path) {
    if (last == 0) return false;
    if ((node & 1) != 0 || node == last) {
      hash = node_hash(sibling, hash);
      for (; node != 0 && (node & 1) == 0; node >>= 1) last >>= 1;
    } else {
      hash = node_hash(hash, sibling);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && hash == root;
}

bool is_consistent(std::uint64_t old_size, const Sha256& old_root, std::uint64_t size, const Sha256& root,
                   std::span<const Sha256> path) {
  if (old_size > size) return false;
  if (old_size == size) return path.empty() && old_root == root;
  if (old_size == 0) return path.empty() && old_root == empty_root();
  const bool starts_with_old = std::has_single_bit(old_size);
  if (path.empty() && !starts_with_old) return false;

  auto node = old_size - 1;
  auto last = size - 1;
  for (; (node & 1) != 0; node >>= 1) last >>= 1;
  auto old_hash = starts_with_old ? old_root : path.front();
  auto hash = old_hash;
  for (const auto& sibling : starts_with_old ? path : path.subspan(1)) {
    if (last == 0) return false;
    if ((node & 1) != 0 || node == last) {
      old_hash = node_hash(sibling, old_hash);
      hash = node_hash(sibling, hash);
      for (; node != 0 && (node & 1) == 0; node >>= 1) last >>= 1;
    } else {
      hash = node_hash(hash, sibling);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && old_hash == old_root && hash == root;
}

}  // namespace jeton
