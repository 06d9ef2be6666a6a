// The commands that read the log.
#include <memory>

#include "cli/command_line.hpp"

namespace jeton::cli {
namespace {

using Options = std::shared_ptr<LogOptions>;

/// A command of `log` with its options, which live as long as the tree.
Options add(CommandLine& line, CLI::App& log, const char* name, const char* help,
            int (*run)(const Common&, const LogOptions&), CLI::App*& command) {
  auto options = std::make_shared<LogOptions>();
  command = line.add(log, name, help, [&common = line.common, options, run] { return run(common, *options); });
  return options;
}

template <class AnyOptions>
void take_vkey(CLI::App* command, const AnyOptions& options) {
  command->add_option("--vkey", options->vkey, "the log's key, or @FILE with it; else the one beside the log")
      ->type_name("KEY");
}

void add_looks(CommandLine& line, CLI::App& log) {
  CLI::App* command = nullptr;
  auto options = add(line, log, "calls", "the newest calls and what became of them", log_calls, command);
  command->add_option("--limit", options->limit, "how many")->check(CLI::Range(1, 10'000))->capture_default_str();
  command->add_option("--before", options->before, "calls opened before this event")->type_name("INDEX");

  options = add(line, log, "show", "one call's timeline, from the model's id to the outcome", log_show, command);
  command->add_option("txn", options->txn, "the call")->required()->type_name("TXN");
}

/// A question about a stretch of the log.
CLI::App* add_review(CommandLine& line, CLI::App& log, const char* name, const char* help,
                     int (*run)(const Common&, const ReviewOptions&), const std::shared_ptr<ReviewOptions>& options) {
  auto* command = line.add(log, name, help, [&common = line.common, options, run] { return run(common, *options); });
  command->add_option("--since", options->since, "from then on: a date, a time, 24h or 7d ago, in UTC")->type_name("T");
  command->add_option("--until", options->until, "before then")->type_name("T");
  command->add_option("--limit", options->limit, "how many lines of a list")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  return command;
}

void add_reviews(CommandLine& line, CLI::App& log) {
  auto options = std::make_shared<ReviewOptions>();
  auto* command = add_review(line, log, "alerts", "what to look at, each with what to do", log_alerts, options);
  command->add_option("--kind", options->kind, "only this kind; see docs/alerts.md")->type_name("KIND");
  add_review(line, log, "stats", "how much of what happened, by agent, tool, server and code", log_stats,
             std::make_shared<ReviewOptions>());
}

void add_proofs(CommandLine& line, CLI::App& log) {
  CLI::App* command = nullptr;
  auto options = add(line, log, "verify", "hold every row against the tree and what was signed", log_verify, command);
  take_vkey(command, options);
  command->add_option("--checkpoint", options->checkpoints, "a checkpoint that was kept elsewhere")->type_name("FILE");
  command
      ->add_option("--proof", options->proof,
                   "verify this one proof; needs no log, only the key, and for one of consistency --checkpoint")
      ->type_name("FILE");

  options = add(line, log, "proof", "one event with its way up to a checkpoint, for a stranger", log_proof, command);
  command->add_option("index", options->index, "the event")->required()->type_name("INDEX");
  take_vkey(command, options);

  line.add(log, "vkey", "the key a stranger needs to believe this log",
           [&common = line.common] { return log_vkey(common); });

  options = add(line, log, "copy", "a copy for others, who never open the live file", log_copy, command);
  command->add_option("directory", options->directory, "a new directory")->required()->type_name("DIR");
}

void add_for_others(CommandLine& line, CLI::App& log) {
  auto tiles = std::make_shared<TilesOptions>();
  auto* command = line.add(log, "tiles", "the log as static files that any web server can show",
                           [&common = line.common, tiles] { return log_tiles(common, *tiles); });
  command->add_option("directory", tiles->directory, "their directory; run again to bring it up to date")
      ->required()
      ->type_name("DIR");
  command->add_flag("--entries", tiles->entries, "the events too: whoever can fetch them reads the log");

  auto growth = std::make_shared<ConsistencyOptions>();
  command = line.add(log, "consistency", "that the log only grew since an older checkpoint, for whoever kept it",
                     [&common = line.common, growth] { return log_consistency(common, *growth); });
  command->add_option("old", growth->old, "how many events that was, or a file with the older checkpoint")
      ->required()
      ->type_name("OLD");
  command->add_option("size", growth->size, "up to the checkpoint of so many events; else the newest")
      ->type_name("SIZE");
  take_vkey(command, growth);
}

}  // namespace

void add_log_commands(CommandLine& line) {
  auto* log = line.app.add_subcommand("log", "read the log from the state directory; needs no daemon");
  log->require_subcommand(0, 1);
  add_looks(line, *log);
  add_reviews(line, *log);
  add_proofs(line, *log);
  add_for_others(line, *log);
}

}  // namespace jeton::cli
