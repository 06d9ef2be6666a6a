// The one way JSON comes in (strict) and the one way it is canonical on the way out (RFC 8785).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "jeton/error.hpp"

namespace jeton {

using Json = nlohmann::json;

/// What a text may not exceed. Depth counts containers: `{}` is 1. More than 256 counts as 256.
struct JsonLimits {
  std::size_t bytes = 1 << 20;
  std::size_t depth = 64;
};

/// Why a text is not acceptable JSON.
enum class JsonFault {
  syntax,          ///< not RFC 8259
  too_large,       ///< over JsonLimits::bytes
  too_deep,        ///< over JsonLimits::depth
  duplicate_name,  ///< RFC 7493 section 2.3
  bad_string,      ///< invalid UTF-8, a lone surrogate or a noncharacter (RFC 7493 section 2.1)
  bad_number,      ///< canonically an integer beyond 2^53-1, below 1e21; beyond a double; an exponent beyond 31 bits
};

/// A fault and the JSON Pointer (RFC 6901) of the member it was found in or under; "" is the whole text.
struct JsonError {
  JsonFault fault;
  std::string pointer;
  std::string message;  ///< names the member, never the value
};

/// Parses the whole text, strictly: one value, UTF-8, no duplicate names, no number a double would change silently.
/// Recurses once a container, so that `limits.depth` bounds the stack.
[[nodiscard]] tl::expected<Json, JsonError> parse_json_strictly(std::string_view text, JsonLimits limits = {});

/// The same with the fault as a refusal of the given code.
[[nodiscard]] Result<Json> parse_json(std::string_view text, Code code_on_fault, JsonLimits limits = {});

/// What a string may hold, in both directions: valid UTF-8 (RFC 3629) without surrogates and without noncharacters (RFC
/// 7493 section 2.1).
[[nodiscard]] bool is_clean_text(std::string_view text);

/// RFC 8785 bytes. Fails with bad_arguments for a value that no strict text could hold (a number out of range, a
/// string that is not UTF-8, depth over 66): values built in code pass the same rules as values that were parsed.
[[nodiscard]] Result<std::string> canonical_json(const Json& value);

}  // namespace jeton
