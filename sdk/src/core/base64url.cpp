// base64url without padding, in which every value has exactly one spelling.
#include "jeton/base64url.hpp"

#include "core/base64_letters.hpp"

namespace jeton {

using base64_letters::Alphabet;

std::string base64url(std::span<const unsigned char> bytes) {
  std::string text;
  append_base64url(text, bytes);
  return text;
}

void append_base64url(std::string& out, std::span<const unsigned char> bytes) {
  base64_letters::append<Alphabet::url>(out, bytes);
}

std::optional<std::vector<unsigned char>> from_base64url(std::string_view text) {
  std::vector<unsigned char> bytes(text.size() / 4 * 3 + text.size() % 4);
  const auto length = base64_letters::decode<Alphabet::url>(text, bytes);
  if (!length) return std::nullopt;
  bytes.resize(*length);
  return bytes;
}

bool from_base64url(std::string_view text, std::span<unsigned char> out) {
  return base64_letters::decode<Alphabet::url>(text, out) == out.size();
}

}  // namespace jeton
