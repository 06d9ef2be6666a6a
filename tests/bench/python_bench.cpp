// What a call costs from Python, beside the same call from C++ on the same daemon.
#include <array>
#include <cstdio>

#include "bench/measure.hpp"

namespace jeton::bench {
namespace {

/// What a program prints, read as JSON.
Json document_of(const std::string& command) {
  std::FILE* const pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("cannot run " + command);
  std::string text;
  std::array<char, 4096> chunk;
  while (const auto count = std::fread(chunk.data(), 1, chunk.size(), pipe)) text.append(chunk.data(), count);
  if (::pclose(pipe) != 0) throw std::runtime_error("failed: " + command);
  return expect(parse_json(text, Code::internal, {}));
}

double median(Micros values) { return quantile(std::move(values), 0.5); }

/// Open with the server, and the token that comes with it.
double mint_p50(const std::filesystem::path& socket, int calls) {
  const auto client = connect(socket);
  ToolCall call{"bench", arguments, server};
  Micros taken;
  for (int i = 0; i < calls; ++i) {
    std::optional<CallScope> scope;
    taken.push_back(micros_of([&] {
      scope.emplace(expect(client.open(call)));
      (void)expect(scope->mint(server));
    }));
    (void)expect(scope->finish(Outcome::ok));
  }
  return median(taken);
}

}  // namespace

void python(Report& report, const std::filesystem::path& bin, const std::string& folder, const PythonPrograms& programs,
            bool quick) {
  const Scratch scratch;
  const Pair pair(bin, scratch, "full", false);
  const int rounds = quick ? 1 : 5, calls = quick ? 100 : 300;
  const auto with = [&](const std::string& interpreter, const char* script) {
    return document_of(interpreter + " " + folder + "/" + script + " --socket " + pair.real_socket.string() +
                       " --server " + server + " --calls " + std::to_string(calls));
  };
  std::map<std::string, Micros> taken;
  for (int round = 0; round < rounds; ++round) {
    taken["cpp"].push_back(mint_p50(pair.real_socket, calls));
    const auto measured = with(programs.plain, "calls.py");
    for (const auto& [name, value] : measured.items()) taken[name].push_back(value.get<double>());
  }
  const auto cpp = median(taken["cpp"]);
  report.ratio("py_sync", median(taken["py_sync_p50_us"]), cpp, "us p50, open and mint; floor: the C++ client");
  report.ratio("py_async", median(taken["py_async_p50_us"]), cpp, "us p50, the same on a loop");
  report.alone("py_import_ms", median(taken["py_import_ms"]), "ms, import jeton");
  report.alone("py_import_scope_ms", median(taken["py_import_scope_ms"]), "ms, with all that a scope needs");
  if (!programs.langgraph.empty())
    report.alone("langgraph_call_cost_us", with(programs.langgraph, "langgraph_call.py").at("cost_us").get<double>(),
                 "us, a tool call with Jeton less one without");
  if (!programs.mcp.empty())
    report.alone("server_check_us", with(programs.mcp, "mcp_check.py").at("check_us").get<double>(),
                 "us, verify and redeem in the MCP server's guard");
}

}  // namespace jeton::bench
