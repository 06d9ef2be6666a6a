// `jeton log alerts`: what a reviewer should look at, newest first, each with the command to type next.
#include <fmt/core.h>

#include "cli/commands.hpp"
#include "cli/review.hpp"
#include "cli/table.hpp"
#include "readers/alerts.hpp"

namespace jeton::cli {
namespace {

std::string whose(const Alert& alert) {
  if (alert.agent) return for_terminal(alert.agent->substr(alert.agent->rfind('/') + 1));
  return alert.uid ? fmt::format("uid {}", *alert.uid) : "-";
}

std::string codes_of(const Alert& alert) {
  std::string words;
  for (const auto& code : alert.codes) words += (words.empty() ? "" : ",") + for_terminal(code);
  return words.empty() ? "-" : words;
}

std::vector<std::string> commands_for(const Common& common, const Alert& alert) {
  return alert.what_to_do(common.state, log_file(common));
}

Table table_of(const Common& common, const std::vector<Alert>& alerts, std::uint64_t limit) {
  Table table({"LAST (UTC)", "SEVERITY", "KIND", "AGENT", "TOOL", "SERVER", "CODE", "COUNT", "FIRST (UTC)", "EVENT",
               "WHAT TO DO"});
  for (const auto& alert : alerts) {
    if (limit-- == 0) break;
    const auto commands = commands_for(common, alert);
    table.add({utc_time(alert.last_us), std::string(name_of(alert.kind->severity)), std::string(alert.kind->name),
               whose(alert), for_terminal(alert.tool.value_or("-")), for_terminal(alert.server.value_or("-")),
               codes_of(alert), std::to_string(alert.count), utc_time(alert.first_us), std::to_string(alert.log_index),
               for_terminal(commands.front())});
    for (std::size_t i = 1; i < commands.size(); ++i) {
      std::vector<std::string> row(10);
      row.push_back(for_terminal(commands[i]));
      table.add(std::move(row));
    }
  }
  return table;
}

Json json_of(const Common& common, const std::vector<Alert>& alerts, std::uint64_t limit) {
  Json body{{"alerts", Json::array()}, {"alerts_in_all", alerts.size()}};
  for (const auto& alert : alerts) {
    if (limit-- == 0) break;
    auto entry = jeton::json_of(alert);
    entry["what_to_do"] = commands_for(common, alert);
    body["alerts"].push_back(std::move(entry));
  }
  return body;
}

std::string kind_names() {
  std::string names;
  for (const auto& kind : alert_kinds()) names += (names.empty() ? "" : ", ") + std::string(kind.name);
  return names;
}

}  // namespace

int log_alerts(const Common& common, const ReviewOptions& options) {
  const auto* only = options.kind ? alert_kind_named(*options.kind) : nullptr;
  if (options.kind && only == nullptr) return usage("--kind is one of " + kind_names());
  return with_review(common, options, [&](const Review& log, const Window& window) {
    const auto alerts = list_alerts(log, window, only);
    if (common.json) {
      fmt::print("{}\n", json_for_terminal(json_of(common, alerts, options.limit)));
      return 0;
    }
    if (const auto table = table_of(common, alerts, options.limit); !table.empty())
      fmt::print("{}", table.text(colour_wanted()));
    fmt::print(stderr, "alerts {}\n", alerts.size());
    if (alerts.size() > options.limit)
      fmt::print(stderr, "jeton: hint: all of them: jeton log alerts --limit {}\n", alerts.size());
    return 0;
  });
}

}  // namespace jeton::cli
