// The command lines of jetond and jeton as a whole.
#include "cli/parse.hpp"

#include "app/app.hpp"
#include "cli/command_line.hpp"

namespace jeton::cli {
namespace {

/// The names of what may come next, as people list things: "a, b or c".
std::string names_of(const CLI::App& parent) {
  const auto children = parent.get_subcommands([](const CLI::App* one) { return !one->get_group().empty(); });
  std::string names;
  for (std::size_t i = 0; i < children.size(); ++i) {
    if (i) names += i + 1 == children.size() ? " or " : ", ";
    names += children[i]->get_name();
  }
  return names;
}

/// A group of commands alone says nothing yet.
int ask_for_command(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  if (chosen.empty()) return usage(fmt::format("a command is needed: {}", names_of(app)));
  return usage(fmt::format("{} needs to know what: {}", chosen[0]->get_name(), names_of(*chosen[0])));
}

}  // namespace

void add_daemon_options(CLI::App& app, DaemonOptions& options) {
  app.add_flag("--dev", options.dev,
               "no configuration: this account is agent, every server and operator; not for production");
  app.add_option("--config", options.config, "the configuration; else STATE/jeton.toml, else /etc/jeton/jeton.toml")
      ->type_name("FILE");
  app.add_option("--state", options.state,
                 "the state directory; else /var/lib/jeton for a service, else $XDG_STATE_HOME/jeton")
      ->type_name("DIR");
  app.add_option("--socket", options.socket,
                 "the socket; else the configuration's, else $JETON_SOCKET, else the usual place")
      ->type_name("PATH");
  app.add_flag(
      "--accept-rollback", options.accept_rollback,
      "begin a new log when this one is not the one that was signed for; every agent is disabled until enabled");
  app.add_option("--only-agent", options.only_agent,
                 "serve this agent alone: whoever can open its socket is it; jeton run does this")
      ->type_name("NAME");
  app.add_option("--listen", options.listen,
                 "also over TCP, beats the configuration: 127.0.0.1:8470, [::1]:8470, or none")
      ->type_name("HOST:PORT|none");
}

int run_jetond(int argc, char** argv) {
  CLI::App app("the sidecar: mints one token for one tool call, burns it once, and writes down both first", "jetond");
  app.set_version_flag("--version", std::string(version()));
  DaemonOptions options;
  add_daemon_options(app, options);
  return parse_and(app, argc, argv, [&] {
    if (options.dev && options.config) {
      fmt::print(stderr, "jetond: --dev takes no --config; leave one out\n");
      return 2;
    }
    if (options.only_agent && (options.dev || !options.socket || options.listen)) {
      fmt::print(stderr, "jetond: --only-agent needs --socket and a configuration; leave --dev and --listen out\n");
      return 2;
    }
    const auto ran = run_daemon(options);
    if (ran) return 0;
    const auto& error = ran.error();
    fmt::print(stderr, "jetond: error: {}\n", error.message);
    // What stops a start is a mistake in what it was given, or a log that cannot be used.
    return error.code == Code::bad_request ? 2 : facts(error.code).exit;
  });
}

int run_jeton(int argc, char** argv) {
  CLI::App app("one token, one call", "jeton");
  app.set_version_flag("--version", std::string(version()));
  app.require_subcommand(0, 1);
  Common common;
  CommandLine line{app, common, {}};
  add_call_commands(line);
  add_operator_commands(line);
  add_log_commands(line);
  add_domain_commands(line);
  add_document_commands(line);
  return parse_and(app, argc, argv, [&] { return line.chosen ? line.chosen() : ask_for_command(app); });
}

}  // namespace jeton::cli
