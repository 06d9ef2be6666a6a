// Lines, numbers and hashes as C2SP formats write them: every line ends in a line feed, and each value has one
// spelling.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "jeton/base64.hpp"
#include "jeton/hash.hpp"

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

/// The hashes of a way through the tree, one a line in base64, and the empty line behind them, taken off the front.
/// Nothing where a line is no hash, the empty line is missing, or there are more than 63: no tree is higher.
[[nodiscard]] inline std::optional<std::vector<Sha256>> take_path(std::string_view& text) {
  constexpr std::size_t path_max = 63;
  std::vector<Sha256> path;
  for (;;) {
    const auto line = take_line(text);
    if (!line) return std::nullopt;
    if (line->empty()) return path;
    const auto bytes = from_base64(*line);
    if (!bytes || bytes->size() != sizeof(Sha256) || path.size() == path_max) return std::nullopt;
    std::copy(bytes->begin(), bytes->end(), path.emplace_back().begin());
  }
}

}  // namespace jeton
