// Does a proof prove only what its log holds, and is its text the only spelling of it?
#include "jeton/proof.hpp"

#include "jeton/consistency.hpp"

#include "fuzz/all.hpp"
#include "fuzz/known_log.hpp"

namespace jeton::fuzz {

void run_proof(Bytes input) {
  const auto text = text_of(input);
  const auto& log = known_log();
  if (const auto proof = LogProof::parse(text)) hold(proof->text() == text, "a proof has one spelling");
  if (const auto growth = ConsistencyProof::parse(text))
    hold(growth->text() == text, "a consistency proof has one spelling");

  static const NoteKey stranger{log.key.name(), forge::key_named("a fuzzer's own key").verifying_key()};
  hold(!verify_proof(text, stranger), "a proof never holds under a key that did not sign it");
  const auto proven = verify_proof(text, log.key);
  if (!proven) {
    hold(proven.error().code == Code::bad_request || proven.error().code == Code::bad_signature,
         "a proof is refused as one");
    return;
  }
  hold(proven->checkpoint == log.checkpoint, "a proof rests on the checkpoint that was signed");
  hold(proven->log_index < KnownLog::size, "a proven place is in the log");
  hold(canonical_json(proven->event).value_or("") == log.leaves.at(proven->log_index),
       "a proven event stands at its place");
}

std::vector<std::string> seeds_proof() {
  std::vector<std::string> seeds;
  for (std::uint64_t index = 0; index < KnownLog::size; ++index) seeds.push_back(known_log().proof(index).text());
  auto without = known_log().proof(4);
  without.path.clear();
  seeds.push_back(without.text());
  seeds.push_back(ConsistencyProof{3, without.path, without.checkpoint}.text());
  seeds.push_back(ConsistencyProof{3, known_log().proof(4).path, without.checkpoint}.text());
  return seeds;
}

}  // namespace jeton::fuzz
