// Sealed boxes by libsodium: X25519 and XSalsa20-Poly1305 under an ephemeral key.
#include "jeton/sealed_box.hpp"

#include <stdexcept>

#include "core/sodium_ready.hpp"
#include "jeton/base64url.hpp"
#include "jeton/hash.hpp"

namespace jeton {

static_assert(sealing_bytes == crypto_box_SEALBYTES);
static_assert(crypto_box_PUBLICKEYBYTES == 32 && crypto_box_SECRETKEYBYTES == 32);

namespace {

unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

}  // namespace

Result<SealingKey> SealingKey::parse(std::string_view text) {
  std::array<unsigned char, 32> bytes{};
  if (!from_base64url(text, bytes))
    return refuse(Code::bad_request, "not a sealing key; it is 43 characters of base64url");
  ensure_sodium();
  // A point of small order shares the same secret with everybody: libsodium seals nothing to it.
  std::array<unsigned char, crypto_box_SEALBYTES> sealed{};
  static constexpr unsigned char nothing = 0;
  if (crypto_box_seal(sealed.data(), &nothing, 0, bytes.data()) != 0)
    return refuse(Code::bad_request, "not a sealing key; nothing can be sealed to this point");
  return SealingKey(bytes);
}

std::string SealingKey::text() const { return base64url(bytes_); }

std::string SealingKey::seal(std::string_view bytes) const {
  ensure_sodium();
  std::string sealed(bytes.size() + crypto_box_SEALBYTES, '\0');
  if (crypto_box_seal(bytes_of(sealed), as_bytes(bytes).data(), bytes.size(), bytes_.data()) != 0)
    throw std::runtime_error("nothing could be sealed");
  return sealed;
}

OpeningKey OpeningKey::generate() { return from_secret(Secret::random(crypto_box_SECRETKEYBYTES)); }

OpeningKey OpeningKey::from_secret(Secret secret) {
  if (secret.size() != crypto_box_SECRETKEYBYTES) throw std::logic_error("an opening key is 32 bytes");
  std::array<unsigned char, 32> bytes{};
  if (crypto_scalarmult_base(bytes.data(), secret.expose_for_signing().data()) != 0)
    throw std::runtime_error("an opening key has no public half");
  return {std::move(secret), SealingKey(bytes)};
}

std::optional<std::string> OpeningKey::open(std::string_view sealed) const {
  if (sealed.size() < crypto_box_SEALBYTES) return std::nullopt;
  std::string bytes(sealed.size() - crypto_box_SEALBYTES, '\0');
  if (crypto_box_seal_open(bytes_of(bytes), as_bytes(sealed).data(), sealed.size(), public_.bytes_.data(),
                           secret_.expose_for_signing().data()) != 0)
    return std::nullopt;
  return bytes;
}

}  // namespace jeton
