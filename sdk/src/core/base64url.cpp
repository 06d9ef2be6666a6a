// base64url through libsodium, whose unpadded decoder already refuses every second spelling of a value.
#include "jeton/base64url.hpp"

#include "core/sodium_base64.hpp"

namespace jeton {
namespace {

constexpr int variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;

}  // namespace

std::string base64url(std::span<const unsigned char> bytes) {
  std::string text(sodium_base64_encoded_len(bytes.size(), variant), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), variant);
  text.pop_back();  // the terminating zero that libsodium counts
  return text;
}

std::optional<std::vector<unsigned char>> from_base64url(std::string_view text) {
  std::vector<unsigned char> bytes(text.size() / 4 * 3 + text.size() % 4);
  const auto length = sodium_decode(text, variant, bytes);
  if (!length) return std::nullopt;
  bytes.resize(*length);
  return bytes;
}

bool from_base64url(std::string_view text, std::span<unsigned char> out) {
  return sodium_decode(text, variant, out) == out.size();
}

}  // namespace jeton
