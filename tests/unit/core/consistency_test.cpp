// A proof that a log only grew is believed for its two trees and its log, and for nothing else.
#include "jeton/consistency.hpp"

#include "jeton/merkle.hpp"
#include "support/catch.hpp"

namespace {

using jeton::Checkpoint;
using jeton::Code;
using jeton::ConsistencyProof;
using jeton::Sha256;

Sha256 leaf_of(std::uint64_t i) { return jeton::sha256(std::string(1, '\0') + "leaf " + std::to_string(i)); }

Sha256 node_of(unsigned level, std::uint64_t n) {
  return level == 0 ? leaf_of(n) : jeton::node_hash(node_of(level - 1, 2 * n), node_of(level - 1, 2 * n + 1));
}

/// A log of seven leaves, signed for, with its older trees. Those are the sizes of RFC 6962 section 2.1.3.
struct Log {
  jeton::SigningKey key = jeton::SigningKey::generate();
  jeton::NoteKey note_key{"acme.example/jeton/1", key.verifying_key()};

  [[nodiscard]] Checkpoint at(std::uint64_t size) const {
    return {note_key.name(), size, jeton::edge_at(size, node_of).root()};
  }
  [[nodiscard]] ConsistencyProof proof(std::uint64_t old_size) const {
    return {old_size, jeton::consistency_path(old_size, 7, node_of), note_key.sign(at(7).text(), key)};
  }
};

}  // namespace

TEST_CASE("RFC 6962 section 2.1.3: the proofs of the tree of seven leaves") {
  const auto two = jeton::node_hash;
  const auto a = leaf_of(0), b = leaf_of(1), c = leaf_of(2), d = leaf_of(3), e = leaf_of(4), f = leaf_of(5),
             j = leaf_of(6);
  const auto g = two(a, b), h = two(c, d), i = two(e, f), k = two(g, h), l = two(i, j);
  CHECK(jeton::consistency_path(3, 7, node_of) == std::vector<Sha256>{c, d, g, l});
  CHECK(jeton::consistency_path(4, 7, node_of) == std::vector<Sha256>{l});
  CHECK(jeton::consistency_path(6, 7, node_of) == std::vector<Sha256>{i, j, k});
  CHECK(jeton::is_consistent(3, two(g, c), 7, two(k, l), std::vector{c, d, g, l}));
  CHECK(jeton::is_consistent(4, k, 7, two(k, l), std::vector{l}));
  CHECK(jeton::is_consistent(6, two(k, i), 7, two(k, l), std::vector{i, j, k}));
}

TEST_CASE("a consistency proof shows that the older checkpoint is a beginning of the newer one") {
  const Log log;
  for (std::uint64_t size = 1; size <= 7; ++size) {
    const auto newer = jeton::verify_consistency(log.proof(size).text(), log.at(size), log.note_key);
    REQUIRE(newer);
    CHECK(*newer == log.at(7));
  }
  const ConsistencyProof from_nothing{0, {}, log.proof(1).checkpoint};
  CHECK(jeton::verify_consistency(from_nothing.text(), log.at(0), log.note_key));
}

TEST_CASE("a consistency proof for another older tree or by another log is refused") {
  const Log log;
  const auto proof = log.proof(3);
  auto rewritten = log.at(3);
  rewritten.root[0] ^= 1;
  auto elsewhere = log.at(3);
  elsewhere.origin = "acme.example/jeton/2";
  auto longer = proof;
  longer.path.push_back(leaf_of(1));
  for (const auto& [text, old] :
       {std::pair(proof.text(), rewritten), std::pair(proof.text(), elsewhere), std::pair(longer.text(), log.at(3))}) {
    const auto refused = jeton::verify_consistency(text, old, log.note_key);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::bad_signature);
  }
  CHECK(jeton::verify_consistency(proof.text(), log.at(4), log.note_key).error().code == Code::bad_request);
  const auto other = jeton::SigningKey::generate();
  CHECK_FALSE(jeton::verify_consistency(proof.text(), log.at(3), {log.note_key.name(), other.verifying_key()}));
}

TEST_CASE("no single changed byte leaves a consistency proof good") {
  const Log log;
  const auto text = log.proof(3).text();
  REQUIRE(jeton::verify_consistency(text, log.at(3), log.note_key));
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    CAPTURE(i);
    CHECK_FALSE(jeton::verify_consistency(changed, log.at(3), log.note_key));
  }
}

TEST_CASE("c2sp.org tlog-witness: what has another form than the body of add-checkpoint is refused") {
  const Log log;
  const auto text = log.proof(3).text();
  const auto with = [&](const std::string& what, const std::string& by) {
    auto changed = text;
    return changed.replace(changed.find(what), what.size(), by);
  };
  for (const auto& bad : {std::string(), text.substr(1), with("old 3", "old 03"), with("old 3", "old -3"),
                          with("old 3", "old"), with("old 3\n", "old 3\nAAAA\n"), with("\n\n", "\n"),
                          text.substr(0, text.find("\n\n")), std::string(300'000, 'x')}) {
    CAPTURE(bad.substr(0, 100));
    const auto refused = jeton::verify_consistency(bad, log.at(3), log.note_key);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::bad_request);
  }
  auto many = log.proof(3);
  many.path.assign(64, jeton::empty_root());
  CHECK_FALSE(ConsistencyProof::parse(many.text()));
  many.path.pop_back();
  REQUIRE(ConsistencyProof::parse(many.text()));
  CHECK(ConsistencyProof::parse(many.text())->text() == many.text());
}
