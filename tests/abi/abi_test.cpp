// The shared library as another language sees it: its symbols, the vectors through it, and one call through a sidecar.
#include <fstream>
#include <iterator>
#include <memory>
#include <regex>
#include <set>

#include <sys/wait.h>
#include <unistd.h>

#include "jeton.h"
#include "jeton/json.hpp"
#include "support/catch.hpp"
#include "support/daemon.hpp"
#include "support/places.hpp"
#include "support/run.hpp"

namespace jeton::outside {
namespace {

const std::string server = "https://crm.example/mcp";

template <class Handle, void (*release)(Handle*)>
struct Release {
  void operator()(Handle* handle) const { release(handle); }
};
template <class Handle, void (*release)(Handle*)>
using Held = std::unique_ptr<Handle, Release<Handle, release>>;
using Buffer = Held<jeton_buffer, jeton_buffer_free>;
using Failure = Held<jeton_error, jeton_error_free>;

/// The text a function gave, or the name of the code it refused with.
template <class Function, class... Arguments>
std::string ask(Function function, Arguments... arguments) {
  jeton_buffer* buffer = nullptr;
  jeton_error* error = nullptr;
  const auto code = function(arguments..., &buffer, &error);
  const Buffer held(buffer);
  const Failure failed(error);
  if (code != JETON_OK) {
    CHECK(buffer == nullptr);
    CHECK(jeton_error_code(error) == code);
    return jeton_code_name(code);
  }
  std::size_t size = 0;
  const char* data = jeton_buffer_data(buffer, &size);
  return {data, size};
}

std::string text_of(const std::string& file) {
  std::ifstream in(std::string(jeton::testing::source_dir) + "/" + file, std::ios::binary);
  REQUIRE(in);
  return {std::istreambuf_iterator<char>(in), {}};
}

Json vectors(const std::string& file) {
  return parse_json(text_of("tests/vectors/" + file), Code::bad_request)->at("vectors");
}

std::string judged(const Json& vector) {
  const auto jwks = vector["jwks"].dump();
  jeton_keys* keys = nullptr;
  REQUIRE(jeton_keys_read(jwks.data(), jwks.size(), &keys, nullptr) == JETON_OK);
  const Held<jeton_keys, jeton_keys_free> held(keys);
  const auto& expect = vector["expect"];
  const auto token = vector["token"].get<std::string>(), issuer = expect["issuer"].get<std::string>(),
             expected = expect["server"].get<std::string>(), tool = expect["tool"].get<std::string>(),
             arguments = expect["arguments"].get<std::string>();
  const auto now = expect["now"].get<std::int64_t>();
  return ask(jeton_token_verify, token.data(), token.size(), keys, issuer.data(), issuer.size(), expected.data(),
             expected.size(), tool.data(), tool.size(), arguments.data(), arguments.size(), &now);
}

}  // namespace

TEST_CASE("the library exports what the header declares and nothing else", "[abi]") {
  std::set<std::string> declared;
  const auto header = text_of("bindings/c/jeton.h");
  const std::regex declaration(R"(JETON_API [^;(]*?(jeton_\w+)\()");
  for (std::sregex_iterator at(header.begin(), header.end(), declaration), end; at != end; ++at)
    declared.insert((*at)[1]);
  std::set<std::string> exported;
  std::istringstream listed(run({{"nm", "-D", "--defined-only", JETON_C_LIBRARY}}).out);
  for (std::string address, kind, name; listed >> address >> kind >> name;) exported.insert(name);
  CHECK(declared.size() > 50);
  CHECK(exported == declared);
}

TEST_CASE("digests through the library are those of the vectors", "[abi]") {
  for (const auto& vector : vectors("digests.json")) {
    INFO(vector["name"]);
    const auto tool = vector["tool"].get<std::string>(), arguments = vector["arguments"].get<std::string>();
    CHECK(ask(jeton_args_digest, tool.data(), tool.size(), arguments.data(), arguments.size()) ==
          vector.value("digest", vector["result"].get<std::string>()));
  }
}

TEST_CASE("tokens through the library are judged as the vectors say", "[abi]") {
  for (const auto& vector : vectors("tokens.json")) {
    INFO(vector["name"]);
    const auto verdict = judged(vector);
    if (vector["result"] == "ok")
      CHECK(parse_json(verdict, Code::internal)->at("iss") == vector["expect"]["issuer"]);
    else
      CHECK(verdict == vector["result"]);
  }
}

TEST_CASE("leaves through the library are written as the vectors say", "[abi]") {
  for (const auto& vector : vectors("leaves.json")) {
    const auto leaf = vector["leaf"].get<std::string>();
    CHECK(ask(jeton_json_canonical, leaf.data(), leaf.size()) == leaf);
  }
}

TEST_CASE("a call goes through the library from the permit to both outcomes", "[abi]") {
  const Daemon daemon;
  const auto socket = daemon.socket().string();
  jeton_client* client = nullptr;
  REQUIRE(jeton_client_connect(socket.data(), socket.size(), 5000, &client, nullptr) == JETON_OK);
  const Held<jeton_client, jeton_client_free> held_client(client);
  CHECK(jeton_client_socket(client, nullptr) == socket);
  CHECK(parse_json(ask(jeton_client_status, client), Code::internal)->at("issuer") ==
        jeton_client_issuer(client, nullptr));

  const std::string wanted =
      R"({"tool":"refund","arguments":{"amount":40},"server":"https://crm.example/mcp","call_id":"c"})";
  jeton_call* call = nullptr;
  REQUIRE(jeton_client_open(client, wanted.data(), wanted.size(), &call, nullptr) == JETON_OK);
  Held<jeton_call, jeton_call_free> held_call(call);
  const std::string txn = jeton_call_txn(call, nullptr);
  CHECK(std::string(jeton_call_grant(call, nullptr)) == "dev");
  jeton_buffer *token = nullptr, *about = nullptr;
  REQUIRE(jeton_call_mint(call, server.data(), server.size(), &token, &about, nullptr) == JETON_OK);
  const Buffer held_token(token), held_about(about);
  CHECK(parse_json(jeton_buffer_data(about, nullptr), Code::internal)->at("attempt") == 1);

  jeton_verifier* verifier = nullptr;
  REQUIRE(jeton_verifier_connect(server.data(), server.size(), socket.data(), socket.size(), 5000, &verifier,
                                 nullptr) == JETON_OK);
  const Held<jeton_verifier, jeton_verifier_free> held_verifier(verifier);
  std::size_t token_size = 0;
  const char* compact = jeton_buffer_data(token, &token_size);
  const std::string tool = "refund", arguments = R"({"amount":4e1})";
  const auto claims = ask(jeton_verifier_verify, verifier, compact, token_size, tool.data(), tool.size(),
                          arguments.data(), arguments.size());
  CHECK(parse_json(claims, Code::internal)->at("txn") == txn);
  jeton_redemption* redemption = nullptr;
  REQUIRE(jeton_verifier_redeem(verifier, compact, token_size, tool.data(), tool.size(), arguments.data(),
                                arguments.size(), nullptr, 0, &redemption, nullptr) == JETON_OK);
  const Held<jeton_redemption, jeton_redemption_free> held_redemption(redemption);
  const auto content = *parse_json(ask(jeton_redemption_content, redemption), Code::internal);
  CHECK(content["arguments"] == Json{{"amount", 40}});
  jeton_redemption* twice = nullptr;
  CHECK(jeton_verifier_redeem(verifier, compact, token_size, tool.data(), tool.size(), arguments.data(),
                              arguments.size(), nullptr, 0, &twice, nullptr) == JETON_ALREADY_REDEEMED);

  const std::string report = R"({"outcome":"tool_error","detail":"x","duration_ms":5})";
  std::uint64_t index = 0;
  CHECK(jeton_verifier_report(verifier, redemption, report.data(), report.size(), &index, nullptr) == JETON_OK);
  CHECK(index > content["log_index"].get<std::uint64_t>());
  held_call.reset();  // nobody reported: "unknown"
  const auto shown = run({{program("jeton"), "log", "show", "--state", daemon.state().string(), "--json", "--", txn}});
  CHECK_THAT(shown.out, Catch::Contains("\"unknown\"") && Catch::Contains("\"tool_error\""));
}

TEST_CASE("a child after fork goes on with its parent's client on connections of its own", "[abi]") {
  const Daemon daemon;
  const auto socket = daemon.socket().string();
  jeton_client* client = nullptr;
  REQUIRE(jeton_client_connect(socket.data(), socket.size(), 5000, &client, nullptr) == JETON_OK);
  const Held<jeton_client, jeton_client_free> held(client);
  const pid_t child = ::fork();
  if (child == 0) {
    const std::string body = R"({"tool":"x","arguments":{}})", path = "/v1/calls";
    jeton_buffer* answer = nullptr;
    const auto code = jeton_client_post(client, path.data(), path.size(), body.data(), body.size(), &answer, nullptr);
    ::_exit(code == JETON_OK ? 0 : 1);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  const auto calls = run({{program("jeton"), "log", "calls", "--state", daemon.state().string(), "--json"}});
  CHECK_THAT(calls.out, Catch::Contains("\"x\""));
  CHECK(ask(jeton_client_jwks, client).starts_with(R"({"keys":)"));
}

}  // namespace jeton::outside
