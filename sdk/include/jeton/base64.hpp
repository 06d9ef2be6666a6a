// base64 with padding, one encoding per value (RFC 4648 section 4): how C2SP notes, checkpoints and proofs write bytes.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace jeton {

[[nodiscard]] std::string base64(std::span<const unsigned char> bytes);

/// Nothing for missing padding, white space, another alphabet, or trailing bits that are not zero.
[[nodiscard]] std::optional<std::vector<unsigned char>> from_base64(std::string_view text);

}  // namespace jeton
