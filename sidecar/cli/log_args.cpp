// `jeton log args`: what a call was given, for the reviewer whose key it was sealed to; and its deletion.
#include <algorithm>

#include <unistd.h>

#include "cli/log_access.hpp"
#include "cli/table.hpp"
#include "cli/time_words.hpp"
#include "identity/reviewer_key.hpp"
#include "jeton/clock.hpp"
#include "jeton/hash.hpp"
#include "readers/view.hpp"
#include "store/sealed_arguments.hpp"

namespace jeton::cli {
namespace {

constexpr const char* txn_form = "TXN is 22 characters of base64url, as jeton log calls prints it";

/// The sealed bytes as the leaf vouches for them.
Result<std::string> sealed_of(const LogReader& log, const Event& event) {
  const auto sealed = log.sealed(event.log_index);
  if (!sealed)
    return refuse(Code::unknown_call,
                  "the arguments of this call were recorded and have been deleted; their hash is "
                  "still in the log");
  if (sha256(*sealed) != event.sealed_sha256)
    return refuse(Code::args_mismatch,
                  "what is kept beside this call is not what was sealed; its SHA-256 is not the "
                  "one in the log");
  return *sealed;
}

Result<std::string> opened(const LogReader& log, const Event& event, const std::string& key_file) {
  const auto key = read_reviewer_key(key_file);
  if (!key) return refuse(key.error());
  const auto sealed = sealed_of(log, event);
  if (!sealed) return refuse(sealed.error());
  auto bytes = key->open(*sealed);
  if (!bytes)
    return refuse(Code::bad_request,
                  "these arguments were sealed to another key; name the file whose public key was reviewer_key then");
  return *std::move(bytes);
}

int show(const Common& common, const Txn& txn, const std::string& key_file) {
  return with_log(common, [&](const LogReader& log) {
    const auto events = story_of(log, txn);
    if (!events) return tell(common, events.error());
    const auto recorded = std::find_if(events->begin(), events->end(),
                                       [](const Event& event) { return event.sealed_sha256.has_value(); });
    if (recorded == events->end())
      return tell(common,
                  {Code::unknown_call, "no arguments were recorded for this call; its grant did not ask for it"});
    const auto bytes = opened(log, *recorded, key_file);
    if (!bytes) return tell(common, bytes.error());
    // Anybody who knows the public key can seal anything: only arguments are shown.
    const auto arguments = parse_json(*bytes, Code::bad_arguments, {bytes->size()});
    if (!arguments) return tell(common, arguments.error());
    if (common.json)
      fmt::print("{}\n", json_for_terminal({{"txn", txn.text()},
                                            {"log_index", recorded->log_index},
                                            {"tool", recorded->tool.value_or("")},
                                            {"arguments", *arguments}}));
    else
      fmt::print("{}\n", ::isatty(STDOUT_FILENO) == 1 ? json_for_terminal(*arguments) : *bytes);
    return 0;
  });
}

int make_key(const Common& common, const std::string& file) {
  const auto key = make_reviewer_key(file);
  if (!key) return tell(common, key.error());
  const auto text = key->sealing_key().text();
  if (common.json) {
    fmt::print("{}\n", json_for_terminal({{"file", file}, {"reviewer_key", text}}));
    return 0;
  }
  fmt::print("{}\n", text);
  fmt::print(stderr, "jeton: hint: write reviewer_key = \"{}\" into jeton.toml, and keep {} off this host\n", text,
             for_terminal(file));
  return 0;
}

int erase(const Common& common, const ArgsOptions& options) {
  const auto file = state_of(common) / "jeton.db";
  Result<std::uint64_t> deleted = 0;
  if (options.txn) {
    const auto txn = Txn::parse(*options.txn);
    if (!txn) return usage(txn_form);
    deleted = delete_sealed(file, *txn);
  } else {
    const auto before = time_from(options.older_than.value_or(""), SystemClock().wall_us());
    if (!before) return usage("--older-than takes RFC 3339, a date, unix seconds, or an age such as 90d");
    deleted = delete_sealed_before(file, *before);
  }
  if (!deleted) return tell(common, deleted.error());
  if (common.json)
    fmt::print("{}\n", json_for_terminal({{"deleted", *deleted}}));
  else
    fmt::print("arguments of {} calls deleted\n", *deleted);
  return 0;
}

}  // namespace

int log_args(const Common& common, const ArgsOptions& options) {
  const int shows = options.key ? 1 : 0, makes = options.make_key ? 1 : 0, deletes = options.erase ? 1 : 0;
  if (shows + makes + deletes != 1) return usage("log args needs one of --key FILE, --make-key FILE and --delete");
  if (options.older_than && !options.erase) return usage("--older-than is for --delete");
  if (options.make_key) return options.txn ? usage("--make-key takes no TXN") : make_key(common, *options.make_key);
  if (options.txn.has_value() == options.older_than.has_value())
    return usage(options.erase ? "--delete takes a TXN, or --older-than 90d" : "log args needs a TXN");
  if (options.erase) return erase(common, options);
  const auto txn = Txn::parse(*options.txn);
  return txn ? show(common, *txn, *options.key) : usage(txn_form);
}

}  // namespace jeton::cli
