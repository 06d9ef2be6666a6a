// Sign, keep, publish: the order is the promise.
#include "log/notary.hpp"

namespace jeton {
namespace {

std::string text_of(const TreeHead& head, const NoteKey& key) {
  return Checkpoint{key.name(), head.size, head.root}.text();
}

}  // namespace

std::string note_of(const SignedHead& head, const NoteKey& key) {
  return key.with_signature(text_of(head.head, key), head.signature);
}

Notary::Notary(const Parts& parts) : parts_(parts) {
  if (const auto newest = parts_.store.newest_head()) signed_size_ = newest->head.size;
}

Result<void> Notary::sign_if_grown() {
  const auto head = parts_.store.head();
  if (head.size <= signed_size_) return {};
  const SignedHead signed_head{head, parts_.clock.wall_us(), parts_.key.sign(text_of(head, parts_.note_key))};
  if (auto kept = parts_.store.keep(signed_head); !kept) return kept;
  signed_size_ = head.size;
  parts_.publish(note_of(signed_head, parts_.note_key));
  return {};
}

void Notary::publish_newest() const {
  if (const auto newest = parts_.store.newest_head()) parts_.publish(note_of(*newest, parts_.note_key));
}

}  // namespace jeton
