// The rules on strings and numbers that parsing and canonical writing share, and the wording of faults.
#include "core/json_rules.hpp"

#include <cmath>
#include <utility>

#include "core/byte_run.hpp"

namespace jeton {
namespace {

constexpr std::int64_t integer_max = 9007199254740991;  // 2^53-1
constexpr double digits_end_at = 1e21;                  // from here on ECMAScript writes an exponent

bool is_noncharacter(char32_t point) { return (point >= 0xFDD0 && point <= 0xFDEF) || (point & 0xFFFE) == 0xFFFE; }

struct Lead {
  std::size_t length;  // of the whole sequence; 0 for a byte that starts none
  char32_t bits;
  char32_t least;  // below it the sequence would be overlong
};

Lead lead(unsigned char byte) {
  if (byte < 0x80) return {1, byte, 0};
  if (byte >= 0xC2 && byte <= 0xDF) return {2, byte & 0x1FU, 0x80};
  if (byte >= 0xE0 && byte <= 0xEF) return {3, byte & 0x0FU, 0x800};
  if (byte >= 0xF0 && byte <= 0xF4) return {4, byte & 0x07U, 0x10000};
  return {0, 0, 0};
}

/// The length of the acceptable character that `text` starts with, 0 if there is none.
std::size_t clean_character(std::string_view text) {
  auto [length, point, least] = lead(static_cast<unsigned char>(text.front()));
  if (length == 0 || length > text.size()) return 0;
  for (std::size_t at = 1; at < length; ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if ((byte & 0xC0) != 0x80) return 0;
    point = (point << 6) | (byte & 0x3FU);
  }
  const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
  if (point < least || point > 0x10FFFF || surrogate || is_noncharacter(point)) return 0;
  return length;
}

/// A pointer fit for a message: names come from input and may be long, or made to upset a terminal.
std::string shown(std::string_view pointer) {
  constexpr std::size_t most = 120;
  if (pointer.empty()) return "the top level";
  std::string text;
  for (const char character : pointer) {
    const auto byte = static_cast<unsigned char>(character);
    if ((byte & 0xC0) == 0x80) continue;  // the rest of a character already shown as one mark
    if (text.size() == most) return text + "...";
    text += byte >= 0x20 && byte < 0x7F ? character : '?';
  }
  return text;
}

std::string worded(JsonFault fault, std::string_view pointer) {
  switch (fault) {
    case JsonFault::syntax: return "not valid JSON at " + shown(pointer);
    case JsonFault::too_large: return "the JSON text is too large; send less";
    case JsonFault::too_deep: return "nested too deeply at " + shown(pointer) + "; flatten it or send it as a string";
    case JsonFault::duplicate_name: return "the name at " + shown(pointer) + " appears twice; send it once";
    case JsonFault::bad_string:
      return "a string at " + shown(pointer) + " is not clean UTF-8 (no lone surrogates, no noncharacters)";
    case JsonFault::bad_number:
      return "the number at " + shown(pointer) + " does not survive as a double; send it as a string";
  }
  return "not valid JSON";
}

}  // namespace

bool is_clean_text(std::string_view text) {
  for (;;) {
    // Nearly all text is ASCII, and all of ASCII is clean.
    text.remove_prefix(run_length(text, [](auto byte) { return byte < std::uint8_t{0x80}; }));
    if (text.empty()) return true;
    const std::size_t length = clean_character(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
}

bool is_clean_number(double number) {
  const double size = std::fabs(number);
  return size <= static_cast<double>(integer_max) || (size >= digits_end_at && std::isfinite(number));
}

bool is_clean_number(std::int64_t number) { return number >= -integer_max && number <= integer_max; }

bool is_clean_number(std::uint64_t number) { return number <= static_cast<std::uint64_t>(integer_max); }

std::string pointer_step(std::string_view name) {
  std::string step = "/";
  for (const char character : name) {
    if (character == '~')
      step += "~0";
    else if (character == '/')
      step += "~1";
    else
      step += character;
  }
  return step;
}

std::string pointer_step(std::size_t index) { return "/" + std::to_string(index); }

JsonError json_error(JsonFault fault, std::string pointer) {
  std::string message = worded(fault, pointer);
  return JsonError{fault, std::move(pointer), std::move(message)};
}

}  // namespace jeton
