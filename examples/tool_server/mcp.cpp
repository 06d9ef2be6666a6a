// initialize, server/discover, ping, tools/list and tools/call; a token is burned before its tool runs.
#include "tool_server/mcp.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include <fmt/format.h>

namespace example {
namespace {

constexpr std::array<std::string_view, 4> session_versions = {"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"};
constexpr std::string_view version_key = "io.modelcontextprotocol/protocolVersion";
constexpr std::string_view capabilities_key = "io.modelcontextprotocol/clientCapabilities";
constexpr std::string_view server_info_key = "io.modelcontextprotocol/serverInfo";
constexpr std::string_view instructions =
    "Every tools/call needs a single-use token in params._meta[\"dev.jeton/token\"], minted for that very call.";

tl::unexpected<RpcError> bad_params(std::string why) {
  return tl::unexpected(RpcError{rpc_invalid_params, std::move(why)});
}
tl::unexpected<RpcError> no_method() { return tl::unexpected(RpcError{rpc_method_not_found, "unknown method"}); }

Json server_info() { return {{"name", "jeton-example-tool-server"}, {"version", "0.1.0"}}; }

/// A member of an object, or null.
const Json& member(const Json& object, std::string_view name) {
  static const Json none;
  const auto found = object.find(name);
  return found == object.end() ? none : *found;
}

bool is_known(std::string_view method) {
  constexpr std::array<std::string_view, 5> known = {"initialize", "ping", "server/discover", "tools/list",
                                                     "tools/call"};
  return std::find(known.begin(), known.end(), method) != known.end();
}

Json text_result(std::string text, bool is_error) {
  Json content = Json::array();
  content.push_back({{"type", "text"}, {"text", std::move(text)}});
  return {{"content", std::move(content)}, {"isError", is_error}};
}

/// A refusal is a result the model can read, with the code for programs beside it.
Json refused_result(const jeton::Error& error) {
  const std::string code(jeton::name_of(error.code));
  Json result = text_result(fmt::format("refused: {}: {}", code, error.message), true);
  Json facts = {{"code", code}, {"message", error.message}};
  if (error.txn) facts["txn"] = *error.txn;
  if (error.log_index) facts["log_index"] = *error.log_index;
  result["_meta"][std::string(refused_key)] = std::move(facts);
  return result;
}

/// What every result of the stateless era carries.
Json stamped(Json result) {
  result["resultType"] = "complete";
  result["_meta"][std::string(server_info_key)] = server_info();
  return result;
}

/// Whether the request speaks for itself (2026-07-28). Without a version in its _meta it belongs to a session.
tl::expected<bool, RpcError> is_stateless(const Json& meta) {
  const Json& version = member(meta, version_key);
  if (!meta.contains(version_key)) return false;
  if (!version.is_string()) return bad_params("_meta: protocolVersion must be a string");
  if (version != stateless_version) {
    Json data = {{"supported", Json::array({stateless_version})}, {"requested", version}};
    return tl::unexpected(RpcError{rpc_unsupported_version, "unsupported protocol version", std::move(data)});
  }
  if (!member(meta, capabilities_key).is_object()) return bad_params("_meta: clientCapabilities must be an object");
  return true;
}

}  // namespace

std::optional<std::string> McpServer::answer(std::string_view line) {
  auto message = parse_message(line);
  if (!message) return error_line(message.error());
  if (message->kind != RpcKind::request) return std::nullopt;
  auto answered = answer_request(*message);
  if (!answered) return error_line({message->id, std::move(answered.error())});
  return result_line(message->id, std::move(*answered));
}

McpServer::Answered McpServer::answer_request(const RpcMessage& request) {
  if (!is_known(request.method)) return no_method();
  if (!request.params.is_object()) return bad_params("params must be an object");
  const Json& meta = member(request.params, "_meta");
  if (request.params.contains("_meta") && !meta.is_object()) return bad_params("_meta must be an object");
  const auto stateless = is_stateless(meta);
  if (!stateless) return tl::unexpected(stateless.error());
  auto answered = answer_by_name(request, *stateless);
  if (answered && *stateless) return stamped(std::move(*answered));
  return answered;
}

McpServer::Answered McpServer::answer_by_name(const RpcMessage& request, bool stateless) {
  const std::string& method = request.method;
  if (method == "initialize") return stateless ? Answered(no_method()) : initialize(request.params);
  if (method == "ping") return stateless ? Answered(no_method()) : Answered(Json::object());
  if (method == "server/discover" && stateless) return discover();
  if (method == "server/discover" || (!stateless && !initialized_)) {
    return bad_params(fmt::format("_meta: {} is missing; send it, or initialize first", version_key));
  }
  return method == "tools/list" ? list_tools(request.params, stateless) : call_tool(request.params);
}

McpServer::Answered McpServer::initialize(const Json& params) {
  const Json& asked = member(params, "protocolVersion");
  if (!asked.is_string()) return bad_params("protocolVersion must be a string");
  const auto found = std::find(session_versions.begin(), session_versions.end(), asked.get_ref<const std::string&>());
  initialized_ = true;
  // A version we do not speak is answered with the newest we do; the client then decides (MCP lifecycle).
  return Json{
      {"protocolVersion", found == session_versions.end() ? session_versions.back() : *found},
      {"capabilities", {{"tools", Json::object()}, {"experimental", {{std::string(extension_name), Json::object()}}}}},
      {"serverInfo", server_info()},
      {"instructions", instructions}};
}

McpServer::Answered McpServer::discover() const {
  return Json{
      {"supportedVersions", Json::array({stateless_version})},
      {"capabilities", {{"tools", Json::object()}, {"extensions", {{std::string(extension_name), Json::object()}}}}},
      {"instructions", instructions},
      {"ttlMs", 3'600'000},
      {"cacheScope", "public"}};
}

McpServer::Answered McpServer::list_tools(const Json& params, bool stateless) const {
  if (params.contains("cursor")) return bad_params("unknown cursor: there is one page");
  Json result = {{"tools", toolbox_.list()}};
  if (stateless) result.update({{"ttlMs", 3'600'000}, {"cacheScope", "public"}});
  return result;
}

McpServer::Answered McpServer::call_tool(const Json& params) {
  const Json& name = member(params, "name");
  if (!name.is_string() || name.get_ref<const std::string&>().empty()) return bad_params("name must be a string");
  const Tool* tool = toolbox_.find(name.get_ref<const std::string&>());
  if (tool == nullptr) return bad_params("unknown tool; see tools/list");

  const Json& token = member(member(params, "_meta"), token_key);
  if (!token.is_string()) {
    auto why = fmt::format("no token; mint one for this call into _meta.{}", token_key);
    return refused_result({jeton::Code::bad_token, std::move(why)});
  }
  const Json arguments = params.contains("arguments") ? params["arguments"] : Json::object();
  if (!arguments.is_object()) {
    return refused_result({jeton::Code::bad_arguments, "arguments must be an object; leave out what is empty"});
  }
  const auto permit = gate_.redeem(token.get_ref<const std::string&>(), name.get_ref<const std::string&>(), arguments);
  if (!permit) return refused_result(permit.error());
  return run_permitted(*tool, *permit);
}

Json McpServer::run_permitted(const Tool& tool, const Permit& permit) {
  const auto start = std::chrono::steady_clock::now();
  ToolOutput output;
  try {
    output = tool.run(permit.arguments);
  } catch (const std::exception&) {
    output = tool_failed("the tool broke down");
  }
  const auto took = std::chrono::steady_clock::now() - start;
  jeton::Report report;
  report.outcome = output.failed ? jeton::Outcome::tool_error : jeton::Outcome::ok;
  report.duration_ms = std::chrono::duration_cast<std::chrono::milliseconds>(took).count();
  permit.report(report);

  Json result = text_result(std::move(output.text), output.failed);
  result["_meta"][std::string(receipt_key)] = permit.receipt;
  return result;
}

}  // namespace example
