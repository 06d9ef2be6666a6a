// base64 through libsodium, which takes exactly one spelling of a value once ignored characters are ruled out.
#include "jeton/base64.hpp"

#include "core/sodium_base64.hpp"

namespace jeton {
namespace {

constexpr int variant = sodium_base64_VARIANT_ORIGINAL;

}  // namespace

std::string base64(std::span<const unsigned char> bytes) {
  std::string text(sodium_base64_encoded_len(bytes.size(), variant), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), variant);
  text.pop_back();  // the terminating zero that libsodium counts
  return text;
}

std::optional<std::vector<unsigned char>> from_base64(std::string_view text) {
  std::vector<unsigned char> bytes(text.size() / 4 * 3 + 3);
  const auto length = sodium_decode(text, variant, bytes);
  if (!length) return std::nullopt;
  bytes.resize(*length);
  return bytes;
}

}  // namespace jeton
