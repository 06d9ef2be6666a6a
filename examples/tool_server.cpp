// An MCP tool server over stdio that runs nothing without a single-use token for exactly that call.
#include <csignal>
#include <filesystem>
#include <memory>
#include <string>

#include <fmt/core.h>
#include <unistd.h>

#include "flags.hpp"
#include "tool_server/files.hpp"
#include "tool_server/json_rpc.hpp"
#include "tool_server/mcp.hpp"
#include "tool_server/sql.hpp"
#include "tool_server/stdio.hpp"
#include "tool_server/verifier_gate.hpp"

namespace {

struct Options {
  std::string server = "mcp:stdio:files";
  std::optional<std::string> socket;
  std::optional<std::string> root;
  std::optional<std::string> database;
  std::optional<std::string> seed;
  bool any_tool = false;
};

int fail(int status, const std::string& why) {
  fmt::print(stderr, "tool server: {}\n", why);
  return status;
}

/// What went wrong; empty: nothing.
std::string fill(example::Toolbox& toolbox, const Options& options) {
  if (options.root) {
    auto root = example::FileRoot::open(*options.root);
    if (!root) return root.error();
    example::add_file_tools(toolbox, std::make_shared<example::FileRoot>(std::move(*root)));
  }
  if (options.database) {
    example::limit_sql_memory();
    if (options.seed) {
      if (auto why = example::seed_database(*options.database, *options.seed); !why.empty()) return why;
    }
    auto database = example::ReadOnlyDatabase::open(*options.database);
    if (!database) return database.error();
    example::add_sql_tool(toolbox, std::make_shared<example::ReadOnlyDatabase>(std::move(*database)));
  }
  if (options.any_tool) toolbox.echo_unknown_tools();
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  const auto done =
      example::read_flags("an MCP server over stdio; every call needs its own token",
                          {{"--server", &options.server, "the name tokens are minted for"},
                           {"--socket", &options.socket, "the sidecar's socket"},
                           {"--root", &options.root, "offer read_file and list_directory below this directory"},
                           {"--db", &options.database, "offer sql_query on this SQLite database, read-only"},
                           {"--seed", &options.seed, "an SQL script that makes the database when it is not there"},
                           {"--any-tool", &options.any_tool, "answer unknown tools with their arguments"}},
                          argc, argv);
  if (done) return *done;
  std::signal(SIGPIPE, SIG_IGN);

  example::Toolbox toolbox;
  if (auto why = fill(toolbox, options); !why.empty()) return fail(2, why);
  jeton::ClientOptions sidecar;
  if (options.socket) sidecar.socket = *options.socket;
  auto verifier = jeton::Verifier::connect(options.server, sidecar);
  if (!verifier) return fail(jeton::facts(verifier.error().code).exit, verifier.error().message);

  example::VerifierGate gate(std::move(*verifier));
  example::McpServer server(gate, toolbox);
  const bool ended = example::serve_lines(STDIN_FILENO, STDOUT_FILENO, example::line_bytes_max,
                                          [&](std::string_view line) { return server.answer(line); });
  return ended ? 0 : fail(1, "the other end is gone");
}
