// Bytes sealed to one reader: whoever holds the public key can seal, and only the secret key opens.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "jeton/error.hpp"
#include "jeton/secret.hpp"

namespace jeton {

/// What a sealed text is longer than the text.
inline constexpr std::size_t sealing_bytes = 48;

/// The public half: X25519, written as 43 characters of base64url.
class SealingKey {
 public:
  /// bad_request for another form, and for a point that seals nothing.
  [[nodiscard]] static Result<SealingKey> parse(std::string_view text);
  [[nodiscard]] std::string text() const;
  /// libsodium's crypto_box_seal: under a key made for this one text, so that not even who sealed can open it.
  [[nodiscard]] std::string seal(std::string_view bytes) const;

 private:
  friend class OpeningKey;
  explicit SealingKey(const std::array<unsigned char, 32>& bytes) : bytes_(bytes) {}
  std::array<unsigned char, 32> bytes_;
};

/// The secret half. Move-only.
class OpeningKey {
 public:
  [[nodiscard]] static OpeningKey generate();
  /// `secret` is 32 bytes.
  [[nodiscard]] static OpeningKey from_secret(Secret secret);

  [[nodiscard]] const SealingKey& sealing_key() const { return public_; }
  /// Nothing for what was sealed to another key, or changed since.
  [[nodiscard]] std::optional<std::string> open(std::string_view sealed) const;
  /// For the one file it is kept in.
  [[nodiscard]] const Secret& secret() const { return secret_; }

 private:
  OpeningKey(Secret secret, const SealingKey& sealing_key) : secret_(std::move(secret)), public_(sealing_key) {}
  Secret secret_;
  SealingKey public_;
};

}  // namespace jeton
