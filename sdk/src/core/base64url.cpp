// base64url through libsodium, whose unpadded decoder already refuses every second spelling of a value.
#include "jeton/base64url.hpp"

#include <sodium.h>

namespace jeton {
namespace {

constexpr int variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;

/// The number of bytes decoded, or nothing. No ignored characters and no end pointer: all of `text` has to decode.
std::optional<std::size_t> decode(std::string_view text, std::span<unsigned char> out) {
  if (text.empty() || out.empty()) return text.empty() ? std::optional<std::size_t>(0) : std::nullopt;
  std::size_t length = 0;
  const int outcome =
      sodium_base642bin(out.data(), out.size(), text.data(), text.size(), nullptr, &length, nullptr, variant);
  if (outcome != 0) return std::nullopt;
  return length;
}

}  // namespace

std::string base64url(std::span<const unsigned char> bytes) {
  std::string text(sodium_base64_encoded_len(bytes.size(), variant), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), variant);
  text.pop_back();  // the terminating zero that libsodium counts
  return text;
}

std::optional<std::vector<unsigned char>> from_base64url(std::string_view text) {
  std::vector<unsigned char> bytes(text.size() / 4 * 3 + text.size() % 4);
  const auto length = decode(text, bytes);
  if (!length) return std::nullopt;
  bytes.resize(*length);
  return bytes;
}

bool from_base64url(std::string_view text, std::span<unsigned char> out) { return decode(text, out) == out.size(); }

}  // namespace jeton
