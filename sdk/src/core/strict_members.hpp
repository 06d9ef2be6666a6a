// Reading a JSON object of which every member is known: what is missing, of another form or unknown is a fault.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "jeton/json.hpp"

namespace jeton {

/// Reads the members of one object, keeping in `fault` only the first thing that is wrong anywhere. What it answers
/// after a fault is of the right type and without meaning.
class StrictMembers {
 public:
  StrictMembers(const Json& object, std::string_view where, std::string& fault);

  void allow_only(std::initializer_list<std::string_view> names);
  [[nodiscard]] bool has(std::string_view name) const { return object_.is_object() && object_.contains(name); }
  /// The member, or null with the fault noted.
  const Json& at(std::string_view name);
  std::string text(std::string_view name);
  std::int64_t integer(std::string_view name, std::int64_t least);

  template <class Value>
  Value parsed(std::string_view name) {
    const auto value = Value::parse(text(name));
    if (!value) blame_member(name, "is not base64url of the right length");
    return value.value_or(Value{});
  }

  void blame_member(std::string_view name, std::string_view why);

 private:
  void blame(std::string what) {
    if (fault_.empty()) fault_ = std::move(what);
  }

  const Json& object_;
  std::string_view where_;
  std::string& fault_;
};

}  // namespace jeton
