// What an agent wants to do, and the digest that binds a token to exactly that.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "jeton/hash.hpp"
#include "jeton/json.hpp"
#include "jeton/secret.hpp"

namespace jeton {

/// SHA-256 over the RFC 8785 bytes of {"arguments":{…},"name":"…"}. Written as 43 characters of base64url.
struct ArgsDigest {
  Sha256 bytes{};

  [[nodiscard]] static std::optional<ArgsDigest> parse(std::string_view text);
  [[nodiscard]] std::string text() const;
  [[nodiscard]] bool equals(const ArgsDigest& other) const { return equal_in_constant_time(bytes, other.bytes); }
};

/// Canonical argument bytes accepted at most; more is bad_arguments.
inline constexpr std::size_t arguments_bytes_max = 256 * 1024;

/// What a tool's name takes at most; a name has one byte at least.
inline constexpr std::size_t tool_bytes_max = 256;

/// The digest of one call. `arguments` must be an object; bad_arguments otherwise, and for anything that
/// `canonical_json` refuses or that is larger than `bytes_max`. `_meta` is no part of it: hand in the arguments alone.
[[nodiscard]] Result<ArgsDigest> args_digest(std::string_view tool, const Json& arguments,
                                             std::size_t bytes_max = arguments_bytes_max);

/// One logical tool call, as the model asked for it.
struct ToolCall {
  std::string tool;
  Json arguments = Json::object();
  std::optional<std::string> server = std::nullopt;   ///< RFC 9728 resource URL, or mcp:stdio:<name>
  std::optional<std::string> call_id = std::nullopt;  ///< the model's own id of the call
  std::optional<std::string> run_id = std::nullopt;
  std::optional<std::string> session_id = std::nullopt;
  std::optional<std::string> parent_txn = std::nullopt;
  /// On whose behalf: a user's token, or the token this agent was called with, once it is redeemed.
  std::optional<Token> subject_token = std::nullopt;
  std::optional<std::string> traceparent = std::nullopt;  ///< W3C Trace Context
  std::optional<std::string> framework = std::nullopt;
  std::optional<std::string> agent_label = std::nullopt;  ///< shown as unverified
};

}  // namespace jeton
