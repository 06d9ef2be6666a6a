// Does the example tool server speak MCP in both eras, refuse every malformed message, and run nothing without a token?
#include "tool_server/mcp.hpp"

#include <array>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include "support/catch.hpp"
#include "tool_server/stdio.hpp"
#include "unique_fd.hpp"

using example::Json;
using jeton::Code;

namespace {

/// Burns the token "good" once, for any call, and remembers what it was shown.
class FakeGate final : public example::Gate {
 public:
  jeton::Result<example::Permit> redeem(std::string_view token, std::string_view tool,
                                        const jeton::Json& arguments) override {
    shown.emplace_back(std::string(tool), arguments);
    if (token != "good") return jeton::refuse({Code::bad_token, "not a token", std::nullopt, 7});
    if (std::exchange(spent, true)) return jeton::refuse(Code::already_redeemed, "this token was used before");
    return example::Permit{{{"checked", arguments}},
                           {{"jti", "j"}, {"redeemed_at", 1}, {"log_index", 9}},
                           [this](const jeton::Report& how) { reports.push_back(how); }};
  }
  std::vector<std::pair<std::string, Json>> shown;
  std::vector<jeton::Report> reports;
  bool spent = false;
};

struct Server {
  Server() {
    const Json schema = example::object_schema({{"text", {{"type", "string"}}}}, {"text"});
    toolbox.add({"say", "Says its arguments.", schema, [this](const Json& arguments) {
                   ++ran;
                   return example::ToolOutput{arguments.dump()};
                 }});
    toolbox.add({"fail", "Fails.", schema, [](const Json&) { return example::tool_failed("it failed"); }});
    toolbox.add({"throw", "Throws.", schema, [](const Json&) -> example::ToolOutput { throw std::bad_alloc(); }});
  }
  std::optional<std::string> line(std::string_view text) { return mcp.answer(text); }
  Json ask_text(std::string_view text) {
    const auto said = mcp.answer(text);
    return said ? Json::parse(*said) : Json();
  }
  Json ask(const Json& message) { return ask_text(message.dump()); }
  void begin() { ask(request("initialize", {{"protocolVersion", "2025-06-18"}})); }
  static Json request(const std::string& method, Json params = Json::object()) {
    return {{"jsonrpc", "2.0"}, {"id", 1}, {"method", method}, {"params", std::move(params)}};
  }
  static Json call(const std::string& name, const Json& meta = {{"dev.jeton/token", "good"}}) {
    return request("tools/call", {{"name", name}, {"arguments", {{"text", "hi"}}}, {"_meta", meta}});
  }

  FakeGate gate;
  example::Toolbox toolbox;
  example::McpServer mcp{gate, toolbox};
  int ran = 0;
};

Json stateless_meta() {
  return {{"io.modelcontextprotocol/protocolVersion", "2026-07-28"},
          {"io.modelcontextprotocol/clientCapabilities", Json::object()}};
}

void check_error(Server& server, std::string_view text, int code, const Json& id = nullptr) {
  INFO(text.substr(0, 200));
  const Json answer = server.ask_text(text);
  REQUIRE(answer.is_object());
  CHECK(answer["jsonrpc"] == "2.0");
  CHECK(answer["error"]["code"] == code);
  CHECK(answer["id"] == id);
  CHECK_FALSE(answer.contains("result"));
}

}  // namespace

TEST_CASE("what is not JSON is a parse error") {
  Server server;
  check_error(server, "{", -32700);
  check_error(server, "nonsense", -32700);
  check_error(server, R"({"jsonrpc":"2.0","id":1,"id":2,"method":"ping"})", -32700);
  check_error(server, R"({"jsonrpc":"2.0","id":9007199254740993,"method":"ping"})", -32700);
  check_error(server, std::string(400'000, '['), -32700);
  check_error(server, "\"" + std::string(example::line_bytes_max, 'x') + "\"", -32700);
}

TEST_CASE("a message that is no request is an invalid request") {
  Server server;
  check_error(server, "7", -32600);
  check_error(server, "[]", -32600);
  check_error(server, R"([{"jsonrpc":"2.0","id":1,"method":"ping"}])", -32600);
  check_error(server, "{}", -32600);
  check_error(server, R"({"id":1,"method":"ping"})", -32600, 1);
  check_error(server, R"({"jsonrpc":"1.0","id":1,"method":"ping"})", -32600, 1);
  check_error(server, R"({"jsonrpc":"2.0","id":null,"method":"ping"})", -32600);
  check_error(server, R"({"jsonrpc":"2.0","id":1.5,"method":"ping"})", -32600);
  check_error(server, R"({"jsonrpc":"2.0","id":{},"method":"ping"})", -32600);
  check_error(server, R"({"jsonrpc":"2.0","id":1,"method":7})", -32600, 1);
  check_error(server, R"({"jsonrpc":"2.0","id":1,"method":"ping","params":7})", -32600, 1);
  check_error(server, R"({"jsonrpc":"2.0","id":1})", -32600, 1);
}

TEST_CASE("an unknown method is told so under its own id") {
  Server server;
  check_error(server, R"({"jsonrpc":"2.0","id":"a","method":"tools/delete"})", -32601, "a");
  check_error(server, R"({"jsonrpc":"2.0","id":0,"method":"resources/list"})", -32601, 0);
  check_error(server, R"({"jsonrpc":"2.0","id":0,"method":""})", -32601, 0);
}

TEST_CASE("bad params are told so") {
  Server server;
  check_error(server, R"({"jsonrpc":"2.0","id":1,"method":"ping","params":[]})", -32602, 1);
  check_error(server, R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{}})", -32602, 1);
  check_error(server, R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":1}})", -32602, 1);
  check_error(server, R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":7}})", -32602, 1);
  server.begin();
  check_error(server, R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"x"}})", -32602, 1);
  check_error(server, R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{}})", -32602, 1);
  check_error(server, R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":7}})", -32602, 1);
  check_error(server, R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"nothing"}})", -32602, 1);
}

TEST_CASE("arguments that two readers could read differently run nothing and the caller is told") {
  Server server;
  server.begin();
  const std::string head = R"({"jsonrpc":"2.0","id":"x","method":"tools/call","params":{)"
                           R"("_meta":{"dev.jeton/token":"good"},"name":"say","arguments":)";
  check_error(server, head + R"({"a":1,"a":2}}})", -32602, "x");
  check_error(server, head + R"({"a":9007199254740993}}})", -32602, "x");
  check_error(server, head + R"({"a":1e400}}})", -32602, "x");
  check_error(server, head + "{\"a\":\"\xff\"}}}", -32602, "x");
  check_error(server, head + R"({"a":"\ud800"}}})", -32602, "x");
  CHECK(server.gate.shown.empty());
  CHECK(server.ran == 0);
}

TEST_CASE("notifications and responses get no answer and run nothing") {
  Server server;
  server.begin();
  CHECK_FALSE(server.line(R"({"jsonrpc":"2.0","method":"notifications/initialized"})"));
  CHECK_FALSE(server.line(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}})"));
  CHECK_FALSE(server.line(R"({"jsonrpc":"2.0","method":"no/such/thing","params":[]})"));
  CHECK_FALSE(server.line(R"({"jsonrpc":"2.0","id":4,"result":{}})"));
  CHECK_FALSE(server.line(R"({"jsonrpc":"2.0","id":4,"error":{"code":1,"message":"no"}})"));
  Json call = Server::call("say");
  call.erase("id");
  CHECK(server.ask(call).is_null());
  CHECK(server.gate.shown.empty());
}

TEST_CASE("a call without a token is refused as bad_token and runs nothing") {
  Server server;
  server.begin();
  for (const Json& meta : {Json::object(), Json{{"dev.jeton/token", 7}}, Json{{"dev.jeton/token", nullptr}}}) {
    const Json result = server.ask(Server::call("say", meta))["result"];
    CHECK(result["isError"] == true);
    CHECK(result["_meta"]["dev.jeton/refused"]["code"] == "bad_token");
    CHECK(result["content"][0]["text"].get<std::string>().starts_with("refused: bad_token: "));
  }
  CHECK(server.gate.shown.empty());
  CHECK(server.ran == 0);
}

TEST_CASE("arguments that are no object are refused as bad_arguments and burn nothing") {
  Server server;
  server.begin();
  for (const Json& arguments : {Json(nullptr), Json::array(), Json("text"), Json(7)}) {
    Json call = Server::call("say");
    call["params"]["arguments"] = arguments;
    CHECK(server.ask(call)["result"]["_meta"]["dev.jeton/refused"]["code"] == "bad_arguments");
  }
  CHECK_FALSE(server.gate.spent);
}

TEST_CASE("a refused token is told with its code and log index and never echoed") {
  Server server;
  server.begin();
  const auto said = server.line(Server::call("say", {{"dev.jeton/token", "eyJ0b2tlbg"}}).dump());
  REQUIRE(said);
  const Json result = Json::parse(*said)["result"];
  CHECK(result["_meta"]["dev.jeton/refused"] ==
        Json{{"code", "bad_token"}, {"message", "not a token"}, {"log_index", 7}});
  CHECK(said->find("eyJ0b2tlbg") == std::string::npos);
  CHECK(server.ran == 0);
}

TEST_CASE("a token runs one call with the checked arguments and a second use is refused") {
  Server server;
  server.begin();
  const Json first = server.ask(Server::call("say"))["result"];
  CHECK(first["isError"] == false);
  CHECK(first["content"][0]["text"] == R"({"checked":{"text":"hi"}})");
  CHECK(first["_meta"]["dev.jeton/receipt"] == Json{{"jti", "j"}, {"redeemed_at", 1}, {"log_index", 9}});
  REQUIRE(server.gate.reports.size() == 1);
  CHECK(server.gate.reports[0].outcome == jeton::Outcome::ok);

  const Json second = server.ask(Server::call("say"))["result"];
  CHECK(second["_meta"]["dev.jeton/refused"]["code"] == "already_redeemed");
  CHECK(server.ran == 1);
}

TEST_CASE("absent arguments are shown to the gate as an empty object") {
  Server server;
  server.begin();
  Json call = Server::call("say");
  call["params"].erase("arguments");
  server.ask(call);
  REQUIRE(server.gate.shown.size() == 1);
  CHECK(server.gate.shown[0].second == Json::object());
}

TEST_CASE("a tool that fails is reported as tool_error with its receipt") {
  for (const char* name : {"fail", "throw"}) {
    Server server;
    server.begin();
    const Json result = server.ask(Server::call(name))["result"];
    CHECK(result["isError"] == true);
    CHECK(result["_meta"].contains("dev.jeton/receipt"));
    CHECK_FALSE(result["_meta"].contains("dev.jeton/refused"));
    REQUIRE(server.gate.reports.size() == 1);
    CHECK(server.gate.reports[0].outcome == jeton::Outcome::tool_error);
  }
}

TEST_CASE("unknown tools are echoed only when the server was told to") {
  Server server;
  server.begin();
  CHECK(server.ask(Server::call("book_flight"))["error"]["code"] == -32602);
  server.toolbox.echo_unknown_tools();
  CHECK(server.ask(Server::call("book_flight"))["result"]["content"][0]["text"] == R"({"checked":{"text":"hi"}})");
  CHECK(server.gate.shown.size() == 1);
}

TEST_CASE("a session begins with initialize and any version we speak is agreed to") {
  for (const char* version : {"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"}) {
    Server server;
    const Json result = server.ask(Server::request("initialize", {{"protocolVersion", version}}))["result"];
    CHECK(result["protocolVersion"] == version);
    CHECK(result["capabilities"]["experimental"].contains("dev.jeton/call-token"));
    CHECK(result["capabilities"]["tools"].is_object());
    CHECK(result["serverInfo"]["name"].is_string());
    const Json tools = server.ask(Server::request("tools/list"))["result"];
    CHECK(tools["tools"].size() == 3);
    CHECK(tools["tools"][0]["inputSchema"]["type"] == "object");
    CHECK_FALSE(tools.contains("resultType"));
  }
}

TEST_CASE("a session with a version we do not speak is offered the newest one that we do") {
  Server server;
  for (const char* version : {"2023-01-01", "2026-07-28", ""}) {
    const Json result = server.ask(Server::request("initialize", {{"protocolVersion", version}}))["result"];
    CHECK(result["protocolVersion"] == "2025-11-25");
  }
}

TEST_CASE("without a session and without a version in its meta a request is refused") {
  Server server;
  CHECK(server.ask(Server::request("tools/list"))["error"]["code"] == -32602);
  CHECK(server.ask(Server::call("say"))["error"]["code"] == -32602);
  CHECK(server.ask(Server::request("server/discover"))["error"]["code"] == -32602);
  CHECK(server.ask(Server::request("ping"))["result"] == Json::object());
  CHECK(server.gate.shown.empty());
}

TEST_CASE("a stateless request must name a version we speak and its capabilities") {
  Server server;
  Json meta = stateless_meta();
  meta["io.modelcontextprotocol/protocolVersion"] = "2031-01-01";
  const Json error = server.ask(Server::request("server/discover", {{"_meta", meta}}))["error"];
  CHECK(error["code"] == -32022);
  CHECK(error["data"] == Json{{"supported", Json::array({"2026-07-28"})}, {"requested", "2031-01-01"}});
  meta["io.modelcontextprotocol/protocolVersion"] = 7;
  CHECK(server.ask(Server::request("tools/list", {{"_meta", meta}}))["error"]["code"] == -32602);
  meta = stateless_meta();
  meta.erase("io.modelcontextprotocol/clientCapabilities");
  CHECK(server.ask(Server::request("tools/list", {{"_meta", meta}}))["error"]["code"] == -32602);
  for (const char* gone : {"ping", "initialize"}) {
    CHECK(server.ask(Server::request(gone, {{"_meta", stateless_meta()}}))["error"]["code"] == -32601);
  }
}

TEST_CASE("a stateless client discovers lists and calls without a session") {
  Server server;
  const Json found = server.ask(Server::request("server/discover", {{"_meta", stateless_meta()}}))["result"];
  CHECK(found["supportedVersions"] == Json::array({"2026-07-28"}));
  CHECK(found["capabilities"]["extensions"]["dev.jeton/call-token"] == Json::object());
  CHECK(found["resultType"] == "complete");
  CHECK(found["_meta"]["io.modelcontextprotocol/serverInfo"]["name"].is_string());

  const Json tools = server.ask(Server::request("tools/list", {{"_meta", stateless_meta()}}))["result"];
  CHECK(tools["tools"].size() == 3);
  CHECK(tools["cacheScope"] == "public");

  Json meta = stateless_meta();
  meta["dev.jeton/token"] = "good";
  const Json result = server.ask(Server::call("say", meta))["result"];
  CHECK(result["resultType"] == "complete");
  CHECK(result["isError"] == false);
  CHECK(result["_meta"].contains("dev.jeton/receipt"));
}

TEST_CASE("lines are framed whatever the pieces they arrive in") {
  std::array<int, 2> in{}, out{};
  REQUIRE(::pipe(in.data()) == 0);
  REQUIRE(::pipe(out.data()) == 0);
  example::UniqueFd in_end(in[0]), out_read(out[0]), out_end(out[1]);
  // given: a blank line, a long line, a line with a carriage return, and a last one without an end
  const std::string text = "one\n\n  \n" + std::string(100, 'x') + "\ntwo\r\nlast";
  REQUIRE(::write(in[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  ::close(in[1]);

  std::vector<std::string> lines;
  CHECK(example::serve_lines(in[0], out[1], 10, [&](std::string_view line) -> std::optional<std::string> {
    lines.emplace_back(line);
    return line == "one" ? std::optional<std::string>("answer") : std::nullopt;
  }));
  CHECK(lines == std::vector<std::string>{"one", std::string(11, 'x'), "two\r", "last"});
  std::array<char, 64> said{};
  CHECK(::read(out[0], said.data(), said.size()) == 7);
  CHECK(std::string(said.data()) == "answer\n");
}
