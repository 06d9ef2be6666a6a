// base64url without padding, one encoding per value (RFC 4648 section 5, RFC 7515 section 2).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace jeton {

[[nodiscard]] std::string base64url(std::span<const unsigned char> bytes);
void append_base64url(std::string& out, std::span<const unsigned char> bytes);

/// Nothing for padding, white space, another alphabet, an impossible length, or trailing bits that are not zero.
[[nodiscard]] std::optional<std::vector<unsigned char>> from_base64url(std::string_view text);

/// Decodes into `out`, which must be exactly filled; false for anything else.
[[nodiscard]] bool from_base64url(std::string_view text, std::span<unsigned char> out);

}  // namespace jeton
