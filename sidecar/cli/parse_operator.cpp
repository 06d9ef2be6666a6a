// The operator's commands: end tokens, switch agents off and on, look at the daemon and the policy.
#include <memory>

#include "cli/command_line.hpp"
#include "cli/time_words.hpp"

namespace jeton::cli {
namespace {

void add_revoke(CommandLine& line) {
  auto options = std::make_shared<RevokeOptions>();
  auto* command = line.add(line.app, "revoke", "end live tokens: one by its jti, or those of a call, a run, an agent",
                           [&common = line.common, options] { return revoke(common, *options); });
  command->add_option("jti", options->jti, "the token's id")->type_name("JTI");
  command->add_option("--txn", options->txn, "this call, for good")->type_name("TXN");
  command->add_option("--run", options->run_id, "all calls of this run, for good")->type_name("ID");
  command->add_option("--agent", options->agent, "this agent's live tokens")->type_name("NAME");
}

void add_agent(CommandLine& line) {
  auto* agent = line.app.add_subcommand("agent", "the kill switch; for operators");
  agent->require_subcommand(0, 1);
  for (const bool disable : {true, false}) {
    auto name = std::make_shared<std::string>();
    auto* command = line.add(
        *agent, disable ? "disable" : "enable",
        disable ? "no more tokens for this agent, and an end to those it has" : "let a disabled agent work again",
        [&common = line.common, name, disable] { return agent_switch(common, *name, disable); });
    command->add_option("name", *name, "the agent")->required()->type_name("NAME");
  }
}

void add_explain(CommandLine& line) {
  auto* policy = line.app.add_subcommand("policy", "what the grants of the configuration say; needs no daemon");
  policy->require_subcommand(0, 1);
  auto question = std::make_shared<ExplainOptions>();
  auto* command = line.add(*policy, "explain", "which grant decides a call, and why the others do not",
                           [&common = line.common, question] { return policy_explain(common, *question); });
  command->add_option("--agent", question->agent, "the agent's name")->required()->type_name("NAME");
  command->add_option("--server", question->server, "the tool server; without it: is there some server for this call?")
      ->type_name("URL");
  command->add_option("--tool", question->tool, "the tool's name")->required()->type_name("NAME");
  command->add_option("--args", question->args, args_help)->required()->type_name("JSON");
  command->add_option("--at", question->at, std::string("asked then, not now: ") + time_help)->type_name("TIME");
  command
      ->add_option("--config", question->config, "the configuration; else STATE/jeton.toml, else /etc/jeton/jeton.toml")
      ->type_name("FILE");
}

void add_doctor(CommandLine& line) {
  auto options = std::make_shared<DoctorOptions>();
  auto* command = line.add(line.app, "doctor", "what is wrong or weak here, why it matters, what to type",
                           [&common = line.common, options] { return doctor(common, *options); });
  command
      ->add_option("--config", options->config, "the configuration; else STATE/jeton.toml, else /etc/jeton/jeton.toml")
      ->type_name("FILE");
  command->add_flag("--ask-engine", options->ask_engine, "also put one question to the engine of [policy]");
}

void add_run(CommandLine& line) {
  auto options = std::make_shared<RunOptions>();
  auto* command =
      line.add(line.app, "run", "run a program beside a sidecar of its own; who can open its socket is the agent",
               [&common = line.common, options] { return run(common, *options); });
  command->add_option("--agent", options->agent, "the agent it is; else the only one that is configured")
      ->type_name("NAME");
  command
      ->add_option("--config", options->config, "the configuration; else STATE/jeton.toml, else /etc/jeton/jeton.toml")
      ->type_name("FILE");
  command->add_option("command", options->command, "the program and its arguments, behind --")
      ->required()
      ->type_name("CMD");
}

}  // namespace

void add_operator_commands(CommandLine& line) {
  line.add(line.app, "init", "a configuration to begin with, for this account; asks nothing, replaces nothing",
           [&common = line.common] { return init(common); });
  add_revoke(line);
  add_agent(line);
  line.add(line.app, "status", "what the sidecar says about itself and about you",
           [&common = line.common] { return status(common); });
  line.add(line.app, "metrics", "numbers for a Prometheus server, in its text format; for reviewers",
           [&common = line.common] { return metrics(common); });
  add_doctor(line);
  add_run(line);
  add_explain(line);
}

}  // namespace jeton::cli
