// One pass of tallies into sums.
#include "readers/stats.hpp"

namespace jeton {
namespace {

std::string agent_of(const Tally& tally) {
  if (tally.agent) return *tally.agent;
  return tally.uid ? "uid " + std::to_string(*tally.uid) : "";
}

Json list_of(const std::map<std::string, Sums>& sums, const char* name) {
  Json list = Json::array();
  for (const auto& [key, sum] : sums) {
    if (key.empty()) continue;
    auto entry = sum.json();
    entry[name] = key;
    list.push_back(std::move(entry));
  }
  return list;
}

}  // namespace

void Sums::add(const Tally& tally) {
  switch (tally.what) {
    case Tally::What::call: calls += tally.count; break;
    case Tally::What::token: tokens += tally.count; break;
    case Tally::What::redemption: redemptions += tally.count; break;
    case Tally::What::report: reported += tally.count; break;
    case Tally::What::refusal: refusals += tally.count; break;
  }
}

Json Sums::json() const {
  return {{"calls", calls},
          {"tokens", tokens},
          {"redemptions", redemptions},
          {"reported", reported},
          {"refusals", refusals}};
}

Json Stats::json() const {
  auto body = all.json();
  body["by_agent"] = list_of(agents, "agent");
  body["by_tool"] = list_of(tools, "tool");
  body["by_server"] = list_of(servers, "server");
  body["by_code"] = Json::array();
  for (const auto& [code, refusals] : codes) body["by_code"].push_back({{"code", code}, {"refusals", refusals}});
  body["by_hour"] = Json::array();
  for (const auto& [hour, sum] : hours) {
    auto entry = sum.json();
    entry["hour_at"] = hour * 3600;
    body["by_hour"].push_back(std::move(entry));
  }
  return body;
}

Stats sum_up(const Review& log, const Window& window) {
  Stats stats;
  log.tallies(window, [&stats](const Tally& tally) {
    stats.all.add(tally);
    stats.agents[agent_of(tally)].add(tally);
    stats.tools[tally.tool.value_or("")].add(tally);
    stats.servers[tally.server.value_or("")].add(tally);
    if (tally.what == Tally::What::refusal) stats.codes[tally.code.value_or("")] += tally.count;
    stats.hours[tally.hour].add(tally);
  });
  return stats;
}

}  // namespace jeton
