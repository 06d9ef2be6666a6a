// Rotation by the boot clock, so that a wall clock set back cannot keep an old key alive.
#include "identity/keyring.hpp"

#include <algorithm>
#include <stdexcept>

#include "ops/log.hpp"

namespace jeton {

Keyring::Keyring(const Clock& clock, const std::set<Algorithm>& algorithms, SlowKeys* slow)
    : clock_(clock), slow_(slow), since_boot_us_(clock.boot_us()) {
  follow(algorithms);
}

void Keyring::follow(const std::set<Algorithm>& algorithms) {
  bool changed = forget_retired();
  for (auto ring = rings_.begin(); ring != rings_.end();) {
    if (algorithms.count(ring->first) != 0) {
      ++ring;
      continue;
    }
    retire(ring->second);
    ring = rings_.erase(ring);
    changed = true;
  }
  for (const auto algorithm : algorithms) changed = fill(algorithm, rings_[algorithm]) || changed;
  if (changed) publish();
}

bool Keyring::is_ready(Algorithm algorithm) const {
  const auto ring = rings_.find(algorithm);
  return ring != rings_.end() && ring->second.current;
}

const SigningKey& Keyring::current(Algorithm algorithm) const {
  if (!is_ready(algorithm)) throw std::logic_error("a key was asked for that is not there");
  return *rings_.at(algorithm).current;
}

std::set<Algorithm> Keyring::algorithms() const {
  std::set<Algorithm> all;
  for (const auto& [algorithm, ring] : rings_) all.insert(algorithm);
  return all;
}

bool Keyring::rotation_due() const { return clock_.boot_us() - since_boot_us_ >= rotation_us; }

void Keyring::rotate() {
  since_boot_us_ = clock_.boot_us();
  for (auto& [algorithm, ring] : rings_) {
    if (!ring.next || since_boot_us_ - ring.next_shown_boot_us < shown_before_signing_us) continue;
    ring.previous = ring.current->verifying_key();
    ring.current = std::move(ring.next);
    ring.next.reset();
    (void)fill(algorithm, ring);
  }
  publish();
}

/// Whether a key came in. The current one first: without it nothing is signed.
bool Keyring::fill(Algorithm algorithm, Ring& ring) {
  bool changed = false;
  if (!ring.current) {
    ring.current = make(algorithm);
    changed = ring.current.has_value();
    if (changed && algorithm == Algorithm::rs256) log_line(Level::info, "the first RS256 key is ready");
  }
  if (!ring.next) {
    ring.next = make(algorithm);
    ring.next_shown_boot_us = clock_.boot_us();
    changed = ring.next.has_value() || changed;
  }
  return changed;
}

/// Nothing while an RS256 key is being made, which is then ordered.
std::optional<SigningKey> Keyring::make(Algorithm algorithm) {
  if (algorithm != Algorithm::rs256) return SigningKey::generate(algorithm);
  if (slow_ == nullptr) return std::nullopt;
  auto key = slow_->take();
  if (key) --ordered_;
  const auto& ring = rings_.at(algorithm);
  const int missing = (ring.current ? 0 : 1) + (ring.next ? 0 : 1) - (key ? 1 : 0);
  for (; ordered_ < missing; ++ordered_) slow_->order();
  return key;
}

void Keyring::retire(const Ring& ring) {
  const auto until_boot_us = clock_.boot_us() + rotation_us;
  if (ring.current) retired_.push_back({ring.current->verifying_key(), until_boot_us});
  if (ring.previous) retired_.push_back({*ring.previous, until_boot_us});
}

bool Keyring::forget_retired() {
  return std::erase_if(retired_, [&](const Retired& one) { return clock_.boot_us() >= one.until_boot_us; }) != 0;
}

void Keyring::publish() {
  std::vector<VerifyingKey> keys;
  for (const auto& [algorithm, ring] : rings_) {
    if (ring.next) keys.push_back(ring.next->verifying_key());
    if (ring.current) keys.push_back(ring.current->verifying_key());
    if (ring.previous) keys.push_back(*ring.previous);
  }
  for (const auto& one : retired_) keys.push_back(one.key);
  key_set_ = KeySet(std::move(keys));
}

Json Keyring::jwks() const {
  Json keys = Json::array();
  for (const auto& key : key_set_.keys()) keys.push_back(key.jwk());
  return {{"keys", std::move(keys)}};
}

bool Keyring::memory_locked() const {
  const auto locked = [](const std::optional<SigningKey>& key) { return !key || key->memory_locked(); };
  return std::all_of(rings_.begin(), rings_.end(),
                     [&](const auto& one) { return locked(one.second.next) && locked(one.second.current); });
}

std::vector<std::string> Keyring::not_locked() const {
  std::vector<std::string> parts;
  if (rings_.count(Algorithm::es256) != 0)
    parts.emplace_back("ES256: what OpenSSL computes with the key while it signs");
  if (rings_.count(Algorithm::rs256) != 0)
    parts.emplace_back("RS256: the primes in the form OpenSSL signs with, from a key's first signature to its end");
  return parts;
}

}  // namespace jeton
