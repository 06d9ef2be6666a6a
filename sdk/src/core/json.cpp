// Strict parsing: nlohmann's lexer and grammar, our own handler, which is where everything ambiguous is refused.
#include "jeton/json.hpp"

#include <optional>
#include <utility>
#include <vector>

#include "core/json_rules.hpp"

namespace jeton {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// Whether the lexer gave up on a string for its characters rather than its grammar. The library says so only in words;
/// they come before "last read", after which the text quotes the input.
bool blames_characters(std::string_view what) {
  what = what.substr(0, what.find("; last read:"));
  return what.find("ill-formed UTF-8") != what.npos || what.find("surrogate U+D") != what.npos;
}

/// Builds the value from the parser's events. Keeps its own stack of open containers, so that depth costs neither stack
/// nor anything deeper than the limit, and so that every fault has a place.
class StrictReader final : public nlohmann::json_sax<Json> {
 public:
  explicit StrictReader(std::size_t depth_max) : depth_max_(depth_max) { open_.reserve(usual_depth); }

  bool null() override { return place(nullptr); }
  bool boolean(bool value) override { return place(value); }
  bool number_integer(number_integer_t value) override { return place_number(value); }
  bool number_unsigned(number_unsigned_t value) override { return place_number(value); }
  bool number_float(number_float_t value, const string_t&) override { return place_number(value); }
  bool binary(binary_t&) override { return fail(JsonFault::syntax, here()); }

  bool string(string_t& value) override {
    if (!is_clean_text(value)) return fail(JsonFault::bad_string, here());
    return place(std::move(value));
  }
  bool key(string_t& name) override {
    if (!is_clean_text(name)) return fail(JsonFault::bad_string, here());
    auto& open = open_.back();
    auto& members = open.container->get_ref<Json::object_t&>();
    const auto [member, fresh] = members.emplace(std::move(name), nullptr);
    open.member = &*member;
    return fresh || fail(JsonFault::duplicate_name, here());
  }

  bool start_object(std::size_t) override { return enter(Json::value_t::object); }
  bool start_array(std::size_t) override { return enter(Json::value_t::array); }
  bool end_object() override { return leave(); }
  bool end_array() override { return leave(); }

  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& error) override {
    constexpr int number_overflow = 406;
    if (error.id == number_overflow) return fail(JsonFault::bad_number, here());
    return fail(blames_characters(error.what()) ? JsonFault::bad_string : JsonFault::syntax, here());
  }

  [[nodiscard]] Json take_value() { return std::move(root_); }
  [[nodiscard]] JsonError take_error() { return std::move(error_).value_or(json_error(JsonFault::syntax, "")); }

 private:
  struct Open {
    Json* container;
    Json::object_t::value_type* member = nullptr;  // of an object: the one whose value is being read
  };

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

  bool fail(JsonFault fault, std::string pointer) {
    error_ = json_error(fault, std::move(pointer));
    return false;
  }

  static constexpr std::size_t usual_depth = 8;
  std::size_t depth_max_;
  Json root_;
  std::vector<Open> open_;
  std::optional<JsonError> error_;
};

}  // namespace

tl::expected<Json, JsonError> parse_json_strictly(std::string_view text, JsonLimits limits) {
  if (text.size() > limits.bytes) return tl::unexpected(json_error(JsonFault::too_large, ""));
  if (text.starts_with(byte_order_mark)) return tl::unexpected(json_error(JsonFault::syntax, ""));
  StrictReader reader(limits.depth);
  const bool good = Json::sax_parse(text.data(), text.data() + text.size(), &reader);
  if (!good) return tl::unexpected(reader.take_error());
  // The lexer takes a zero byte for the end of the text, whatever follows.
  if (text.find('\0') != text.npos) return tl::unexpected(json_error(JsonFault::syntax, ""));
  return reader.take_value();
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
