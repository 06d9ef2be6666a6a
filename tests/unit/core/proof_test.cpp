// A proof is believed for its leaf, its place and its log, and for nothing else.
#include "jeton/proof.hpp"

#include "jeton/event.hpp"
#include "jeton/merkle.hpp"
#include "support/catch.hpp"
#include "support/events.hpp"

namespace {

using jeton::Code;
using jeton::LogProof;

/// Eleven events, signed for, and the proof of the fifth.
struct Log {
  jeton::SigningKey key = jeton::SigningKey::generate();
  jeton::NoteKey note_key{"acme.example/jeton/1", key.verifying_key()};
  std::vector<jeton::Event> events;
  LogProof proof;

  Log() {
    jeton::TreeEdge edge;
    std::vector<jeton::Sha256> leaves;
    for (int i = 0; i < 11; ++i) {
      events.push_back(jeton::testing::full_event(jeton::EventKind::token_minted, i));
      leaves.push_back(leaf_hash(events.back()));
      edge.append(leaves.back());
    }
    const std::function<jeton::Sha256(unsigned, std::uint64_t)> subtree = [&](unsigned level, std::uint64_t n) {
      return level == 0 ? leaves.at(n) : jeton::node_hash(subtree(level - 1, 2 * n), subtree(level - 1, 2 * n + 1));
    };
    const jeton::Checkpoint checkpoint{note_key.name(), 11, edge.root()};
    proof = {leaf_bytes(events[5]), 5, jeton::inclusion_path(5, 11, subtree), note_key.sign(checkpoint.text(), key)};
  }
};

}  // namespace

TEST_CASE("a proof for another leaf or place or by another log is refused") {
  const Log log;
  const auto other_leaf = [&] {
    auto p = log.proof;
    p.leaf = leaf_bytes(log.events[6]);
    return p;
  }();
  const auto other_index = [&] {
    auto p = log.proof;
    p.index = 6;
    return p;
  }();
  const auto beyond = [&] {
    auto p = log.proof;
    p.index = 11;
    return p;
  }();
  const auto cut = [&] {
    auto p = log.proof;
    p.path.pop_back();
    return p;
  }();
  for (const auto& bad : {other_leaf, other_index, beyond, cut}) {
    const auto refused = jeton::verify_proof(bad.text(), log.note_key);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::bad_signature);
  }
  const auto other = jeton::SigningKey::generate();
  CHECK_FALSE(jeton::verify_proof(log.proof.text(), {log.note_key.name(), other.verifying_key()}));
  CHECK_FALSE(jeton::verify_proof(log.proof.text(), {"acme.example/jeton/2", log.key.verifying_key()}));
}

TEST_CASE("c2sp.org tlog-proof: what has another form is refused") {
  const Log log;
  const auto text = log.proof.text();
  const auto with = [&](const std::string& what, const std::string& by) {
    auto changed = text;
    return changed.replace(changed.find(what), what.size(), by);
  };
  for (const auto& bad : {std::string(), text.substr(1), with("@v1", "@v2"), with("extra ", "extra"),
                          with("extra ", "extra *"), with("index 5", "index 05"), with("index 5", "index -5"),
                          with("index 5\n", ""), with("index 5\n", "index 5\nAAAA\n"), with("\n\n", "\n"),
                          text.substr(0, text.find("\n\n")), std::string(300'000, 'x')}) {
    CAPTURE(bad.substr(0, 100));
    const auto refused = jeton::verify_proof(bad, log.note_key);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::bad_request);
  }
  auto many = log.proof;
  many.path.assign(64, jeton::empty_root());
  CHECK_FALSE(LogProof::parse(many.text()));
}

TEST_CASE("a proof shows a stranger the event and where it stands") {
  const Log log;
  const auto proven = jeton::verify_proof(log.proof.text(), log.note_key);
  REQUIRE(proven);
  CHECK(proven->event == leaf_json(log.events[5]));
  CHECK(proven->log_index == 5);
  CHECK(proven->checkpoint.size == 11);
  const auto parsed = LogProof::parse(log.proof.text());
  REQUIRE(parsed);
  CHECK(parsed->text() == log.proof.text());
}
