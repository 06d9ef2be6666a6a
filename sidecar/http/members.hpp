// One reader for all JSON bodies: each member is asked for by name, and what nobody asked for is refused.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "http/decode.hpp"
#include "jeton/event.hpp"
#include "jeton/json.hpp"

namespace jeton {

/// Reads the members of one object; the first mistake is kept, later reads then give empty values.
class Members {
 public:
  explicit Members(Json& object) : object_(object) {}

  const Json* find(const char* name) {
    read_.emplace_back(name);
    const auto found = object_.find(name);
    return found == object_.end() ? nullptr : &*found;
  }
  /// A member that is there, without a copy.
  Json take(const char* name) { return std::move(object_[name]); }

  std::optional<std::string> optional_text(const char* name, bool (*valid)(std::string_view), std::string_view form) {
    const auto* value = find(name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_string() || !valid(value->get_ref<const std::string&>())) {
      wrong(name, form);
      return std::nullopt;
    }
    return value->get<std::string>();
  }

  std::string text(const char* name, bool (*valid)(std::string_view), std::string_view form) {
    auto value = optional_text(name, valid, form);
    if (!value) wrong(name, form);
    return value.value_or("");
  }

  std::optional<std::string> optional_id(const char* name) {
    return optional_text(name, is_log_id, "1 to 128 characters of [!-~]");
  }

  template <class Tag>
  std::optional<Id<Tag>> optional_id128(const char* name) {
    const auto text = optional_text(
        name, [](std::string_view t) { return Id<Tag>::parse(t).has_value(); }, "22 characters of base64url");
    return text ? Id<Tag>::parse(*text) : std::nullopt;
  }

  std::optional<std::int64_t> optional_count(const char* name) {
    const auto* value = find(name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_number_integer() || value->get<std::int64_t>() < 0 ||
        value->get<std::int64_t>() > (std::int64_t{1} << 53) - 1) {
      wrong(name, "an integer from 0 to 2^53-1");
      return std::nullopt;
    }
    return value->get<std::int64_t>();
  }

  void wrong(std::string_view name, std::string_view form) {
    fail({Code::bad_request, fmt::format("member \"{}\" must be {}", name, form)});
  }
  void fail(Error error) {
    if (!error_) error_ = std::move(error);
  }

  /// The first mistake, or a member nobody asked for.
  [[nodiscard]] std::optional<Error> mistake() const {
    if (error_) return error_;
    for (const auto& [name, value] : object_.items())
      if (std::find(read_.begin(), read_.end(), name) == read_.end())
        return Error{Code::bad_request, fmt::format("unknown member \"{}\"", escape_for_log(name.substr(0, 64)))};
    return std::nullopt;
  }

 private:
  Json& object_;
  std::vector<std::string> read_;
  std::optional<Error> error_;
};

/// The tool, by the member of this name, and exactly one of arguments and args_digest.
[[nodiscard]] CallBinding read_binding(Members& in, const char* tool, const DecodeLimits& limits);

}  // namespace jeton
