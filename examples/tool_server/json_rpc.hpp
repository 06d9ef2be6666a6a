// One line of JSON-RPC 2.0 in, one out: what a message is, and which mistake it is when it is none.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "jeton/json.hpp"

namespace example {

using jeton::Json;

inline constexpr int rpc_parse_error = -32700;
inline constexpr int rpc_invalid_request = -32600;
inline constexpr int rpc_method_not_found = -32601;
inline constexpr int rpc_invalid_params = -32602;
inline constexpr int rpc_internal_error = -32603;

/// The largest line that is read at all: the largest arguments of a call fit several times over.
inline constexpr std::size_t line_bytes_max = 2 << 20;

struct RpcError {
  int code;
  std::string message;
  Json data = nullptr;  ///< null: none
};

/// A mistake and whom to tell; id null when the text does not say who asked.
struct RpcFault {
  Json id;
  RpcError error;
};

enum class RpcKind { request, notification, response };

struct RpcMessage {
  RpcKind kind = RpcKind::request;
  Json id;
  std::string method;
  Json params = Json::object();
};

/// Reads one message, strictly. What two readers could read differently (a name twice, a number a double would change)
/// runs nothing: under `params` it is -32602, told to the id where the text shows one; anywhere else -32700. A batch is
/// -32600: each call needs an answer of its own.
[[nodiscard]] tl::expected<RpcMessage, RpcFault> parse_message(std::string_view line);

/// Answers without their newline.
[[nodiscard]] std::string result_line(const Json& id, Json result);
[[nodiscard]] std::string error_line(const RpcFault& fault);

}  // namespace example
