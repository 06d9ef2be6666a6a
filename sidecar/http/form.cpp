// application/x-www-form-urlencoded, read strictly.
#include "http/form.hpp"

#include <algorithm>
#include <utility>

#include "jeton/json.hpp"

namespace jeton {
namespace {

constexpr std::size_t parameters_max = 64;
constexpr std::size_t parameters_usual = 8;
constexpr std::string_view form_type = "application/x-www-form-urlencoded";

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

/// RFC 9110 section 8.3.1: the type without regard to case, and whatever parameters it has.
bool is_form(std::string_view content_type) {
  auto type = content_type.substr(0, content_type.find(';'));
  while (type.ends_with(' ') || type.ends_with('\t')) type.remove_suffix(1);
  return std::equal(type.begin(), type.end(), form_type.begin(), form_type.end(),
                    [](char a, char b) { return lower(a) == b; });
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/// Nothing for an escape that is none, or bytes that are no text.
std::optional<std::string> unescaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  // A token has no escape, and memchr is faster than a look at each byte.
  if (text.find('%') == text.npos && text.find('+') == text.npos) out = std::exchange(text, {});
  while (!text.empty()) {
    const auto* special = std::find_if(text.begin(), text.end(), [](char c) { return c == '%' || c == '+'; });
    out.append(text.begin(), special);
    text.remove_prefix(static_cast<std::size_t>(special - text.begin()));
    if (text.empty()) break;
    if (text.front() == '+') {
      out += ' ';
      text.remove_prefix(1);
      continue;
    }
    if (text.size() < 3) return std::nullopt;
    const int high = digit_of(text[1]), low = digit_of(text[2]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    text.remove_prefix(3);
  }
  return is_clean_text(out) ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace

Result<Form> Form::of(const Request& request) {
  if (!is_form(request.content_type))
    return refuse(Code::bad_request, "the body must be application/x-www-form-urlencoded");
  Form form;
  form.parameters_.reserve(parameters_usual);
  std::string_view rest = request.body;
  for (std::size_t count = 0; !rest.empty(); ++count) {
    const auto end = std::min(rest.find('&'), rest.size());
    const auto pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (pair.empty()) continue;
    if (count >= parameters_max) return refuse(Code::bad_request, "the form has too many parameters");
    const auto equals = std::min(pair.find('='), pair.size());
    auto name = unescaped(pair.substr(0, equals));
    auto value = unescaped(equals < pair.size() ? pair.substr(equals + 1) : "");
    if (!name || !value) return refuse(Code::bad_request, "the form holds what is no percent-encoded UTF-8");
    if (form.find(*name) != nullptr)
      return refuse(Code::bad_request, "a parameter stands twice; every one is given once");
    form.parameters_.push_back({std::move(*name), std::move(*value)});
  }
  return form;
}

const std::string* Form::find(std::string_view name) const {
  const auto found =
      std::find_if(parameters_.begin(), parameters_.end(), [name](const Parameter& one) { return one.name == name; });
  return found == parameters_.end() ? nullptr : &found->value;
}

std::optional<std::string_view> Form::text(std::string_view name) const {
  const auto* value = find(name);
  return value == nullptr || value->empty() ? std::nullopt : std::optional<std::string_view>(*value);
}

}  // namespace jeton
