// JSON-RPC 2.0 over strict JSON.
#include "tool_server/json_rpc.hpp"

#include <utility>

namespace example {
namespace {

using jeton::JsonError;
using jeton::JsonFault;

bool is_id(const Json& value) { return value.is_string() || value.is_number_integer(); }

/// Looks for the outermost "id" of a text that is not strict JSON, as far as it can be read: without it the caller
/// would wait for an answer that never comes. Nothing but the address of an error answer is taken from it.
class IdFinder final : public nlohmann::json_sax<Json> {
 public:
  Json id;

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t value) override { return found(value); }
  bool number_unsigned(number_unsigned_t value) override { return found(value); }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t& value) override { return found(value); }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override { return enter(); }
  bool start_array(std::size_t) override { return enter(); }
  bool end_object() override { return leave(); }
  bool end_array() override { return leave(); }
  bool key(string_t& name) override {
    here_ = depth_ == 1 && name == "id";
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) override { return false; }

 private:
  template <class T>
  bool found(const T& value) {
    if (std::exchange(here_, false)) id = value;
    return true;
  }
  bool enter() {
    here_ = false;
    ++depth_;
    return true;
  }
  bool leave() {
    --depth_;
    return true;
  }
  int depth_ = 0;
  bool here_ = false;
};

RpcFault not_strict(std::string_view line, const JsonError& error) {
  const bool under_params = error.pointer.starts_with("/params") && error.fault != JsonFault::syntax;
  if (!under_params) return {nullptr, {rpc_parse_error, error.message}};
  IdFinder finder;
  Json::sax_parse(line, &finder);
  return {finder.id, {rpc_invalid_params, error.message}};
}

RpcFault invalid(Json id, std::string message) { return {std::move(id), {rpc_invalid_request, std::move(message)}}; }

}  // namespace

tl::expected<RpcMessage, RpcFault> parse_message(std::string_view line) {
  auto parsed = jeton::parse_json_strictly(line, {.bytes = line_bytes_max, .depth = 72});
  if (!parsed) return tl::unexpected(not_strict(line, parsed.error()));
  Json& text = *parsed;
  if (text.is_array()) return tl::unexpected(invalid(nullptr, "batches are not taken, send one message a line"));
  if (!text.is_object()) return tl::unexpected(invalid(nullptr, "a message is an object"));

  RpcMessage message;
  const bool has_id = text.contains("id");
  if (has_id && is_id(text["id"])) message.id = text["id"];
  if (text.value("jsonrpc", Json()) != "2.0") return tl::unexpected(invalid(message.id, "jsonrpc must be \"2.0\""));
  if (!text.contains("method") && (text.contains("result") || text.contains("error"))) {
    message.kind = RpcKind::response;
    return message;
  }
  if (has_id && message.id.is_null()) return tl::unexpected(invalid(nullptr, "id must be a string or an integer"));
  if (!text.contains("method") || !text["method"].is_string()) {
    return tl::unexpected(invalid(message.id, "method must be a string"));
  }
  message.kind = has_id ? RpcKind::request : RpcKind::notification;
  message.method = text["method"].get<std::string>();
  if (!text.contains("params")) return message;
  if (!text["params"].is_structured()) return tl::unexpected(invalid(message.id, "params must be an object"));
  message.params = std::move(text["params"]);
  return message;
}

std::string result_line(const Json& id, Json result) {
  const Json answer = {{"jsonrpc", "2.0"}, {"id", id}, {"result", std::move(result)}};
  return answer.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string error_line(const RpcFault& fault) {
  Json error = {{"code", fault.error.code}, {"message", fault.error.message}};
  if (!fault.error.data.is_null()) error["data"] = fault.error.data;
  const Json answer = {{"jsonrpc", "2.0"}, {"id", fault.id}, {"error", std::move(error)}};
  return answer.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace example
