// Secret bytes in libsodium's guarded pages, and wiping that the optimiser keeps.
#include "jeton/secret.hpp"

#include <new>
#include <stdexcept>
#include <utility>

#include "core/sodium_ready.hpp"

namespace jeton {

Secret::Secret(std::size_t size) : size_(size) {
  ensure_sodium();
  bytes_ = static_cast<unsigned char*>(sodium_malloc(size));
  if (bytes_ == nullptr) throw std::bad_alloc();
  // sodium_malloc swallows a failing mlock; locking again is harmless and tells.
  locked_ = sodium_mlock(bytes_, size_) == 0;
  sodium_memzero(bytes_, size_);
}

Secret::~Secret() { release(); }

Secret::Secret(Secret&& other) noexcept
    : bytes_(std::exchange(other.bytes_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      locked_(std::exchange(other.locked_, false)),
      sealed_(std::exchange(other.sealed_, false)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this == &other) return *this;
  release();
  bytes_ = std::exchange(other.bytes_, nullptr);
  size_ = std::exchange(other.size_, 0);
  locked_ = std::exchange(other.locked_, false);
  sealed_ = std::exchange(other.sealed_, false);
  return *this;
}

Secret Secret::random(std::size_t size) {
  Secret secret(size);
  randombytes_buf(secret.bytes_, size);
  return secret;
}

std::span<unsigned char> Secret::writable() {
  if (sealed_) throw std::logic_error("a sealed secret is read-only");
  return {bytes_, size_};
}

void Secret::seal() {
  if (bytes_ != nullptr && sodium_mprotect_readonly(bytes_) != 0)
    throw std::runtime_error("a secret could not be sealed");
  sealed_ = true;
}

void Secret::release() noexcept {
  sodium_free(bytes_);  // makes the pages writable again, wipes, unlocks
}

void wipe(std::span<unsigned char> bytes) {
  if (!bytes.empty()) sodium_memzero(bytes.data(), bytes.size());
}

void wipe(std::string& text) {
  // Moving from a short string, or shortening one, leaves old bytes behind its end: wipe all it has room for.
  text.resize(text.capacity());
  sodium_memzero(text.data(), text.size());
  text.clear();
}

}  // namespace jeton
