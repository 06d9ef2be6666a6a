// The agent's end of MCP over stdio: starts a tool server and sends it calls, each with its token.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/child.hpp"
#include "jeton/error.hpp"
#include "jeton/json.hpp"
#include "jeton/secret.hpp"

namespace example {

using jeton::Json;
/// Arguments as they go on the wire: the order of members is kept.
using WireArguments = nlohmann::ordered_json;

/// What a tool server said to a call.
struct ToolAnswer {
  std::optional<jeton::Error> refused;  ///< what it met instead of running
  bool is_error = false;
  std::string text;
  std::optional<Json> receipt;
};

/// One tool server. One request at a time, one thread at a time.
class McpClient {
 public:
  /// Starts the server and agrees on a version: 2026-07-28 by server/discover, else 2025-11-25 by initialize. The
  /// server must declare dev.jeton/call-token: to one that does not, no token is ever sent.
  [[nodiscard]] static tl::expected<McpClient, std::string> start(const std::vector<std::string>& argv);

  /// The error is a broken connection or a JSON-RPC error: whether the tool ran is then unknown.
  [[nodiscard]] tl::expected<ToolAnswer, std::string> call_tool(const jeton::Token& token, const std::string& name,
                                                                const WireArguments& arguments);

  [[nodiscard]] const std::string& version() const { return version_; }
  /// Ends the server; its exit status.
  int stop() { return child_.finish(); }

 private:
  explicit McpClient(Child child) : child_(std::move(child)) {}
  [[nodiscard]] tl::expected<Json, std::string> request(std::string_view method, WireArguments params);
  [[nodiscard]] tl::expected<Json, std::string> await_answer(std::int64_t id);
  [[nodiscard]] tl::expected<Json, std::string> shake_hands();

  Child child_;
  std::string version_;  ///< empty until agreed
  std::int64_t last_id_ = 0;
};

}  // namespace example
