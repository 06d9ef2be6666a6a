// Values out of a fuzzer's bytes, until they run out; then zeros and empty texts.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "fuzz/targets.hpp"

namespace jeton::fuzz {

class Take {
 public:
  explicit Take(Bytes bytes) : rest_(bytes) {}

  [[nodiscard]] bool empty() const { return rest_.empty(); }
  unsigned char byte() {
    if (rest_.empty()) return 0;
    const auto first = rest_.front();
    rest_ = rest_.subspan(1);
    return first;
  }
  std::int64_t number() {
    std::uint64_t value = 0;
    for (int i = 0; i < 8; ++i) value = value << 8 | byte();
    return static_cast<std::int64_t>(value);
  }
  /// A length byte, then that many bytes.
  std::string text() {
    const std::size_t wanted = byte();
    const auto size = std::min(wanted, rest_.size());
    const std::string out(text_of(rest_.first(size)));
    rest_ = rest_.subspan(size);
    return out;
  }
  void fill(std::span<unsigned char> out) {
    for (auto& b : out) b = byte();
  }

 private:
  Bytes rest_;
};

}  // namespace jeton::fuzz
