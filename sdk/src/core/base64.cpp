// base64 with padding, in which every value has exactly one spelling.
#include "jeton/base64.hpp"

#include "core/base64_letters.hpp"

namespace jeton {

using base64_letters::Alphabet;

std::string base64(std::span<const unsigned char> bytes) {
  std::string text;
  base64_letters::append<Alphabet::standard>(text, bytes);
  text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

std::optional<std::vector<unsigned char>> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  // A third = is no letter, and what one or two of them stand for follows from the length of the rest.
  for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  std::vector<unsigned char> bytes(text.size() / 4 * 3 + 3);
  const auto length = base64_letters::decode<Alphabet::standard>(text, bytes);
  if (!length) return std::nullopt;
  bytes.resize(*length);
  return bytes;
}

}  // namespace jeton
