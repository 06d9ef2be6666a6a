// An agent that asks for one token per tool call, drives a tool server over a transcript, and then tries to cheat.
#include <chrono>
#include <csignal>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "agent/attacks.hpp"
#include "agent/mcp_client.hpp"
#include "agent/report.hpp"
#include "agent/transcript.hpp"
#include "flags.hpp"
#include "jeton/client.hpp"

namespace {

struct Options {
  std::string calls;
  bool check = false;
  std::optional<std::string> tool_server;
  std::string server = "mcp:stdio:files";
  std::string other_server = "mcp:stdio:other";
  std::optional<std::string> socket, second_socket, jeton, root, database, seed, summary;
};

int fail(int status, const std::string& why) {
  fmt::print(stderr, "agent: {}\n", why);
  return status;
}

std::vector<std::string> tool_server_command(const Options& options) {
  std::vector<std::string> argv = {*options.tool_server, "--server", options.server, "--any-tool"};
  const auto add = [&](const char* flag, const std::optional<std::string>& value) {
    if (value) argv.insert(argv.end(), {flag, *value});
  };
  add("--socket", options.socket);
  add("--root", options.root);
  add("--db", options.database);
  add("--seed", options.seed);
  return argv;
}

struct Told {
  example::CallLine line;
  std::optional<std::string> txn;
};

/// One call of the transcript: open, mint, send, report.
Told run_call(const jeton::Client& client, example::McpClient& tools, const std::string& server,
              const example::TranscriptCall& call) {
  Told told;
  const auto refused = [&](const jeton::Error& error) {
    told.line.refused = true;
    told.line.result = jeton::name_of(error.code);
    told.line.why = error.message;
    return told;
  };
  auto scope = client.open({.tool = call.name,
                            .arguments = call.arguments,
                            .server = server,
                            .call_id = call.call_id,
                            .run_id = call.run,
                            .framework = "jeton-example-agent"});
  if (!scope) return refused(scope.error());
  told.txn = scope->txn().text();

  std::string broken;  // the connection, not the token
  const auto send = [&](const jeton::MintedToken& minted) -> jeton::Result<example::ToolAnswer> {
    auto answer = tools.call_tool(minted.token, call.name, call.arguments);
    if (!answer) broken = answer.error();
    if (!answer) return example::ToolAnswer{};
    if (answer->refused) return jeton::refuse(*answer->refused);
    return *answer;
  };
  const auto answer = scope->attempt(server, send);

  jeton::Report report;
  if (!answer) {
    report.outcome = jeton::Outcome::cancelled;
    report.detail = jeton::name_of(answer.error().code);
  } else if (!broken.empty()) {
    report.outcome = jeton::Outcome::transport_error;
  } else {
    report.outcome = answer->is_error ? jeton::Outcome::tool_error : jeton::Outcome::ok;
    report.receipt = answer->receipt;
  }
  const auto reported = scope->finish(report);
  if (!answer) return refused(answer.error());
  told.line.redeemed = answer->receipt.has_value();
  told.line.result = !broken.empty() ? "failed" : answer->is_error ? "tool_error" : "ok";
  told.line.why = !broken.empty() ? broken : answer->is_error ? answer->text : "";
  if (!reported) told.line.why = reported.error().message;
  return told;
}

Told run_timed(const jeton::Client& client, example::McpClient& tools, const std::string& server,
               const example::TranscriptCall& call) {
  const auto start = std::chrono::steady_clock::now();
  Told told = run_call(client, tools, server, call);
  told.line.ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  return told;
}

int write_summary(const Options& options, const example::Totals& totals, const std::optional<std::string>& txn) {
  if (!options.summary) {
    fmt::print("\n{}\n", totals.line());
  } else {
    std::ofstream out(*options.summary);
    out << totals.line() << '\n' << txn.value_or("") << '\n';
    if (!out.flush()) return fail(1, *options.summary + ": cannot be written");
  }
  return totals.all_as_expected() ? 0 : 1;
}

int run(const Options& options, const example::Transcript& transcript) {
  jeton::ClientOptions sidecar;
  if (options.socket) sidecar.socket = *options.socket;
  const auto client = jeton::Client::connect(sidecar);
  if (!client) return fail(jeton::facts(client.error().code).exit, client.error().message);
  auto tools = example::McpClient::start(tool_server_command(options));
  if (!tools) return fail(1, tools.error());

  const example::Printer printer(transcript);
  example::Totals totals;
  std::optional<std::string> txn;  // of one call that was redeemed, for its story
  printer.title(fmt::format("{} calls over MCP {}, one token each", transcript.size(), tools->version()));
  printer.call_header();
  for (const example::TranscriptCall& call : transcript) {
    const Told told = run_timed(*client, *tools, options.server, call);
    totals.count(told.line);
    if (!txn && told.line.redeemed) txn = told.txn;
    printer.call(totals.calls, call, told.line);
  }

  printer.title("attacks, each on a fresh token with one fault");
  printer.attack_header();
  example::Stage stage{*client,        *tools,
                       options.server, options.other_server,
                       sidecar,        options.second_socket,
                       options.jeton,  [&](std::string_view text) { printer.waiting(text); }};
  example::run_attacks(stage, [&](const example::AttackLine& line) {
    totals.count(line);
    printer.attack(line);
  });
  const int ended = tools->stop();
  if (ended != 0) return fail(1, fmt::format("the tool server ended with status {}", ended));
  return write_summary(options, totals, txn);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  const auto done = example::read_flags(
      "an agent that asks for one token per tool call, and then tries to cheat",
      {{"--calls", &options.calls, "the transcript: JSONL of run, call_id, name, arguments", true},
       {"--check", &options.check, "only check the transcript"},
       {"--tool-server", &options.tool_server, "the MCP tool server to start"},
       {"--server", &options.server, "its name, as the sidecar knows it"},
       {"--other-server", &options.other_server, "another name the sidecar knows"},
       {"--socket", &options.socket, "the sidecar's socket"},
       {"--second-socket", &options.second_socket, "the socket of a second sidecar"},
       {"--jeton", &options.jeton, "the jeton command, where another account can run it"},
       {"--root", &options.root, "handed to the tool server"},
       {"--db", &options.database, "handed to the tool server"},
       {"--seed", &options.seed, "handed to the tool server"},
       {"--summary", &options.summary, "where the last line goes, and after it the txn of one call"}},
      argc, argv);
  if (done) return *done;
  std::signal(SIGPIPE, SIG_IGN);

  const auto transcript = example::read_transcript(options.calls);
  if (!transcript) return fail(2, transcript.error());
  if (options.check) return 0;
  if (!options.tool_server) return fail(2, "--tool-server is missing");
  return run(options, *transcript);
}
