// base64 of either alphabet out of libsodium, without the bytes over 127 that its decoder takes for letters.
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>

#include <sodium.h>

namespace jeton {

/// The number of bytes decoded, or nothing. No ignored characters and no end pointer: all of `text` has to decode.
[[nodiscard]] inline std::optional<std::size_t> sodium_decode(std::string_view text, int variant,
                                                              std::span<unsigned char> out) {
  if (text.empty() || out.empty()) return text.empty() ? std::optional<std::size_t>(0) : std::nullopt;
  if (std::any_of(text.begin(), text.end(), [](unsigned char c) { return c > 127; })) return std::nullopt;
  std::size_t length = 0;
  const int outcome =
      sodium_base642bin(out.data(), out.size(), text.data(), text.size(), nullptr, &length, nullptr, variant);
  return outcome == 0 ? std::optional(length) : std::nullopt;
}

}  // namespace jeton
