// What can go wrong, in one table: every code with its sentence, HTTP status, OAuth error and exit status.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace jeton {

/// The stable codes. The same text in C++, HTTP, every binding and the log; the numbers are stored and never reused.
enum class Code : std::uint8_t {
  bad_request = 1,
  bad_arguments = 2,
  unattested_peer = 3,
  unknown_agent = 4,
  agent_disabled = 5,
  wrong_role = 6,
  no_grant = 7,
  denied_by_policy = 8,
  unknown_server = 9,
  unknown_call = 10,
  internal = 11,
  bad_token = 12,
  bad_signature = 13,
  unknown_key = 14,
  wrong_issuer = 15,
  expired = 16,
  not_yet_valid = 17,
  revoked = 18,
  superseded = 19,
  wrong_audience = 20,
  wrong_tool = 21,
  args_mismatch = 22,
  already_redeemed = 23,
  too_many_attempts = 24,
  call_mismatch = 25,
  rate_limited = 26,
  overloaded = 27,
  log_unavailable = 28,
  sidecar_unavailable = 29,  ///< only ever made on the client side
};

/// One row of the table. `exit` is the exit status of every `jeton` command that meets the code.
struct CodeFacts {
  Code code;
  std::string_view name;
  std::string_view sentence;
  int http;
  std::string_view oauth;
  int exit;
};

/// The whole table, in the order of the numbers.
[[nodiscard]] std::span<const CodeFacts> all_codes();
[[nodiscard]] const CodeFacts& facts(Code code);
[[nodiscard]] std::string_view name_of(Code code);
[[nodiscard]] std::optional<Code> code_named(std::string_view name);

/// A refusal or a failure. `message` is lower case, says what to do next where there is something to do, and never
/// holds a token, a key or an argument value.
struct Error {
  Code code;
  std::string message;
  std::optional<std::string> txn = std::nullopt;
  std::optional<std::uint64_t> log_index = std::nullopt;
  /// The JSON Pointer (RFC 6901) of the member at fault, within the arguments or the text that was read; "" is all of
  /// it.
  std::optional<std::string> pointer = std::nullopt;
};

/// What a caller can meet on a good day. What should never happen throws.
template <class T>
using Result = tl::expected<T, Error>;

[[nodiscard]] inline tl::unexpected<Error> refuse(Code code, std::string message) {
  return tl::unexpected<Error>(Error{code, std::move(message)});
}
[[nodiscard]] inline tl::unexpected<Error> refuse(Error error) { return tl::unexpected<Error>(std::move(error)); }

}  // namespace jeton
