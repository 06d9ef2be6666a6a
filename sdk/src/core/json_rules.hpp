// Which strings and numbers are JSON that cannot be misread, in both directions, and how a fault is worded.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "jeton/json.hpp"

namespace jeton {

/// Whether the canonical form is one that every reader reads alike: finite, and not an integer beyond 2^53-1 that would
/// be written out in digits (RFC 8785 section 3.2.2.3, RFC 7493 section 2.2).
[[nodiscard]] bool is_clean_number(double number);
[[nodiscard]] bool is_clean_number(std::int64_t number);
[[nodiscard]] bool is_clean_number(std::uint64_t number);

/// Appends a text that is clean as an RFC 8785 string, with its quotes.
void append_quoted(std::string& out, std::string_view text);

/// One step of a JSON Pointer, with its slash, escaped (RFC 6901 section 3).
[[nodiscard]] std::string pointer_step(std::string_view name);
[[nodiscard]] std::string pointer_step(std::size_t index);

/// The error with its message. Only the pointer goes into it, shortened and in printable ASCII, since names are input.
[[nodiscard]] JsonError json_error(JsonFault fault, std::string pointer);

/// canonical_json with a depth of one's own and the pointer kept. `root` stands before every pointer.
[[nodiscard]] tl::expected<std::string, JsonError> canonical_json_at(std::string root, const Json& value,
                                                                     std::size_t depth_max);

}  // namespace jeton
