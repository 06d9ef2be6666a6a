// RFC 8785: the one sequence of bytes that a JSON value is hashed as.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <utility>
#include <vector>

#include "core/byte_run.hpp"
#include "core/json_rules.hpp"

namespace jeton {
namespace {

constexpr std::size_t canonical_depth_max = 66;

/// Order by UTF-16 code units without converting: it differs from the order of UTF-8 bytes only where a character
/// beyond the basic plane (lead byte F0 and up, a surrogate pair from D800) meets one of U+E000..U+FFFF (lead byte EE
/// or EF).
bool precedes_in_utf16(std::string_view a, std::string_view b) {
  const auto [left, right] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  if (left == a.end() || right == b.end()) return left == a.end() && right != b.end();
  const auto x = static_cast<unsigned char>(*left);
  const auto y = static_cast<unsigned char>(*right);
  if (x >= 0xF0 && (y == 0xEE || y == 0xEF)) return true;
  if (y >= 0xF0 && (x == 0xEE || x == 0xEF)) return false;
  return x < y;
}

/// Shortest decimal digits d1..dk of a positive number, and n with number = 0.d1..dk * 10^n.
struct Decimal {
  std::string digits;
  int point;
};

Decimal shortest(double number) {
  std::array<char, 32> buffer;
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, std::chars_format::scientific).ptr;
  const std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  const auto mark = text.find('e');
  int exponent = 0;
  std::from_chars(text.data() + mark + (text[mark + 1] == '+' ? 2 : 1), end, exponent);
  Decimal decimal{std::string(text.substr(0, mark)), exponent + 1};
  std::erase(decimal.digits, '.');
  return decimal;
}

/// ECMA-262 Number::toString, for a positive number.
std::string ecmascript_number(double number) {
  auto [digits, point] = shortest(number);
  const int count = static_cast<int>(digits.size());
  const auto zeros = [](int many) { return std::string(static_cast<std::size_t>(many), '0'); };
  if (count <= point && point <= 21) return digits + zeros(point - count);
  if (0 < point && point <= 21) return digits.insert(static_cast<std::size_t>(point), 1, '.');
  if (-6 < point && point <= 0) return "0." + zeros(-point) + digits;
  if (count > 1) digits.insert(1, 1, '.');
  return digits + (point > 0 ? "e+" : "e-") + std::to_string(std::abs(point - 1));
}

/// A fault found while writing; the pointer is put together from the inside out on the way back.
struct Fault {
  JsonFault what;
  std::string pointer;
};
using Outcome = std::optional<Fault>;

Outcome under(std::string step, Outcome outcome) {
  if (outcome) outcome->pointer.insert(0, step);
  return outcome;
}

/// Recursion goes as deep as `depth_max` allows and no further, so a hostile value cannot exhaust the stack.
class Writer {
 public:
  explicit Writer(std::size_t depth_max) : depth_max_(depth_max) { out_.reserve(usual_bytes); }

  Outcome write(const Json& value, std::size_t depth = 0) {
    switch (value.type()) {
      case Json::value_t::object: return write_object(value.get_ref<const Json::object_t&>(), depth + 1);
      case Json::value_t::array: return write_array(value.get_ref<const Json::array_t&>(), depth + 1);
      case Json::value_t::string: return write_string(value.get_ref<const std::string&>());
      case Json::value_t::boolean: return put(value.get<bool>() ? "true" : "false");
      case Json::value_t::number_integer: return write_integer(value.get<Json::number_integer_t>());
      case Json::value_t::number_unsigned: return write_integer(value.get<Json::number_unsigned_t>());
      case Json::value_t::number_float: return write_double(value.get<double>());
      case Json::value_t::null: return put("null");
      case Json::value_t::binary:
      case Json::value_t::discarded: break;
    }
    return Fault{JsonFault::syntax, ""};
  }

  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  Outcome put(std::string_view text) {
    out_ += text;
    return std::nullopt;
  }

  Outcome write_object(const Json::object_t& members, std::size_t depth) {
    if (depth > depth_max_) return Fault{JsonFault::too_deep, ""};
    std::vector<const Json::object_t::value_type*> sorted;
    sorted.reserve(members.size());
    for (const auto& member : members) sorted.push_back(&member);
    std::sort(sorted.begin(), sorted.end(), [](auto* a, auto* b) { return precedes_in_utf16(a->first, b->first); });
    char separator = '{';
    for (const auto* member : sorted) {
      out_ += std::exchange(separator, ',');
      if (auto fault = write_string(member->first)) return fault;
      out_ += ':';
      if (auto fault = write(member->second, depth)) return under(pointer_step(member->first), std::move(fault));
    }
    return put(members.empty() ? "{}" : "}");
  }

  Outcome write_array(const Json::array_t& elements, std::size_t depth) {
    if (depth > depth_max_) return Fault{JsonFault::too_deep, ""};
    out_ += '[';
    for (std::size_t index = 0; index < elements.size(); ++index) {
      if (index > 0) out_ += ',';
      if (auto fault = write(elements[index], depth)) return under(pointer_step(index), std::move(fault));
    }
    return put("]");
  }

  Outcome write_string(std::string_view text) {
    if (!is_clean_text(text)) return Fault{JsonFault::bad_string, ""};
    append_quoted(out_, text);
    return std::nullopt;
  }

  template <class Integer>
  Outcome write_integer(Integer number) {
    if (!is_clean_number(number)) return Fault{JsonFault::bad_number, ""};
    return put(std::to_string(number));
  }

  Outcome write_double(double number) {
    if (!is_clean_number(number)) return Fault{JsonFault::bad_number, ""};
    if (number == 0) return put("0");  // minus zero has no form of its own
    if (number < 0) out_ += '-';
    return put(ecmascript_number(std::abs(number)));
  }

  static constexpr std::size_t usual_bytes = 256;
  std::size_t depth_max_;
  std::string out_;
};

}  // namespace

void append_quoted(std::string& out, std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  const auto is_plain = [](auto byte) {
    return (byte >= std::uint8_t{0x20}) & (byte != std::uint8_t{'"'}) & (byte != std::uint8_t{'\\'});
  };
  out += '"';
  while (!text.empty()) {
    const auto plain = run_length(text, is_plain);
    out.append(text.substr(0, plain));
    if (plain == text.size()) break;
    switch (const char character = text[plain]; character) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\b': out += "\\b"; break;
      case '\t': out += "\\t"; break;
      case '\n': out += "\\n"; break;
      case '\f': out += "\\f"; break;
      case '\r': out += "\\r"; break;
      default: {
        const auto byte = static_cast<unsigned char>(character);
        ((out += "\\u00") += hex[byte >> 4]) += hex[byte & 0x0F];
      }
    }
    text.remove_prefix(plain + 1);
  }
  out += '"';
}

tl::expected<std::string, JsonError> canonical_json_at(std::string root, const Json& value, std::size_t depth_max) {
  Writer writer(depth_max);
  if (auto fault = writer.write(value))
    return tl::unexpected(json_error(fault->what, std::move(root) + fault->pointer));
  return writer.take();
}

Result<std::string> canonical_json(const Json& value) {
  auto bytes = canonical_json_at("", value, canonical_depth_max);
  if (!bytes) {
    Error error{Code::bad_arguments, std::move(bytes.error().message)};
    error.pointer = std::move(bytes.error().pointer);
    return refuse(std::move(error));
  }
  return std::move(*bytes);
}

}  // namespace jeton
