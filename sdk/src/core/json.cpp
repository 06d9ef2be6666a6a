// Strict parsing: Boost's lexer and grammar, our own handler, which is where everything ambiguous is refused.
#include "jeton/json.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include <boost/json/basic_parser_impl.hpp>

#include "core/json_rules.hpp"

namespace jeton {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
/// The parser recurses, and a thread's stack has an end.
constexpr std::size_t deepest = 256;

/// What a second reader of a text that is no JSON says of its first fault: Boost has one code for a string's characters
/// and its grammar, nlohmann's lexer has words.
class SecondReader final : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool key(string_t&) override { return true; }
  bool start_object(std::size_t) override { return true; }
  bool end_object() override { return true; }
  bool start_array(std::size_t) override { return true; }
  bool end_array() override { return true; }
  /// The words come before "last read", after which the text quotes the input.
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& error) override {
    auto what = std::string_view(error.what());
    what = what.substr(0, what.find("; last read:"));
    blames_characters_ = what.find("ill-formed UTF-8") != what.npos || what.find("surrogate U+D") != what.npos;
    return false;
  }
  [[nodiscard]] bool blames_characters() const { return blames_characters_; }

 private:
  bool blames_characters_ = false;
};

JsonFault fault_of(std::string_view text, const boost::system::error_code& error) {
  if (error == boost::json::error::exponent_overflow) return JsonFault::bad_number;
  SecondReader second;
  (void)Json::sax_parse(text.data(), text.data() + text.size(), &second);
  return second.blames_characters() ? JsonFault::bad_string : JsonFault::syntax;
}

/// Builds the value from the parser's events. Keeps its own stack of open containers, so that nothing gets deeper than
/// the limit and every fault has a place.
class StrictReader {
 public:
  using ErrorCode = boost::system::error_code;
  using Text = boost::json::string_view;
  static constexpr auto max_array_size = std::numeric_limits<std::size_t>::max();
  static constexpr auto max_object_size = max_array_size;
  static constexpr auto max_string_size = max_array_size;
  static constexpr auto max_key_size = max_array_size;

  explicit StrictReader(std::size_t depth_max) : depth_max_(depth_max) { open_.reserve(usual_depth); }

  bool on_document_begin(ErrorCode&) { return true; }
  bool on_document_end(ErrorCode&) { return true; }
  bool on_object_begin(ErrorCode&) { return enter(Json::value_t::object); }
  bool on_object_end(std::size_t, ErrorCode&) { return leave(); }
  bool on_array_begin(ErrorCode&) { return enter(Json::value_t::array); }
  bool on_array_end(std::size_t, ErrorCode&) { return leave(); }

  bool on_null(ErrorCode&) { return place(nullptr); }
  bool on_bool(bool value, ErrorCode&) { return place(value); }
  /// Signed where a sign was written: -0 is no count of anything.
  bool on_int64(std::int64_t value, Text digits, ErrorCode&) {
    return digits.starts_with('-') ? place_number(value) : place_number(static_cast<std::uint64_t>(value));
  }
  bool on_uint64(std::uint64_t value, Text, ErrorCode&) { return place_number(value); }
  /// The parser's own value can be wrong in its last bits; what is too small for a double is nothing.
  bool on_double(double near, Text digits, ErrorCode&) {
    double value = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (read.ec == std::errc()) return place_number(value);
    return std::fabs(near) < 1 ? place(std::copysign(0.0, near)) : fail(JsonFault::bad_number, here());
  }
  bool on_number_part(Text, ErrorCode&) { return true; }

  bool on_string_part(Text part, std::size_t, ErrorCode&) { return keep(part); }
  bool on_string(Text last, std::size_t, ErrorCode&) {
    auto text = whole(last);
    if (!is_clean_text(text)) return fail(JsonFault::bad_string, here());
    return place(std::move(text));
  }
  bool on_key_part(Text part, std::size_t, ErrorCode&) { return keep(part); }
  bool on_key(Text last, std::size_t, ErrorCode&) {
    auto name = whole(last);
    if (!is_clean_text(name)) return fail(JsonFault::bad_string, here());
    auto& open = open_.back();
    auto& members = open.container->get_ref<Json::object_t&>();
    const auto [member, fresh] = members.emplace(std::move(name), nullptr);
    open.member = &*member;
    return fresh || fail(JsonFault::duplicate_name, here());
  }

  bool on_comment_part(Text, ErrorCode&) { return false; }
  bool on_comment(Text, ErrorCode&) { return false; }

  [[nodiscard]] Json take_value() { return std::move(root_); }
  /// Of a text that the parser itself refused there is none.
  [[nodiscard]] std::optional<JsonError> take_error() { return std::move(error_); }

  /// The member being read. In the innermost array that is the element to come, in an outer one the open one.
  [[nodiscard]] std::string here() const {
    std::string pointer;
    for (const auto& open : open_) {
      if (open.member != nullptr) pointer += pointer_step(open.member->first);
      const std::size_t unfinished = &open == &open_.back() ? 0 : 1;
      if (open.container->is_array()) pointer += pointer_step(open.container->size() - unfinished);
    }
    return pointer;
  }

 private:
  struct Open {
    Json* container;
    Json::object_t::value_type* member = nullptr;  // of an object: the one whose value is being read
  };

  /// A string with escapes comes in pieces.
  bool keep(Text part) {
    pieces_.append(part.data(), part.size());
    return true;
  }
  std::string whole(Text last) {
    if (pieces_.empty()) return {last.data(), last.size()};
    return std::exchange(pieces_, {}).append(last.data(), last.size());
  }

  /// Where the next value goes. Addresses hold: a container does not grow while one of its members is open.
  Json& slot() {
    if (open_.empty()) return root_;
    auto& open = open_.back();
    if (open.member != nullptr) return open.member->second;
    return open.container->get_ref<Json::array_t&>().emplace_back();
  }

  bool place(Json value) {
    slot() = std::move(value);
    return close_member();
  }

  template <class Number>
  bool place_number(Number value) {
    return is_clean_number(value) ? place(value) : fail(JsonFault::bad_number, here());
  }

  bool enter(Json::value_t type) {
    if (open_.size() >= depth_max_) return fail(JsonFault::too_deep, here());
    Json& container = slot();
    container = Json(type);
    open_.push_back(Open{&container});
    return true;
  }

  bool leave() {
    open_.pop_back();
    return close_member();
  }

  bool close_member() {
    if (!open_.empty()) open_.back().member = nullptr;
    return true;
  }

  bool fail(JsonFault fault, std::string pointer) {
    error_ = json_error(fault, std::move(pointer));
    return false;
  }

  static constexpr std::size_t usual_depth = 8;
  std::size_t depth_max_;
  Json root_;
  std::vector<Open> open_;
  std::string pieces_;
  std::optional<JsonError> error_;
};

}  // namespace

tl::expected<Json, JsonError> parse_json_strictly(std::string_view text, JsonLimits limits) {
  if (text.size() > limits.bytes) return tl::unexpected(json_error(JsonFault::too_large, ""));
  if (text.starts_with(byte_order_mark)) return tl::unexpected(json_error(JsonFault::syntax, ""));
  const auto depth = std::min(limits.depth, deepest);
  boost::json::parse_options options;
  options.max_depth = depth + 1;      // the handler refuses before, and knows the place
  options.allow_invalid_utf8 = true;  // the handler looks at every string anyway
  boost::json::basic_parser<StrictReader> parser(options, depth);
  boost::system::error_code error;
  const auto used = parser.write_some(false, text.data(), text.size(), error);
  auto& reader = parser.handler();
  if (!error && used == text.size()) return reader.take_value();
  if (auto refusal = reader.take_error()) return tl::unexpected(std::move(*refusal));
  return tl::unexpected(json_error(fault_of(text, error), reader.here()));
}

Result<Json> parse_json(std::string_view text, Code code_on_fault, JsonLimits limits) {
  auto parsed = parse_json_strictly(text, limits);
  if (!parsed) {
    Error error{code_on_fault, std::move(parsed.error().message)};
    error.pointer = std::move(parsed.error().pointer);
    return refuse(std::move(error));
  }
  return std::move(*parsed);
}

}  // namespace jeton
