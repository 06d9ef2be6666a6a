// Words to options, and the commands' common ones.
#include "cli/command_line.hpp"

#include <algorithm>

#include "jeton/id.hpp"

namespace jeton::cli {
namespace {

/// The words, last first as CLI11 takes them. One id in 64 begins with a dash: where it stands alone it goes behind
/// "--", so that it is read as what it is.
std::vector<std::string> words_of(int argc, char** argv) {
  std::vector<std::string> words, ids;
  bool as_they_are = false;  // what stands behind "--" is somebody else's command line
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const std::string_view before = argv[i - 1];
    as_they_are = as_they_are || before == "--";
    const bool is_value = as_they_are || (before.starts_with("--") && before != "--json" && before != "--delete");
    (word.starts_with('-') && Txn::parse(word) && !is_value ? ids : words).push_back(word);
  }
  if (!ids.empty() && std::find(words.begin(), words.end(), "--") == words.end()) words.emplace_back("--");
  words.insert(words.end(), ids.begin(), ids.end());
  return {words.rbegin(), words.rend()};
}

void add_common(CLI::App* command, Common& common) {
  command->add_option("--socket", common.socket, "the sidecar's socket; else $JETON_SOCKET, else the usual places")
      ->type_name("PATH");
  command->add_option("--state", common.state, "the state directory that holds the log")->type_name("DIR");
  command->add_flag("--json", common.json, "print one JSON document");
}

}  // namespace

CLI::App* CommandLine::add(CLI::App& parent, const char* name, const char* help, std::function<int()> run) {
  auto* sub = parent.add_subcommand(name, help);
  add_common(sub, common);
  sub->callback([this, run = std::move(run)] { chosen = run; });
  return sub;
}

void add_call(CLI::App* command, CallOptions& call) {
  command->add_option("--server", call.server, "the tool server: its URL or mcp:stdio:NAME")
      ->required()
      ->type_name("URL");
  command->add_option("--tool", call.tool, "the tool's name")->required()->type_name("NAME");
  command->add_option("--args", call.args, args_help)->required()->type_name("JSON");
}

int parse_and(CLI::App& app, int argc, char** argv, const std::function<int()>& run) {
  try {
    app.parse(words_of(argc, argv));
  } catch (const CLI::Success& asked) {
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "{0}: {1}\n{0}: hint: see {0} --help\n", app.get_name(), error.what());
    return 2;
  }
  return run();
}

}  // namespace jeton::cli
