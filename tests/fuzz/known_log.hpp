// A small signed log whose every proof is known, so that nothing else can be proven of it.
#pragma once

#include <vector>

#include "jeton/event.hpp"
#include "jeton/merkle.hpp"
#include "jeton/proof.hpp"
#include "support/forge.hpp"

namespace jeton::fuzz {

struct KnownLog {
  static constexpr std::uint64_t size = 11;

  KnownLog() {
    TreeEdge edge;
    for (std::uint64_t i = 0; i < size; ++i) {
      Event event;
      event.kind = all_event_kinds()[i];
      event.time_us = 1'790'000'000'000'000 + static_cast<std::int64_t>(i);
      leaves.push_back(leaf_bytes(event));
      edge.append(hash_of_leaf(leaves.back()));
    }
    checkpoint = {key.name(), size, edge.root()};
    note = key.sign(checkpoint.text(), secret);
  }

  [[nodiscard]] Sha256 subtree(unsigned level, std::uint64_t n) const {
    return level == 0 ? hash_of_leaf(leaves.at(n))
                      : node_hash(subtree(level - 1, 2 * n), subtree(level - 1, 2 * n + 1));
  }
  [[nodiscard]] LogProof proof(std::uint64_t index) const {
    const auto path =
        inclusion_path(index, size, [this](unsigned level, std::uint64_t n) { return subtree(level, n); });
    return {leaves.at(index), index, path, note};
  }

  SigningKey secret = forge::key_named("a log for fuzzers");
  NoteKey key{"fuzz.example/jeton/1", secret.verifying_key()};
  std::vector<std::string> leaves;
  Checkpoint checkpoint;
  std::string note;
};

inline const KnownLog& known_log() {
  static const KnownLog log;
  return log;
}

}  // namespace jeton::fuzz
