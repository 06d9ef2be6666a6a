// The commands that read the log.
#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "cli/command_line.hpp"
#include "cli/log_access.hpp"
#include "cli/time_words.hpp"
#include "readers/export.hpp"
#include "readers/find.hpp"

namespace jeton::cli {
namespace {

/// strtoull takes -1 for a very large number.
CLI::Validator at_least_zero() {
  return {[](const std::string& text) {
            const bool digits = !text.empty() && text.find_first_not_of("0123456789") == text.npos;
            return digits ? std::string() : "\"" + text + "\" is no whole number from 0 on";
          },
          ""};
}

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

void take_cache(CLI::App* command, std::optional<std::string>& cache) {
  command->add_option("--cache", cache, "where the reader's index lies; else in the user's cache")->type_name("DIR");
}

/// One of some names, and a list of them for whoever misspells.
void take_one_of(CLI::App* command, const char* option, std::optional<std::string>& value, const char* help,
                 std::vector<std::string> names, const char* type) {
  command->add_option(option, value, help)
      ->check([names = std::move(names)](const std::string& given) {
        if (std::find(names.begin(), names.end(), given) != names.end()) return std::string();
        return fmt::format("{} is none of {}", given, fmt::join(names, " "));
      })
      ->type_name(type);
}

void add_calls(CommandLine& line, CLI::App& log) {
  auto options = std::make_shared<CallsOptions>();
  auto* command = line.add(log, "calls", "the newest calls, or those that fit, and what became of them",
                           [&common = line.common, options] { return log_calls(common, *options); });
  std::vector<std::string> codes;
  for (const auto& row : all_codes()) codes.emplace_back(row.name);
  command->add_option("--agent", options->agent, "opened by this agent: its name or SPIFFE ID")->type_name("AGENT");
  command->add_option("--tool", options->tool, "of tools like this: * any characters, ? one")->type_name("GLOB");
  command->add_option("--server", options->server, "for this tool server")->type_name("URL");
  command->add_option("--run", options->run_id, "of this run")->type_name("ID");
  command->add_option("--session", options->session_id, "of this session")->type_name("ID");
  command->add_option("--call-id", options->call_id, "with this id, as the model gave it")->type_name("ID");
  take_one_of(command, "--call-state", options->state,
              "opened, minted, expired, superseded, revoked, redeemed or reported",
              {call_states().begin(), call_states().end()}, "STATE");
  take_one_of(command, "--code", options->code, "a request of which was refused with this code", std::move(codes),
              "CODE");
  command->add_option("--since", options->since, std::string("opened since then: ") + time_help)->type_name("TIME");
  command->add_option("--until", options->until, "opened before then")->type_name("TIME");
  command->add_option("--limit", options->limit, "how many")->check(CLI::Range(1, 10'000))->capture_default_str();
  command->add_option("--before", options->before, "calls opened before this event")
      ->type_name("INDEX")
      ->check(at_least_zero());
  take_cache(command, options->cache);
}

void add_why(CommandLine& line, CLI::App& log) {
  auto options = std::make_shared<WhyOptions>();
  auto* command = line.add(log, "why", "what this log knows of a token, a hash or an id that somebody found",
                           [&common = line.common, options] { return log_why(common, *options); });
  command
      ->add_option("what", options->what,
                   "a token, its SHA-256 in hex, a jti, a txn or a call id; - for stdin, @FILE for a file")
      ->required()
      ->type_name("STRING");
  take_cache(command, options->cache);
}

void add_looks(CommandLine& line, CLI::App& log) {
  add_calls(line, log);
  add_why(line, log);

  CLI::App* command = nullptr;
  auto options = add(line, log, "show", "one call's timeline, from the model's id to the outcome", log_show, command);
  command->add_option("txn", options->txn, "the call")->required()->type_name("TXN");
}

/// A question about a stretch of the log.
CLI::App* add_review(CommandLine& line, CLI::App& log, const char* name, const char* help,
                     int (*run)(const Common&, const ReviewOptions&), const std::shared_ptr<ReviewOptions>& options) {
  auto* command = line.add(log, name, help, [&common = line.common, options, run] { return run(common, *options); });
  command->add_option("--since", options->since, std::string("events since then: ") + time_help)->type_name("TIME");
  command->add_option("--until", options->until, "events before then")->type_name("TIME");
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

void add_follow(CommandLine& line, CLI::App& log) {
  auto options = std::make_shared<FollowOptions>();
  auto* command = line.add(log, "follow", "events as they happen, one a line, until it is interrupted",
                           [&common = line.common, options] { return log_follow(common, *options); });
  command->add_option("--since", options->since, std::string("begin with events since then: ") + time_help)
      ->type_name("TIME");
  command->add_option("--from", options->from, "begin with this event; else with the newest 10")
      ->type_name("INDEX")
      ->check(at_least_zero());
  command->add_option("--agent", options->agent, "only of this agent: its name or SPIFFE ID")->type_name("AGENT");
}

void add_export(CommandLine& line, CLI::App& log) {
  auto options = std::make_shared<ExportOptions>();
  auto* command = line.add(log, "export", "the events as lines for other programs, to stdout or a file",
                           [&common = line.common, options] {
                             step_back();
                             return log_export(common, *options);
                           });
  command->add_option("--format", options->format, fmt::format("{}", fmt::join(export_formats(), ", ")))
      ->required()
      ->check(CLI::IsMember(std::vector<std::string>(export_formats().begin(), export_formats().end())))
      ->type_name("FORMAT");
  command->add_option("--since", options->since, std::string("events since then: ") + time_help)->type_name("TIME");
  command->add_option("--until", options->until, "events before then")->type_name("TIME");
  command->add_option("--from", options->from, "from this event on")->type_name("INDEX")->check(at_least_zero());
  command->add_option("-o,--output", options->file, "a file, made or continued; else stdout")->type_name("FILE");
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
  command->add_option("index", options->index, "the event")->required()->type_name("INDEX")->check(at_least_zero());
  take_vkey(command, options);

  line.add(log, "vkey", "the key a stranger needs to believe this log",
           [&common = line.common] { return log_vkey(common); });

  options = add(line, log, "copy", "a copy for others, who never open the live file", log_copy, command);
  command->add_option("directory", options->directory, "a new directory")->required()->type_name("DIR");
  command->add_flag("--with-arguments", options->with_arguments, "recorded arguments too, sealed as they are");

  auto archived = std::make_shared<ArchiveOptions>();
  command = line.add(log, "archive", "copy the log, verify the copy, and let the log go of what is old",
                     [&common = line.common, archived] { return log_archive(common, *archived); });
  command->add_option("--to", archived->directory, "a new directory, for the copy")->required()->type_name("DIR");
  command
      ->add_option("--older-than", archived->older_than,
                   std::string("events before then, a day ago or earlier; else retain_days: ") + time_help)
      ->type_name("TIME");
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

void add_arguments(CommandLine& line, CLI::App& log) {
  auto disclosed = std::make_shared<DiscloseOptions>();
  auto* command = line.add(log, "disclose", "one call's key, with which anybody can check what its arguments were",
                           [&common = line.common, disclosed] { return log_disclose(common, *disclosed); });
  command->add_option("txn", disclosed->txn, "the call")->required()->type_name("TXN");
  auto* tool = command->add_option("--tool", disclosed->tool, "the tool's name, for --args")->type_name("NAME");
  auto* args = command->add_option("--args", disclosed->args, "whether these are the arguments: JSON, @FILE, or -")
                   ->type_name("JSON");
  tool->needs(args);
  args->needs(tool);

  auto args_of = std::make_shared<ArgsOptions>();
  command = line.add(log, "args", "a call's recorded arguments, for the reviewer they were sealed to",
                     [&common = line.common, args_of] { return log_args(common, *args_of); });
  command->add_option("txn", args_of->txn, "the call")->type_name("TXN");
  command->add_option("--key", args_of->key, "the file with the reviewer's secret key")->type_name("FILE");
  command
      ->add_option("--make-key", args_of->make_key, "make a key: the secret half in this new file, the other on stdout")
      ->type_name("FILE");
  command->add_flag("--delete", args_of->erase, "delete them, of TXN or --older-than; the log stays as it is");
  command
      ->add_option("--older-than", args_of->older_than, std::string("with --delete: sealed before then: ") + time_help)
      ->type_name("TIME");
}

}  // namespace

void add_log_commands(CommandLine& line) {
  auto* log = line.app.add_subcommand("log", "read the log from the state directory; needs no daemon");
  log->require_subcommand(0, 1);
  add_looks(line, *log);
  add_reviews(line, *log);
  add_follow(line, *log);
  add_export(line, *log);
  add_proofs(line, *log);
  add_for_others(line, *log);
  add_arguments(line, *log);
}

}  // namespace jeton::cli
