// Candidates from the index, each held against its story in the log.
#include "readers/find.hpp"

#include <algorithm>
#include <array>

#include "identity/roles.hpp"
#include "jeton/clock.hpp"
#include "policy/glob.hpp"

namespace jeton {
namespace {

constexpr std::size_t story_max = 10'000;

struct Stage {
  std::string_view state;
  CallStage stage;
  std::optional<bool> expired;
};
constexpr std::array<Stage, 7> stages{{{"opened", CallStage::opened, {}},
                                       {"minted", CallStage::unredeemed, false},
                                       {"expired", CallStage::unredeemed, true},
                                       {"superseded", CallStage::superseded, {}},
                                       {"revoked", CallStage::revoked, {}},
                                       {"redeemed", CallStage::redeemed, {}},
                                       {"reported", CallStage::reported, {}}}};

CallQuery query_of(const CallFilter& filter, std::int64_t now_us) {
  CallQuery query;
  if (filter.agent) query.agent = [&](const std::string& agent) { return is_agent(*filter.agent, agent); };
  if (filter.tool) query.tool = [&](const std::string& tool) { return glob_matches(*filter.tool, tool); };
  if (filter.server) query.server = [&](const std::string& server) { return *filter.server == server; };
  query.run_id = filter.run_id;
  query.session_id = filter.session_id;
  query.call_id = filter.call_id;
  query.code = filter.code;
  query.since_us = filter.since_us;
  query.until_us = filter.until_us;
  query.now_s = now_us / us_per_s;
  for (const auto& stage : stages)
    if (filter.state == stage.state) std::tie(query.stage, query.expired) = std::tie(stage.stage, stage.expired);
  return query;
}

bool has_code(const std::vector<Event>& story, Code code) {
  return std::any_of(story.begin(), story.end(), [code](const Event& event) {
    return event.kind == EventKind::request_refused && event.code == code;
  });
}

}  // namespace

bool is_agent(const std::string& asked, const std::string& spiffe_id) {
  if (asked.find("://") != asked.npos) return asked == spiffe_id;
  return asked == agent_name_in(spiffe_id).value_or(spiffe_id);
}

std::span<const std::string_view> call_states() {
  static const auto names = [] {
    std::array<std::string_view, stages.size()> all;
    std::transform(stages.begin(), stages.end(), all.begin(), [](const Stage& stage) { return stage.state; });
    return all;
  }();
  return names;
}

bool CallFilter::empty() const {
  return !agent && !tool && !server && !run_id && !session_id && !call_id && !state && !code && !since_us && !until_us;
}

bool CallFilter::matches(const CallSummary& call, const std::vector<Event>& story) const {
  return (!agent || is_agent(*agent, call.agent)) && (!tool || glob_matches(*tool, call.tool)) &&
         (!server || server == call.server) && (!run_id || run_id == call.run_id) &&
         (!session_id || session_id == call.session_id) && (!call_id || call_id == call.call_id) &&
         (!state || state == call.state) && (!code || has_code(story, *code)) &&
         (!since_us || call.opened_us >= *since_us) && (!until_us || call.opened_us < *until_us);
}

CallPage find_calls(const LogReader& log, CallIndex& index, const CallFilter& filter, std::uint64_t before,
                    std::size_t limit, std::int64_t now_us, const CallIndex::Progress& progress) {
  return ask_index(index, log, progress, [&](const CallIndex& asked) {
    CallPage page{{}, log.size(), std::nullopt, std::nullopt};
    const auto query = query_of(filter, now_us);
    const auto first = log.archive().first;
    for (auto next = before; page.calls.size() < limit;) {
      const auto candidates = asked.candidates(query, next, limit - page.calls.size());
      if (candidates.empty()) return page;
      for (const auto& candidate : candidates) {
        if (candidate.log_index < first) return page;  // newest first: the rest is archived
        next = candidate.log_index;
        const auto story = log.everything_of(candidate.txn, story_max);
        auto call = summary_of(story, now_us);
        if (call && filter.matches(*call, story)) page.calls.push_back(std::move(*call));
      }
      if (page.calls.size() == limit) page.next_before = next;
    }
    return page;
  });
}

}  // namespace jeton
