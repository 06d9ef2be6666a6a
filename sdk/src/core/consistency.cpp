// The body of an add-checkpoint request read and written, and checked from the older root up to the signature.
#include "jeton/consistency.hpp"

#include "core/c2sp_text.hpp"
#include "jeton/merkle.hpp"

namespace jeton {
namespace {

constexpr std::string_view first_word = "old ";
constexpr std::size_t proof_bytes_max = 256 * 1024;

tl::unexpected<Error> no_proof(std::string_view why) {
  return refuse(Code::bad_request, "not a consistency proof of the form c2sp.org/tlog-witness: " + std::string(why));
}

}  // namespace

std::string ConsistencyProof::text() const {
  auto out = std::string(first_word) + std::to_string(old_size) + "\n";
  for (const auto& hash : path) out += base64(hash) + "\n";
  return out + "\n" + checkpoint;
}

Result<ConsistencyProof> ConsistencyProof::parse(std::string_view text) {
  if (text.size() > proof_bytes_max) return no_proof("it is over 256 KiB");
  const auto line = take_line(text);
  if (!line || !line->starts_with(first_word)) return no_proof("the first line is not the older size");
  const auto size = decimal_of(line->substr(first_word.size()));
  if (!size) return no_proof("the older size is none");
  auto path = take_path(text);
  if (!path) return no_proof("below the size stand not hashes alone and an empty line, or there are too many");
  return ConsistencyProof{*size, std::move(*path), std::string(text)};
}

Result<Checkpoint> verify_consistency(std::string_view text, const Checkpoint& old, const NoteKey& key) {
  auto proof = ConsistencyProof::parse(text);
  if (!proof) return refuse(std::move(proof.error()));
  auto newer = Checkpoint::open(proof->checkpoint, key);
  if (!newer) return refuse(std::move(newer.error()));
  if (old.origin != newer->origin)
    return refuse(Code::bad_signature, "the older checkpoint is of another log: " + old.origin);
  if (proof->old_size != old.size)
    return refuse(Code::bad_request, "the proof begins at " + std::to_string(proof->old_size) +
                                         " events, the older checkpoint is of " + std::to_string(old.size));
  if (!is_consistent(old.size, old.root, newer->size, newer->root, proof->path))
    return refuse(Code::bad_signature, "the older checkpoint is not a beginning of the log that was signed");
  return newer;
}

}  // namespace jeton
