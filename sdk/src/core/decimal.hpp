// A number as C2SP formats write it: decimal digits, no sign, no leading zero.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace jeton {

/// Nothing for a sign, a space, a leading zero, or more than 63 bits.
[[nodiscard]] inline std::optional<std::uint64_t> decimal_of(std::string_view text) {
  if (text.empty() || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number > INT64_MAX) return std::nullopt;
  return number;
}

}  // namespace jeton
