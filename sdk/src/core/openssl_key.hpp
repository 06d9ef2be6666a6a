// P-256 and RSA keys as OpenSSL holds them, with the private numbers in its secure heap.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "jeton/key.hpp"

struct evp_pkey_st;

namespace jeton {

/// Affine coordinates of a point of P-256, big-endian.
struct P256Point {
  std::array<unsigned char, 32> x{};
  std::array<unsigned char, 32> y{};
};

/// One key, public or whole, that never changes. Any thread: each use has a context of its own. Copies share it.
class OpensslKey {
 public:
  /// Nothing where this is no point of the curve.
  [[nodiscard]] static std::optional<OpensslKey> of_point(const P256Point& point);
  /// With e = 65537. Nothing for a modulus that is even, that begins with a zero byte, or of fewer than `rsa_bits_min`
  /// or more than `rsa_bits_max` bits.
  [[nodiscard]] static std::optional<OpensslKey> of_modulus(std::span<const unsigned char> modulus);

  /// A whole key. Nothing for another kind of key, and where its numbers do not fit together.
  [[nodiscard]] static std::optional<OpensslKey> of_pkcs8(std::span<const unsigned char> der);

  [[nodiscard]] static OpensslKey generate_p256();
  /// Of `rsa_bits_min` bits. Nothing once `go_on` says no.
  [[nodiscard]] static std::optional<OpensslKey> generate_rsa(const std::function<bool()>& go_on);

  [[nodiscard]] Algorithm algorithm() const { return algorithm_; }
  /// Of a P-256 key.
  [[nodiscard]] P256Point point() const;
  /// Of an RSA key, without leading zeros.
  [[nodiscard]] std::vector<unsigned char> modulus() const;

  [[nodiscard]] bool verifies(std::string_view message, std::span<const unsigned char> signature) const;
  /// Of a whole key. Throws where OpenSSL cannot, which takes a lack of memory or of random bytes.
  [[nodiscard]] Signature sign(std::string_view message) const;
  /// Of a whole key what `of_pkcs8` reads.
  [[nodiscard]] Secret pkcs8() const;

 private:
  OpensslKey(Algorithm algorithm, evp_pkey_st* key);
  Algorithm algorithm_;
  std::shared_ptr<evp_pkey_st> key_;
};

/// Bytes of it that are in use.
[[nodiscard]] std::size_t secure_heap_used();

/// Whether s is at most n/2, so that of the two signatures a holder can write of one it is the lower.
[[nodiscard]] bool is_lower_es256(std::span<const unsigned char> signature);

}  // namespace jeton
