// JSON-RPC requests over a child's pipes; the token travels in params._meta and nowhere else.
#include "agent/mcp_client.hpp"

#include <utility>

#include <fmt/format.h>

namespace example {
namespace {

constexpr std::chrono::seconds answer_limit{20};
constexpr std::string_view stateless_version = "2026-07-28";
constexpr std::string_view session_version = "2025-11-25";
constexpr const char* extension_name = "dev.jeton/call-token";

WireArguments client_info() { return {{"name", "jeton-example-agent"}, {"version", "0.1.0"}}; }

/// What each request of 2026-07-28 says about its client.
WireArguments stateless_meta() {
  return {
      {"io.modelcontextprotocol/protocolVersion", stateless_version},
      {"io.modelcontextprotocol/clientInfo", client_info()},
      {"io.modelcontextprotocol/clientCapabilities", {{"extensions", {{extension_name, WireArguments::object()}}}}}};
}

/// A member at a path of names; null when there is none.
Json at(const Json& value, std::initializer_list<const char*> path) {
  const Json* here = &value;
  for (const char* name : path) {
    const auto found = here->find(name);
    if (found == here->end()) return nullptr;
    here = &*found;
  }
  return *here;
}

std::string text_or(const Json& value, std::string otherwise) {
  return value.is_string() ? value.get<std::string>() : std::move(otherwise);
}

std::optional<jeton::Error> refusal_in(const Json& result) {
  const Json facts = at(result, {"_meta", "dev.jeton/refused"});
  if (!facts.is_object()) return std::nullopt;
  const auto code = jeton::code_named(text_or(at(facts, {"code"}), ""));
  jeton::Error error{code.value_or(jeton::Code::internal), text_or(at(facts, {"message"}), "")};
  if (const Json index = at(facts, {"log_index"}); index.is_number_unsigned()) error.log_index = index;
  return error;
}

ToolAnswer answer_in(const Json& result) {
  ToolAnswer answer;
  answer.refused = refusal_in(result);
  answer.is_error = at(result, {"isError"}) == true;
  if (const Json content = at(result, {"content"}); content.is_array() && !content.empty()) {
    answer.text = text_or(at(content.front(), {"text"}), "");
  }
  Json receipt = at(result, {"_meta", "dev.jeton/receipt"});
  if (receipt.is_object()) answer.receipt = std::move(receipt);
  return answer;
}

}  // namespace

tl::expected<McpClient, std::string> McpClient::start(const std::vector<std::string>& argv) {
  auto child = Child::start(argv);
  if (!child) return tl::unexpected(child.error());
  McpClient client(std::move(*child));
  const auto capabilities = client.shake_hands();
  if (!capabilities) return tl::unexpected(capabilities.error());
  const bool declared = at(*capabilities, {"extensions", extension_name}).is_object() ||
                        at(*capabilities, {"experimental", extension_name}).is_object();
  if (!declared) return tl::unexpected(fmt::format("the tool server does not declare {}", extension_name));
  return client;
}

tl::expected<Json, std::string> McpClient::shake_hands() {
  version_ = stateless_version;
  if (const auto found = request("server/discover", WireArguments::object())) return at(*found, {"capabilities"});
  version_.clear();
  const auto begun = request(
      "initialize",
      {{"protocolVersion", session_version}, {"capabilities", WireArguments::object()}, {"clientInfo", client_info()}});
  if (!begun) return begun;
  version_ = text_or(at(*begun, {"protocolVersion"}), "");
  if (!child_.write_line(R"({"jsonrpc":"2.0","method":"notifications/initialized"})")) {
    return tl::unexpected(std::string("the tool server is gone"));
  }
  return at(*begun, {"capabilities"});
}

tl::expected<ToolAnswer, std::string> McpClient::call_tool(const jeton::Token& token, const std::string& name,
                                                           const WireArguments& arguments) {
  const auto result = request(
      "tools/call",
      {{"name", name}, {"arguments", arguments}, {"_meta", {{"dev.jeton/token", token.expose_for_transport()}}}});
  if (!result) return tl::unexpected(result.error());
  return answer_in(*result);
}

tl::expected<Json, std::string> McpClient::request(std::string_view method, WireArguments params) {
  if (version_ == stateless_version) params["_meta"].update(stateless_meta());
  const std::int64_t id = ++last_id_;
  const WireArguments message = {{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", std::move(params)}};
  std::string line = message.dump();
  const bool sent = child_.write_line(line);
  jeton::wipe(line);  // it may hold a token
  if (!sent) return tl::unexpected(std::string("the tool server is gone"));
  return await_answer(id);
}

tl::expected<Json, std::string> McpClient::await_answer(std::int64_t id) {
  for (;;) {
    const auto line = child_.read_line(answer_limit);
    if (!line) return tl::unexpected(std::string("the tool server does not answer"));
    const auto message = jeton::parse_json_strictly(*line, {.bytes = 4 << 20, .depth = 80});
    if (!message) return tl::unexpected("the tool server's answer: " + message.error().message);
    if (at(*message, {"method"}).is_string()) continue;  // a notification, or a question we do not answer
    if (at(*message, {"id"}) != id) return tl::unexpected(std::string("the tool server answers something else"));
    if (const Json error = at(*message, {"error"}); error.is_object()) {
      return tl::unexpected("the tool server says: " + text_or(at(error, {"message"}), "an error"));
    }
    return at(*message, {"result"});
  }
}

}  // namespace example
