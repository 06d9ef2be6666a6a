// c2sp.org/tlog-proof@v1 read and written, and checked from the leaf up to the signature.
#include "jeton/proof.hpp"

#include <optional>

#include "core/c2sp_text.hpp"
#include "jeton/base64.hpp"
#include "jeton/event.hpp"
#include "jeton/merkle.hpp"

namespace jeton {
namespace {

constexpr std::string_view first_line = "c2sp.org/tlog-proof@v1";
constexpr std::size_t proof_bytes_max = 256 * 1024;

tl::unexpected<Error> no_proof(std::string_view why) {
  return refuse(Code::bad_request, "not a proof of the form " + std::string(first_line) + ": " + std::string(why));
}

/// What stands behind a word and one space.
std::optional<std::string_view> after(std::string_view word, std::optional<std::string_view> line) {
  if (!line || !line->starts_with(word)) return std::nullopt;
  return line->substr(word.size());
}

}  // namespace

std::string LogProof::text() const {
  auto out = std::string(first_line) + "\nextra " + base64(as_bytes(leaf)) + "\nindex " + std::to_string(index) + "\n";
  for (const auto& hash : path) out += base64(hash) + "\n";
  return out + "\n" + checkpoint;
}

Result<LogProof> LogProof::parse(std::string_view text) {
  if (text.size() > proof_bytes_max) return no_proof("it is over 256 KiB");
  if (take_line(text) != first_line) return no_proof("the first line is another");
  LogProof proof;
  const auto leaf = after("extra ", take_line(text));
  const auto leaf_bytes = leaf ? from_base64(*leaf) : std::nullopt;
  if (!leaf_bytes) return no_proof("the second line is not the event as extra data");
  proof.leaf.assign(leaf_bytes->begin(), leaf_bytes->end());
  const auto index = after("index ", take_line(text));
  const auto number = index ? decimal_of(*index) : std::nullopt;
  if (!number) return no_proof("the third line is no index");
  proof.index = *number;
  auto path = take_path(text);
  if (!path) return no_proof("below the index stand not hashes alone and an empty line, or there are too many");
  proof.path = std::move(*path);
  proof.checkpoint = text;
  return proof;
}

Result<ProvenEvent> verify_proof(std::string_view text, const NoteKey& key) {
  auto proof = LogProof::parse(text);
  if (!proof) return refuse(std::move(proof.error()));
  auto checkpoint = Checkpoint::open(proof->checkpoint, key);
  if (!checkpoint) return refuse(std::move(checkpoint.error()));
  const auto leaf = hash_of_leaf(proof->leaf);
  if (!is_included(leaf, proof->index, checkpoint->size, proof->path, checkpoint->root))
    return refuse(Code::bad_signature, "the event is not at this place in the log that was signed");
  // Only what the log signed is worth parsing; a log of ours signs canonical objects and nothing else.
  auto event = parse_json(proof->leaf, Code::bad_request);
  if (!event || !event->is_object() || canonical_json(*event) != proof->leaf)
    return refuse(Code::bad_request, "the leaf is no event in canonical form");
  return ProvenEvent{std::move(*event), proof->index, std::move(*checkpoint)};
}

}  // namespace jeton
