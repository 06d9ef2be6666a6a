// Lines and numbers as C2SP formats write them: every line ends in a line feed, and a number has one spelling.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace jeton {

/// The next line without its line feed, taken off the front; nothing where no line feed is left.
[[nodiscard]] inline std::optional<std::string_view> take_line(std::string_view& text) {
  const auto end = text.find('\n');
  if (end == text.npos) return std::nullopt;
  const auto line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

/// Nothing for a sign, a space, a leading zero, or more than 63 bits.
[[nodiscard]] inline std::optional<std::uint64_t> decimal_of(std::string_view text) {
  if (text.empty() || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number > INT64_MAX) return std::nullopt;
  return number;
}

}  // namespace jeton
