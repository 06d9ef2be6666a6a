// How deep do the dotted keys of a TOML text go? Asked before it is parsed: the parser's own limit does not count them.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace jeton {

/// Parts a key may have; no key of a configuration has more than three.
inline constexpr std::size_t key_parts_max = 8;

/// The line of the first key with more parts, in the text as far as it is TOML; what follows a mistake is not looked at
/// by the parser either.
[[nodiscard]] std::optional<std::size_t> line_of_too_deep_key(std::string_view text);

}  // namespace jeton
