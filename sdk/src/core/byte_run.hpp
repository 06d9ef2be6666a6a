// How far a text goes on with bytes of one kind, sixteen at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace jeton {

/// The length of the longest beginning of which every byte `is` so. It is asked of one byte and of a vector of them, so
/// it is written with & and | and constants of one byte.
template <class Is>
std::size_t run_length(std::string_view text, Is is) {
  using Bytes = std::uint8_t __attribute__((vector_size(16)));
  std::size_t at = 0;
  for (; at + sizeof(Bytes) <= text.size(); at += sizeof(Bytes)) {
    Bytes bytes;
    std::memcpy(&bytes, text.data() + at, sizeof bytes);
    const auto fits = is(bytes);  // all ones where it is
    std::uint64_t halves[2];
    std::memcpy(halves, &fits, sizeof halves);
    if ((halves[0] & halves[1]) != ~std::uint64_t{0}) break;
  }
  while (at < text.size() && is(static_cast<std::uint8_t>(text[at]))) ++at;
  return at;
}

}  // namespace jeton
