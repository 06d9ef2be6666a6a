// `jeton log calls` and `jeton log show`: the log from its file, whether a daemon runs or not.
#include <fmt/core.h>

#include "app/paths.hpp"
#include "cli/commands.hpp"
#include "cli/table.hpp"
#include "jeton/clock.hpp"
#include "readers/view.hpp"
#include "store/sqlite_store.hpp"

namespace jeton::cli {
namespace {

Result<std::unique_ptr<LogReader>> open_log(const Common& common) {
  const auto state = common.state ? std::filesystem::path(*common.state) : default_state_to_read();
  return open_sqlite_reader(state / "jeton.db");
}

std::string short_agent(const std::string& agent) {
  const auto name = agent.rfind('/');
  return for_terminal(name == agent.npos ? agent : agent.substr(name + 1));
}

std::string outcome_words(const CallSummary& call) {
  if (!call.openers_outcome && !call.redeemers_outcome) return "-";
  const auto opener = call.openers_outcome.value_or("-");
  const auto server = call.redeemers_outcome.value_or("-");
  return opener == server ? opener : fmt::format("agent {}, server {}", opener, server);
}

/// What one event says beyond its name, in a few words.
std::string words_of(const Event& event) {
  std::string words;
  const auto say = [&words](const std::string& more) { words += (words.empty() ? "" : ", ") + for_terminal(more); };
  if (event.attempt) say(fmt::format("attempt {}", *event.attempt));
  if (event.grant) say(fmt::format("grant {}", *event.grant));
  if (event.kind == EventKind::token_minted && event.previous && *event.previous != Previous::none)
    say(fmt::format("previous {}", name_of(*event.previous)));
  if (event.kind == EventKind::token_minted && event.expires_at)
    say(fmt::format("expires {}", utc_clock_of_seconds(*event.expires_at)));
  if (event.verb) say(fmt::format("{} refused", name_of(*event.verb)));
  if (event.code) say(std::string(name_of(*event.code)));
  if (event.kind == EventKind::request_refused && event.server) say(*event.server);
  if (event.kind == EventKind::request_refused && event.tool) say(*event.tool);
  if (event.first_uid) say(fmt::format("first by uid {} in event {}", *event.first_uid, event.cites.value_or(0)));
  if (event.self_redeemed.value_or(false)) say("self-redeemed");
  if (event.prior_redemptions.value_or(0) > 0) say(fmt::format("{} before", *event.prior_redemptions));
  if (event.kind == EventKind::call_outcome && event.server) say("redemption reported");
  if (event.outcome) say(std::string(name_of(*event.outcome)));
  if (event.detail) say(*event.detail);
  if (event.duration_ms) say(fmt::format("{} ms", *event.duration_ms));
  if (event.receipt) say(fmt::format("receipt {}", name_of(*event.receipt)));
  if (event.kind == EventKind::token_revoked && !event.jti) say("the call is closed");
  if (event.kind == EventKind::call_outcome && event.cites) say(fmt::format("contradicts event {}", *event.cites));
  return words;
}

std::string who(const Event& event) {
  std::string words{event.role ? name_of(*event.role) : ""};
  if (event.uid) words += fmt::format(" uid {}", *event.uid);
  if (event.pid) words += fmt::format(" pid {}", *event.pid);
  if (event.exe) words += " " + for_terminal(*event.exe);
  return words;
}

void print_timeline(const std::vector<Event>& events) {
  const auto& first = events.front();
  fmt::print("call {}\n", first.txn->text());
  for (const auto& event : events) {
    if (event.kind != EventKind::call_opened && event.kind != EventKind::token_minted) continue;
    fmt::print("  {} on {} by {}\n", for_terminal(event.tool.value_or("?")),
               for_terminal(event.server.value_or("any server")), for_terminal(event.agent.value_or("?")));
    fmt::print("  call_id {}  run_id {}\n", for_terminal(event.call_id.value_or("-")),
               for_terminal(event.run_id.value_or("-")));
    break;
  }
  Table table({"EVENT", "TIME (UTC)", "AFTER", "WHAT", "", "WHO"});
  for (const auto& event : events)
    table.add(
        {std::to_string(event.log_index), utc_clock(event.time_us),
         fmt::format("{:+.1f} ms", (static_cast<double>(event.time_us) - static_cast<double>(first.time_us)) / 1000.0),
         std::string(name_of(event.kind)), words_of(event), who(event)});
  fmt::print("{}", table.text(colour_wanted()));
}

/// Reading throws for a log somebody damaged; that is told like every other refusal.
template <class Work>
int with_log(const Common& common, Work&& work) {
  auto log = open_log(common);
  if (!log) return tell(common, log.error());
  try {
    return work(**log);
  } catch (const std::runtime_error& error) {
    return tell(common, {Code::log_unavailable, fmt::format("the log cannot be read: {}", error.what())});
  }
}

}  // namespace

int log_calls(const Common& common, const LogOptions& options) {
  return with_log(common, [&](const LogReader& log) {
    const auto page = list_calls(log, options.before.value_or(UINT64_MAX), options.limit, SystemClock().wall_us());
    if (common.json) {
      fmt::print("{}\n", json_for_terminal(page.json()));
      return 0;
    }
    Table table(
        {"OPENED (UTC)", "TXN", "AGENT", "TOOL", "SERVER", "STATE", "ATTEMPTS", "REFUSED", "OUTCOME", "CALL_ID"});
    for (const auto& call : page.calls)
      table.add({utc_time(call.opened_us), call.txn.text(), short_agent(call.agent), for_terminal(call.tool),
                 for_terminal(call.server.value_or("-")), call.state, std::to_string(call.attempts),
                 std::to_string(call.refusals), outcome_words(call), for_terminal(call.call_id.value_or("-"))});
    if (!table.empty()) fmt::print("{}", table.text(colour_wanted()));
    if (page.next_before)
      fmt::print(stderr, "jeton: hint: older calls: jeton log calls --before {}\n", *page.next_before);
    fmt::print(stderr, "events {} gaps {}\n", page.events, page.gaps);
    return 0;
  });
}

int log_show(const Common& common, const LogOptions& options) {
  const auto txn = Txn::parse(options.txn.value_or(""));
  if (!txn) return usage("TXN is 22 characters of base64url, as jeton log calls prints it");
  return with_log(common, [&](const LogReader& log) {
    const auto events = story_of(log, *txn);
    if (!events) return tell(common, events.error());
    if (!common.json) {
      print_timeline(*events);
      return 0;
    }
    Json body{{"txn", txn->text()}, {"events", Json::array()}};
    for (const auto& event : *events) body["events"].push_back(json_of(event));
    fmt::print("{}\n", json_for_terminal(body));
    return 0;
  });
}

}  // namespace jeton::cli
