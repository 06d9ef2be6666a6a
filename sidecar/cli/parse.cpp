// From words to options. The one file that knows CLI11.
#include "cli/parse.hpp"

#include <algorithm>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include "app/app.hpp"
#include "cli/commands.hpp"
#include "jeton/id.hpp"

namespace jeton::cli {
namespace {

constexpr std::string_view args_help = "the arguments: JSON, @FILE, or - for stdin";

/// The words, last first as CLI11 takes them. One id in 64 begins with a dash: where it stands alone it goes behind
/// "--", so that it is read as what it is.
std::vector<std::string> words_of(int argc, char** argv) {
  std::vector<std::string> words, ids;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const std::string_view before = argv[i - 1];
    const bool is_value = before.starts_with("--") && before != "--" && before != "--json";
    (word.starts_with('-') && Txn::parse(word) && !is_value ? ids : words).push_back(word);
  }
  if (!ids.empty() && std::find(words.begin(), words.end(), "--") == words.end()) words.emplace_back("--");
  words.insert(words.end(), ids.begin(), ids.end());
  return {words.rbegin(), words.rend()};
}

/// Help and version are answers; everything else that CLI11 stops at is a usage error.
template <class Run>
int parse_and(CLI::App& app, int argc, char** argv, Run&& run) {
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

void add_common(CLI::App* command, Common& common) {
  command->add_option("--socket", common.socket, "the sidecar's socket; else $JETON_SOCKET, else the usual places")
      ->type_name("PATH");
  command->add_option("--state", common.state, "the state directory that holds the log")->type_name("DIR");
  command->add_flag("--json", common.json, "print one JSON document");
}

void add_call(CLI::App* command, CallOptions& call) {
  command->add_option("--server", call.server, "the tool server: its URL or mcp:stdio:NAME")
      ->required()
      ->type_name("URL");
  command->add_option("--tool", call.tool, "the tool's name")->required()->type_name("NAME");
  command->add_option("--args", call.args, std::string(args_help))->required()->type_name("JSON");
}

void add_question(CLI::App* command, ExplainOptions& question) {
  command->add_option("--agent", question.agent, "the agent's name")->required()->type_name("NAME");
  command->add_option("--server", question.server, "the tool server; without it: is there some server for this call?")
      ->type_name("URL");
  command->add_option("--tool", question.tool, "the tool's name")->required()->type_name("NAME");
  command->add_option("--args", question.args, std::string(args_help))->required()->type_name("JSON");
  command
      ->add_option("--config", question.config, "the configuration; else STATE/jeton.toml, else /etc/jeton/jeton.toml")
      ->type_name("FILE");
}

}  // namespace

int run_jetond(int argc, char** argv) {
  CLI::App app("the sidecar: mints one token for one tool call, burns it once, and writes down both first", "jetond");
  app.set_version_flag("--version", std::string(version()));
  DaemonOptions options;
  std::string listen = "none";
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
  app.add_option("--listen", listen, "none: this version serves the Unix socket only")->type_name("none");
  return parse_and(app, argc, argv, [&] {
    if (listen != "none") {
      fmt::print(stderr, "jetond: --listen {}: this version has no TCP door; leave it out or say none\n", listen);
      return 2;
    }
    if (options.dev && options.config) {
      fmt::print(stderr, "jetond: --dev takes no --config; leave one out\n");
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
  MintOptions mint_options;
  RedeemOptions redeem_options;
  RevokeOptions revoke_options;
  std::string agent_name;
  LogOptions log_options;
  ExplainOptions explain_options;
  int exit_status = 0;
  const auto command = [&](CLI::App& parent, const char* name, const char* help) {
    auto* sub = parent.add_subcommand(name, help);
    add_common(sub, common);
    return sub;
  };

  auto* mint_command = command(app, "mint", "a token for one tool call, on stdout");
  add_call(mint_command, mint_options.call);
  mint_command->add_option("--txn", mint_options.txn, "the next attempt of this call, in place of a new call")
      ->type_name("TXN");
  mint_command->add_option("--call-id", mint_options.call_id, "the model's id of the call")->type_name("ID");
  mint_command->add_option("--run-id", mint_options.run_id, "the agent's id of the run")->type_name("ID");
  mint_command->callback([&] { exit_status = mint(common, mint_options); });

  auto* redeem_command = command(app, "redeem", "spend a token, as its tool server would");
  add_call(redeem_command, redeem_options.call);
  redeem_command
      ->add_option("--redemption-id", redeem_options.redemption_id, "ask again for the answer to an earlier redemption")
      ->type_name("ID");
  redeem_command->add_option("token", redeem_options.token, "the token, or - for stdin")
      ->required()
      ->type_name("TOKEN");
  redeem_command->callback([&] { exit_status = redeem(common, redeem_options); });

  auto* verify_command = command(app, "verify", "check a token without spending it");
  add_call(verify_command, redeem_options.call);
  verify_command->add_option("token", redeem_options.token, "the token, or - for stdin")
      ->required()
      ->type_name("TOKEN");
  verify_command->callback([&] { exit_status = verify(common, redeem_options); });

  auto* revoke_command = command(app, "revoke", "end live tokens: one by its jti, or those of a call, a run, an agent");
  revoke_command->add_option("jti", revoke_options.jti, "the token's id")->type_name("JTI");
  revoke_command->add_option("--txn", revoke_options.txn, "this call, for good")->type_name("TXN");
  revoke_command->add_option("--run", revoke_options.run_id, "all calls of this run, for good")->type_name("ID");
  revoke_command->add_option("--agent", revoke_options.agent, "this agent's live tokens")->type_name("NAME");
  revoke_command->callback([&] { exit_status = revoke(common, revoke_options); });

  auto* agent_command = app.add_subcommand("agent", "the kill switch; for operators");
  agent_command->require_subcommand(0, 1);
  for (const bool disable : {true, false}) {
    auto* switch_command = command(
        *agent_command, disable ? "disable" : "enable",
        disable ? "no more tokens for this agent, and an end to those it has" : "let a disabled agent work again");
    switch_command->add_option("name", agent_name, "the agent")->required()->type_name("NAME");
    switch_command->callback([&, disable] { exit_status = agent_switch(common, agent_name, disable); });
  }

  auto* status_command = command(app, "status", "what the sidecar says about itself and about you");
  status_command->callback([&] { exit_status = status(common); });

  auto* policy_command = app.add_subcommand("policy", "what the grants of the configuration say; needs no daemon");
  policy_command->require_subcommand(0, 1);
  auto* explain_command = command(*policy_command, "explain", "which grant decides a call, and why the others do not");
  add_question(explain_command, explain_options);
  explain_command->callback([&] { exit_status = policy_explain(common, explain_options); });

  auto* log_command = app.add_subcommand("log", "read the log from the state directory; needs no daemon");
  log_command->require_subcommand(0, 1);
  auto* calls_command = command(*log_command, "calls", "the newest calls and what became of them");
  calls_command->add_option("--limit", log_options.limit, "how many")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  calls_command->add_option("--before", log_options.before, "calls opened before this event")->type_name("INDEX");
  calls_command->callback([&] { exit_status = log_calls(common, log_options); });
  auto* show_command = command(*log_command, "show", "one call's timeline, from the model's id to the outcome");
  show_command->add_option("txn", log_options.txn, "the call")->required()->type_name("TXN");
  show_command->callback([&] { exit_status = log_show(common, log_options); });

  const auto take_vkey = [&](CLI::App* sub) {
    sub->add_option("--vkey", log_options.vkey, "the log's key, or @FILE with it; else the one beside the log")
        ->type_name("KEY");
  };
  auto* log_verify_command = command(*log_command, "verify", "hold every row against the tree and what was signed");
  take_vkey(log_verify_command);
  log_verify_command->add_option("--checkpoint", log_options.checkpoints, "a checkpoint that was kept elsewhere")
      ->type_name("FILE");
  log_verify_command->add_option("--proof", log_options.proof, "verify this one proof; needs no log, only the key")
      ->type_name("FILE");
  log_verify_command->callback([&] { exit_status = log_verify(common, log_options); });
  auto* proof_command = command(*log_command, "proof", "one event with its way up to a checkpoint, for a stranger");
  proof_command->add_option("index", log_options.index, "the event")->required()->type_name("INDEX");
  take_vkey(proof_command);
  proof_command->callback([&] { exit_status = log_proof(common, log_options); });
  auto* vkey_command = command(*log_command, "vkey", "the key a stranger needs to believe this log");
  vkey_command->callback([&] { exit_status = log_vkey(common); });
  auto* copy_command = command(*log_command, "copy", "a copy for others, who never open the live file");
  copy_command->add_option("directory", log_options.directory, "a new directory")->required()->type_name("DIR");
  copy_command->callback([&] { exit_status = log_copy(common, log_options); });

  return parse_and(app, argc, argv, [&] {
    if (app.get_subcommands().empty())
      return usage("a command is needed: mint, redeem, verify, revoke, agent, status, policy or log");
    if (policy_command->parsed() && policy_command->get_subcommands().empty())
      return usage("policy needs to know what: explain");
    if (agent_command->parsed() && agent_command->get_subcommands().empty())
      return usage("agent needs to know what: disable or enable");
    if (log_command->parsed() && log_command->get_subcommands().empty())
      return usage("log needs to know what: calls, show, verify, proof, vkey or copy");
    return exit_status;
  });
}

}  // namespace jeton::cli
