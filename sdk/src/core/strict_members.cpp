// One member after the other, and the first fault of all of them.
#include "core/strict_members.hpp"

#include <algorithm>

#include "core/compact_jws.hpp"

namespace jeton {
namespace {

constexpr std::int64_t integer_max = (std::int64_t{1} << 53) - 1;

/// Names are the sender's text: only short plain ones are repeated in a message.
std::string plain(std::string_view name) {
  const bool repeatable = !name.empty() && name.size() <= 32 && std::all_of(name.begin(), name.end(), [](char c) {
    return may_stand_in_a_jws(c) || c == '#' || c == ':' || c == '/';
  });
  return repeatable ? std::string(name) : "with an unusual name";
}

}  // namespace

StrictMembers::StrictMembers(const Json& object, std::string_view where, std::string& fault)
    : object_(object), where_(where), fault_(fault) {
  if (!object.is_object()) blame(std::string(where_) + " is not an object");
}

void StrictMembers::allow_only(std::initializer_list<std::string_view> names) {
  if (!object_.is_object()) return;
  for (const auto& member : object_.items())
    if (std::find(names.begin(), names.end(), member.key()) == names.end())
      return blame(std::string(where_) + " has a member it must not have: " + plain(member.key()));
}

const Json& StrictMembers::at(std::string_view name) {
  static const Json nothing;
  if (has(name)) return *object_.find(name);
  blame_member(name, "is missing");
  return nothing;
}

std::string StrictMembers::text(std::string_view name) {
  const auto* value = at(name).get_ptr<const std::string*>();
  if (value != nullptr && !value->empty()) return *value;
  blame_member(name, "is not a string with something in it");
  return {};
}

std::int64_t StrictMembers::integer(std::string_view name, std::int64_t least) {
  const auto& value = at(name);
  // Unsigned first: a value over the range of int64 must not come back negative.
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > static_cast<std::uint64_t>(integer_max)) {
    blame_member(name, "is over 2^53-1");
  } else if (!value.is_number_integer() || value.get<std::int64_t>() < least) {
    blame_member(name, "is not an integer of at least " + std::to_string(least));
  } else {
    return value.get<std::int64_t>();
  }
  return least;
}

void StrictMembers::blame_member(std::string_view name, std::string_view why) {
  blame("the member " + std::string(name) + " of " + std::string(where_) + " " + std::string(why));
}

}  // namespace jeton
