// `jeton policy explain`: which grant decides a call, and why every other one does not.
#include <fmt/core.h>

#include "app/explain.hpp"
#include "app/paths.hpp"
#include "cli/commands.hpp"
#include "cli/table.hpp"
#include "cli/time_words.hpp"
#include "jeton/clock.hpp"

namespace jeton::cli {
namespace {

Json json_of(const ExplainRequest& request, const Explanation& explained) {
  Json body{{"agent", request.agent}, {"tool", request.tool}, {"grants", Json::array()}};
  if (request.server) body["server"] = *request.server;
  for (const auto& [grant, reason] : explained.lines) {
    Json line{{"grant", grant}, {"matches", reason.empty()}};
    if (!reason.empty()) line["reason"] = reason;
    body["grants"].push_back(std::move(line));
  }
  if (const auto& permit = explained.decision) {
    body["decision"] = "permit";
    body["grant"] = permit->grant;
    body["ttl_s"] = permit->ttl_s;
    body["max_attempts"] = permit->max_attempts;
    body["max_redemptions"] = permit->max_redemptions;
    if (permit->rate_per_min) body["rate_per_min"] = *permit->rate_per_min;
    if (permit->seal_to) body["record_arguments"] = true;
  } else {
    body["decision"] = "refuse";
    body["code"] = name_of(permit.error().code);
    body["message"] = permit.error().message;
  }
  // A permit of the grants is then only half of one.
  if (!explained.engine.empty()) body["engine"] = {{"also_decides", explained.engine}, {"asked", false}};
  return body;
}

std::string table_of(const Explanation& explained) {
  Table table({"grant", "matches", "why"});
  bool decided = false;
  for (const auto& [grant, reason] : explained.lines) {
    if (!reason.empty()) {
      table.add({for_terminal(grant), "no", for_terminal(reason)});
      continue;
    }
    table.add({for_terminal(grant), "yes", decided ? "an earlier grant decides" : "the first that matches decides"});
    decided = true;
  }
  return table.empty() ? "" : table.text(colour_wanted());
}

std::string permit_line(const ExplainRequest& request, const Permit& permit) {
  auto line = fmt::format(
      "permit: grant \"{}\" lets agent {} call {} on {}: ttl_s {}, max_attempts {}, "
      "max_redemptions {}",
      permit.grant, request.agent, request.tool, request.server.value_or("any server"), permit.ttl_s,
      permit.max_attempts, permit.max_redemptions);
  if (permit.rate_per_min) line += fmt::format(", rate_per_min {}", *permit.rate_per_min);
  if (permit.seal_to) line += ", records arguments";
  return line;
}

}  // namespace

int policy_explain(const Common& common, const ExplainOptions& options) {
  auto arguments = read_arguments(options.args);
  if (!arguments) return tell(common, arguments.error());
  const auto now_us = SystemClock().wall_us();
  const auto at_us = options.at ? time_from(*options.at, now_us) : std::optional(now_us);
  if (!at_us)
    return tell(common, {Code::bad_request, fmt::format("{} is no time; it takes {}", *options.at, time_help)});
  const ExplainRequest request{options.agent, options.server, options.tool, std::move(*arguments), *at_us};
  const std::filesystem::path state = common.state ? *common.state : default_state_to_read().string();
  const auto config = options.config ? std::filesystem::path(*options.config) : default_config(state);
  const auto explained = explain_policy(config, state, request);
  if (!explained) {
    const auto status = tell(common, explained.error());
    // A configuration that is none says neither yes nor no.
    return explained.error().code == Code::bad_request ? 2 : status;
  }
  if (common.json) {
    fmt::print("{}\n", json_for_terminal(json_of(request, *explained)));
    return explained->decision ? 0 : facts(explained->decision.error().code).exit;
  }
  fmt::print("{}", table_of(*explained));
  if (!explained->decision) return tell(common, explained->decision.error());
  fmt::print("{}\n", for_terminal(permit_line(request, *explained->decision)));
  if (!explained->engine.empty())
    fmt::print("then {} decides as well; it was not asked here\n", for_terminal(explained->engine));
  return 0;
}

}  // namespace jeton::cli
