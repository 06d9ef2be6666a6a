// A Model Context Protocol server for tools, in both of the protocol's eras, with one token for every call.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tool_server/gate.hpp"
#include "tool_server/json_rpc.hpp"
#include "tool_server/toolbox.hpp"

namespace example {

inline constexpr std::string_view token_key = "dev.jeton/token";
inline constexpr std::string_view receipt_key = "dev.jeton/receipt";
inline constexpr std::string_view refused_key = "dev.jeton/refused";
inline constexpr std::string_view extension_name = "dev.jeton/call-token";
inline constexpr std::string_view stateless_version = "2026-07-28";
inline constexpr int rpc_unsupported_version = -32022;

/// Answers the lines of one client. A client either says `initialize` first (2024-11-05 to 2025-11-25) or puts its
/// version into each request's `_meta` (2026-07-28, where nothing is remembered between requests).
/// A token goes to the gate and nowhere else: no answer, log line or error ever holds it.
class McpServer {
 public:
  McpServer(Gate& gate, const Toolbox& toolbox) : gate_(gate), toolbox_(toolbox) {}

  /// One line in, one line out; none for what wants no answer.
  [[nodiscard]] std::optional<std::string> answer(std::string_view line);

 private:
  using Answered = tl::expected<Json, RpcError>;
  [[nodiscard]] Answered answer_request(const RpcMessage& request);
  [[nodiscard]] Answered answer_by_name(const RpcMessage& request, bool stateless);
  [[nodiscard]] Answered initialize(const Json& params);
  [[nodiscard]] Answered discover() const;
  [[nodiscard]] Answered list_tools(const Json& params, bool stateless) const;
  [[nodiscard]] Answered call_tool(const Json& params);
  [[nodiscard]] Json run_permitted(const Tool& tool, const Permit& permit);

  Gate& gate_;
  const Toolbox& toolbox_;
  bool initialized_ = false;
};

}  // namespace example
