// base64 of either alphabet: one text for each value, computed without a table that a secret could be read from.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace jeton::base64_letters {

/// RFC 4648: section 4, with padding, or section 5, here without.
enum class Alphabet { standard, url };

/// All ones where `low <= c <= high`, else 0. Of 0 to 255.
constexpr int within(int c, int low, int high) { return ((low - 1 - c) & (c - high - 1)) >> 8; }

/// All ones where `value > bound`, else 0.
constexpr int above(int value, int bound) { return (bound - value) >> 8; }

/// Of a value up to 63, without a branch or a look-up: their time would depend on it. Each mask adds the distance
/// between one run of letters and the next.
template <Alphabet alphabet>
constexpr char letter(int value) {
  constexpr int sixty_two = alphabet == Alphabet::url ? '-' : '+';
  constexpr int sixty_three = alphabet == Alphabet::url ? '_' : '/';
  return static_cast<char>('A' + value + (above(value, 25) & ('a' - 'Z' - 1)) + (above(value, 51) & ('0' - 'z' - 1)) +
                           (above(value, 61) & (sixty_two - '9' - 1)) +
                           (above(value, 62) & (sixty_three - sixty_two - 1)));
}

/// The value of a letter; negative for any other byte.
template <Alphabet alphabet>
constexpr int value(char letter) {
  constexpr int sixty_two = alphabet == Alphabet::url ? '-' : '+';
  constexpr int sixty_three = alphabet == Alphabet::url ? '_' : '/';
  const int c = static_cast<unsigned char>(letter);
  return ((within(c, 'A', 'Z') & (c - 'A' + 1)) | (within(c, 'a', 'z') & (c - 'a' + 27)) |
          (within(c, '0', '9') & (c - '0' + 53)) | (within(c, sixty_two, sixty_two) & 63) |
          (within(c, sixty_three, sixty_three) & 64)) -
         1;
}

/// Sixteen letters at once, by the same arithmetic: a comparison of vectors is a mask a letter.
using Letters = std::uint8_t __attribute__((vector_size(16)));

inline Letters within(Letters c, std::uint8_t low, std::uint8_t high) {
  return reinterpret_cast<Letters>((c >= low) & (c <= high));
}

/// The value of each; `wrong` gets all ones where there is no letter.
template <Alphabet alphabet>
Letters values(Letters c, Letters& wrong) {
  constexpr std::uint8_t sixty_two = alphabet == Alphabet::url ? '-' : '+';
  constexpr std::uint8_t sixty_three = alphabet == Alphabet::url ? '_' : '/';
  constexpr std::uint8_t from_a = 'a' - 26, to_digits = 52 - '0';
  const Letters upper = within(c, 'A', 'Z'), lower = within(c, 'a', 'z'), digit = within(c, '0', '9');
  const Letters last = within(c, sixty_two, sixty_two), very_last = within(c, sixty_three, sixty_three);
  wrong |= ~(upper | lower | digit | last | very_last);
  return (upper & (c - 'A')) | (lower & (c - from_a)) | (digit & (c + to_digits)) | (last & 62) | (very_last & 63);
}

/// Sixteen values to twelve bytes.
inline void pack(Letters values, unsigned char* out) {
  unsigned char value[16];
  std::memcpy(value, &values, sizeof value);
  for (int i = 0; i < 4; ++i, out += 3) {
    const auto* four = value + 4 * i;
    const unsigned group = static_cast<unsigned>(four[0]) << 18U | static_cast<unsigned>(four[1]) << 12U |
                           static_cast<unsigned>(four[2]) << 6U | four[3];
    out[0] = static_cast<unsigned char>(group >> 16U);
    out[1] = static_cast<unsigned char>(group >> 8U);
    out[2] = static_cast<unsigned char>(group);
  }
}

/// The letter of each, by the same arithmetic.
template <Alphabet alphabet>
Letters letters(Letters values) {
  constexpr std::uint8_t sixty_two = alphabet == Alphabet::url ? '-' : '+';
  constexpr std::uint8_t sixty_three = alphabet == Alphabet::url ? '_' : '/';
  constexpr std::uint8_t from_26 = 'a' - 'Z' - 1, from_52 = std::uint8_t('0' - 'z' - 1);
  constexpr std::uint8_t from_62 = std::uint8_t(sixty_two - '9' - 1),
                         from_63 = std::uint8_t(sixty_three - sixty_two - 1);
  const auto above = [&values](std::uint8_t bound) { return reinterpret_cast<Letters>(values > bound); };
  return values + 'A' + (above(25) & from_26) + (above(51) & from_52) + (above(61) & from_62) + (above(62) & from_63);
}

/// Twelve bytes to sixteen values.
inline Letters unpack(const unsigned char* in) {
  unsigned char value[16];
  for (int i = 0; i < 4; ++i, in += 3) {
    const auto group = static_cast<unsigned>(in[0] << 16U | in[1] << 8U | in[2]);
    value[4 * i] = static_cast<unsigned char>(group >> 18U);
    value[4 * i + 1] = static_cast<unsigned char>(group >> 12U & 63U);
    value[4 * i + 2] = static_cast<unsigned char>(group >> 6U & 63U);
    value[4 * i + 3] = static_cast<unsigned char>(group & 63U);
  }
  Letters values;
  std::memcpy(&values, value, sizeof values);
  return values;
}

/// No padding: three bytes make four letters, one makes two, two make three.
template <Alphabet alphabet>
void append(std::string& text, std::span<const unsigned char> bytes) {
  const auto before = text.size();
  text.resize(before + (bytes.size() * 4 + 2) / 3);
  char* out = text.data() + before;
  std::size_t i = 0;
  for (; i + 12 <= bytes.size(); i += 12, out += sizeof(Letters)) {
    const auto sixteen = letters<alphabet>(unpack(bytes.data() + i));
    std::memcpy(out, &sixteen, sizeof sixteen);
  }
  for (; i + 3 <= bytes.size(); i += 3, out += 4) {
    const unsigned group = bytes[i] << 16U | bytes[i + 1] << 8U | bytes[i + 2];
    out[0] = letter<alphabet>(static_cast<int>(group >> 18));
    out[1] = letter<alphabet>(static_cast<int>(group >> 12 & 63));
    out[2] = letter<alphabet>(static_cast<int>(group >> 6 & 63));
    out[3] = letter<alphabet>(static_cast<int>(group & 63));
  }
  if (i == bytes.size()) return;
  const unsigned group = bytes[i] << 16U | (i + 1 < bytes.size() ? bytes[i + 1] << 8U : 0U);
  for (int shift = 18; out != text.data() + text.size(); shift -= 6)
    *out++ = letter<alphabet>(static_cast<int>(group >> shift & 63));
}

/// The number of bytes, or nothing: `text` has another byte, a length that no value has, or bits beyond the last byte
/// that are not zero, or `out` is too small. No padding.
template <Alphabet alphabet>
std::optional<std::size_t> decode(std::string_view text, std::span<unsigned char> out) {
  const auto tail = text.size() % 4;
  const auto size = text.size() / 4 * 3 + (tail == 0 ? 0 : tail - 1);
  if (tail == 1 || size > out.size()) return std::nullopt;
  int all = 0;  // its sign tells whether one of them was no letter
  const auto group_at = [&](std::size_t first, std::size_t letters) {
    unsigned group = 0;
    for (std::size_t i = 0; i < letters; ++i) {
      const int one = value<alphabet>(text[first + i]);
      all |= one;
      group |= (static_cast<unsigned>(one) & 63U) << (18 - 6 * i);
    }
    return group;
  };
  auto* at = out.data();
  std::size_t first = 0;
  Letters wrong{};
  for (; first + sizeof(Letters) <= text.size(); first += sizeof(Letters), at += 12) {
    Letters letters;
    std::memcpy(&letters, text.data() + first, sizeof letters);
    pack(values<alphabet>(letters, wrong), at);
  }
  std::uint64_t halves[2];
  std::memcpy(halves, &wrong, sizeof halves);
  for (; first + 4 <= text.size(); first += 4, at += 3) {
    const auto group = group_at(first, 4);
    at[0] = static_cast<unsigned char>(group >> 16);
    at[1] = static_cast<unsigned char>(group >> 8);
    at[2] = static_cast<unsigned char>(group);
  }
  unsigned rest = 0;
  if (tail != 0) {
    const auto group = group_at(text.size() - tail, tail);
    for (std::size_t i = 0; i + 1 < tail; ++i) at[i] = static_cast<unsigned char>(group >> (16 - 8 * i));
    rest = group & (0xFFFFFFU >> (8 * (tail - 1)));
  }
  if ((halves[0] | halves[1]) != 0 || all < 0 || rest != 0) return std::nullopt;
  return size;
}

}  // namespace jeton::base64_letters
