// Bytes that must not leak: guarded, locked, wiped, and never printed, copied or compared in a hurry.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace jeton {

/// Key bytes in their own guarded pages: locked in memory where the system allows it, left out of core dumps, wiped on
/// destruction. Move-only. After `seal()` the pages are read-only.
class Secret {
 public:
  /// `size` zero bytes, writable until sealed.
  explicit Secret(std::size_t size);
  ~Secret();
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;

  [[nodiscard]] static Secret random(std::size_t size);

  /// For filling in; throws once sealed.
  [[nodiscard]] std::span<unsigned char> writable();
  void seal();

  /// The bytes, for a cryptographic operation and nothing else.
  [[nodiscard]] std::span<const unsigned char> expose_for_signing() const { return {bytes_, size_}; }

  [[nodiscard]] std::size_t size() const { return size_; }
  /// Whether the kernel really locked the pages (libsodium goes on silently when it did not).
  [[nodiscard]] bool locked() const { return locked_; }

 private:
  void release() noexcept;

  unsigned char* bytes_ = nullptr;
  std::size_t size_ = 0;
  bool locked_ = false;
  bool sealed_ = false;
};

/// Whether OpenSSL's secure heap, where private numbers go that OpenSSL reads, exists and all of it is locked in
/// memory. Made at the first call, for good.
[[nodiscard]] bool secure_heap_locked();

/// Overwrites a buffer in a way the optimiser keeps.
void wipe(std::span<unsigned char> bytes);
void wipe(std::string& text);

/// A bearer token in flight: wiped on destruction, printed only as a placeholder. Good for one call, for seconds.
class Token {
 public:
  explicit Token(std::string compact) : compact_(std::move(compact)) {}
  ~Token() { wipe(compact_); }
  Token(Token&& other) noexcept : compact_(std::move(other.compact_)) { wipe(other.compact_); }
  Token& operator=(Token&& other) noexcept {
    if (this != &other) {
      wipe(compact_);
      compact_ = std::move(other.compact_);
      wipe(other.compact_);
    }
    return *this;
  }
  Token(const Token&) = default;
  Token& operator=(const Token&) = default;

  /// The compact JWS, for the one request it is meant for.
  [[nodiscard]] const std::string& expose_for_transport() const { return compact_; }

 private:
  std::string compact_;
};

template <class Stream>
Stream& operator<<(Stream& out, const Token&) {
  out << "[token]";
  return out;
}

}  // namespace jeton
