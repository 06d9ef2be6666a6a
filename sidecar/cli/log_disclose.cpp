// `jeton log disclose`: one call's key, and whether somebody's arguments are the ones the log has a MAC of.
#include <algorithm>

#include "cli/log_access.hpp"
#include "cli/table.hpp"
#include "identity/log_secret.hpp"
#include "readers/view.hpp"

namespace jeton::cli {
namespace {

constexpr int exit_mismatch = 4;
constexpr std::size_t any_configured_limit = 64 << 20;

/// The event that says what the call was given: its first token, else the open that named no server.
const Event* arguments_in(const std::vector<Event>& events) {
  const auto first = [&events](EventKind kind) -> const Event* {
    const auto found = std::find_if(events.begin(), events.end(),
                                    [kind](const Event& event) { return event.kind == kind && event.args_mac; });
    return found == events.end() ? nullptr : &*found;
  };
  const auto* minted = first(EventKind::token_minted);
  return minted != nullptr ? minted : first(EventKind::call_opened);
}

/// The log's own secret: another one's key would call every argument a wrong one.
Result<LogSecret> secret_of(const Common& common) {
  const auto state = state_of(common);
  auto secret = LogSecret::load_to_disclose(state / "log.key");
  if (!secret)
    return refuse(Code::log_unavailable,
                  fmt::format("{}; only the daemon's account and root can disclose, and where systemd holds the key: "
                              "systemd-run --pipe -p LoadCredentialEncrypted=jeton-log-key jeton log disclose",
                              secret.error().message.substr(0, secret.error().message.find("; "))));
  const auto vkey = key_of(common, std::nullopt);
  if (!vkey) return refuse(vkey.error());
  if (NoteKey(vkey->name(), secret->checkpoint_key().verifying_key()).text() != vkey->text())
    return refuse(Code::log_unavailable, "this log.key is not the one of log.vkey beside it; put the log's own back");
  return secret;
}

/// Whether these are the arguments, where some were given.
Result<std::optional<bool>> compared(const DiscloseOptions& options, const Secret& key, const Event& event) {
  if (!options.args) return std::nullopt;
  const auto arguments = read_arguments(*options.args);
  if (!arguments) return refuse(arguments.error());
  const auto digest = args_digest(*options.tool, *arguments, any_configured_limit);
  if (!digest) return refuse(digest.error());
  return equal_in_constant_time(hmac_sha256(key.expose_for_signing(), digest->bytes), *event.args_mac);
}

void print(const Common& common, const Event& event, const Secret& key, std::optional<bool> matches) {
  const auto tool = event.tool.value_or("");
  if (!common.json) {
    fmt::print("call {}\nevent {}\ntool {}\nargs_mac {}\nkey {}\n", event.txn->text(), event.log_index,
               for_terminal(tool), hex(*event.args_mac), hex(key.expose_for_signing()));
    if (matches) fmt::print("{}\n", *matches ? "match: these are the arguments" : "mismatch: these are not");
    return;
  }
  Json body{{"txn", event.txn->text()},
            {"log_index", event.log_index},
            {"tool", tool},
            {"args_mac", hex(*event.args_mac)},
            {"key", hex(key.expose_for_signing())}};
  if (matches) body["matches"] = *matches;
  fmt::print("{}\n", json_for_terminal(body));
}

}  // namespace

int log_disclose(const Common& common, const DiscloseOptions& options) {
  const auto txn = Txn::parse(options.txn);
  if (!txn) return usage("TXN is 22 characters of base64url, as jeton log calls prints it");
  return with_log(common, [&](const LogReader& log) {
    const auto events = story_of(log, *txn);
    if (!events) return tell(common, events.error());
    const auto* event = arguments_in(*events);
    if (event == nullptr)
      return tell(common, {Code::unknown_call, "this call was never granted, so the log has no MAC of its arguments"});
    const auto secret = secret_of(common);
    if (!secret) return tell(common, secret.error());
    const auto key = secret->args_key(*txn);
    const auto matches = compared(options, key, *event);
    if (!matches) return tell(common, matches.error());
    print(common, *event, key, *matches);
    return matches->value_or(true) ? 0 : exit_mismatch;
  });
}

}  // namespace jeton::cli
