// Rotation by the boot clock, so that a wall clock set back cannot keep an old key alive.
#include "identity/keyring.hpp"

namespace jeton {

Keyring::Keyring(const Clock& clock)
    : clock_(clock), next_(SigningKey::generate()), current_(SigningKey::generate()), since_boot_us_(clock.boot_us()) {
  publish();
}

bool Keyring::rotation_due() const { return clock_.boot_us() - since_boot_us_ >= rotation_us; }

void Keyring::rotate() {
  previous_ = std::move(current_);
  current_ = std::move(next_);
  next_ = SigningKey::generate();
  since_boot_us_ = clock_.boot_us();
  publish();
}

void Keyring::publish() {
  std::vector<VerifyingKey> keys{next_.verifying_key(), current_.verifying_key()};
  if (previous_) keys.push_back(previous_->verifying_key());
  key_set_ = KeySet(std::move(keys));
}

Json Keyring::jwks() const {
  Json keys = Json::array();
  for (const auto& key : key_set_.keys()) keys.push_back(key.jwk());
  return {{"keys", std::move(keys)}};
}

bool Keyring::memory_locked() const {
  return next_.memory_locked() && current_.memory_locked() && (!previous_ || previous_->memory_locked());
}

}  // namespace jeton
