// SHA-256 and HMAC-SHA-256 as values, and comparison in constant time.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

namespace jeton {

using Sha256 = std::array<unsigned char, 32>;

[[nodiscard]] Sha256 sha256(std::span<const unsigned char> bytes);
[[nodiscard]] Sha256 sha256(std::string_view text);
[[nodiscard]] Sha256 hmac_sha256(std::span<const unsigned char> key, std::span<const unsigned char> message);

/// Lower-case hex, as `sha256sum` prints it and the log shows it.
[[nodiscard]] std::string hex(std::span<const unsigned char> bytes);

/// Takes as long for equal as for different inputs of one length.
[[nodiscard]] bool equal_in_constant_time(std::span<const unsigned char> a, std::span<const unsigned char> b);

[[nodiscard]] inline std::span<const unsigned char> as_bytes(std::string_view text) {
  return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
}

}  // namespace jeton
