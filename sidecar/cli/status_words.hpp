// A value of `jeton status` for people: times as times, sizes and spans with their units.
#pragma once

#include <string>
#include <string_view>

#include "jeton/json.hpp"

namespace jeton::cli {

/// What `value` says under this name, in printable ASCII; the end of a name is its unit (_at, _bytes, _days, _s, _ms).
[[nodiscard]] std::string status_in_words(std::string_view name, const Json& value);

/// An entry of `trusted_issuers`: whose keys they are, how many, how old, from where, and what is wrong with them.
[[nodiscard]] std::string issuer_in_words(const Json& issuer);

}  // namespace jeton::cli
