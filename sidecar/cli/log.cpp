// `jeton log show`: one call from its file, whether a daemon runs or not.
#include "cli/log_access.hpp"
#include "cli/table.hpp"
#include "cli/timeline.hpp"
#include "jeton/clock.hpp"
#include "readers/family.hpp"

namespace jeton::cli {
namespace {

void print_heading(const std::vector<Event>& events) {
  fmt::print("call {}\n", events.front().txn->text());
  for (const auto& event : events) {
    if (event.kind != EventKind::call_opened && event.kind != EventKind::token_minted) continue;
    fmt::print("  {} on {} by {}\n", for_terminal(event.tool.value_or("?")),
               for_terminal(event.server.value_or("any server")), for_terminal(event.agent.value_or("?")));
    fmt::print("  call_id {}  run_id {}", for_terminal(event.call_id.value_or("-")),
               for_terminal(event.run_id.value_or("-")));
    if (event.session_id) fmt::print("  session_id {}", for_terminal(*event.session_id));
    fmt::print("\n");
    break;
  }
  for (const auto& event : events)
    if (event.kind == EventKind::token_minted && event.jti)
      fmt::print("  attempt {} is token {}\n", event.attempt.value_or(0), event.jti->text());
}

std::string words_of(const CallSummary& call) {
  return fmt::format("{}  {} on {} by {}, {}", call.txn.text(), for_terminal(call.tool),
                     for_terminal(call.server.value_or("any server")), for_terminal(call.agent), call.state);
}

void print_family(const Family& family) {
  if (family.parent)
    fmt::print("parent {}\n", words_of(*family.parent));
  else if (family.parent_txn)
    fmt::print("parent {}  not in this log\n", family.parent_txn->text());
  for (const auto& child : family.children) fmt::print("child {}\n", words_of(child));
}

Json json_of_story(const Txn& txn, const std::vector<Event>& events, const Family& family) {
  Json body{{"txn", txn.text()}, {"events", Json::array()}, {"children", Json::array()}};
  for (const auto& event : events) body["events"].push_back(json_of(event));
  for (const auto& child : family.children) body["children"].push_back(child.json());
  if (family.parent_txn) body["parent_txn"] = family.parent_txn->text();
  if (family.parent) body["parent"] = family.parent->json();
  return body;
}

}  // namespace

int log_show(const Common& common, const LogOptions& options) {
  const auto txn = Txn::parse(options.txn.value_or(""));
  if (!txn) return usage("TXN is 22 characters of base64url, as jeton log calls prints it");
  return with_log(common, [&](const LogReader& log) {
    const auto events = story_of(log, *txn);
    if (!events) return tell(common, events.error());
    const auto family = family_of(log, *events, SystemClock().wall_us());
    if (common.json) {
      fmt::print("{}\n", json_for_terminal(json_of_story(*txn, *events, family)));
      return 0;
    }
    print_heading(*events);
    fmt::print("{}", timeline(*events));
    print_family(family);
    return 0;
  });
}

}  // namespace jeton::cli
