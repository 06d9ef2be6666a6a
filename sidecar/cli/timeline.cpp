// Words for events.
#include "cli/timeline.hpp"

#include <fmt/core.h>

#include "cli/table.hpp"
#include "jeton/clock.hpp"

namespace jeton::cli {

std::string words_of(const Event& event) {
  std::string words;
  const auto say = [&words](const std::string& more) { words += (words.empty() ? "" : ", ") + for_terminal(more); };
  if (event.attempt) say(fmt::format("attempt {}", *event.attempt));
  if (event.grant) say(fmt::format("grant {}", *event.grant));
  if (event.kind == EventKind::token_minted && event.previous && *event.previous != Previous::none)
    say(fmt::format("previous {}", name_of(*event.previous)));
  if (event.kind == EventKind::token_minted && event.expires_at)
    say(fmt::format("expires {}", utc_clock_of_seconds(*event.expires_at)));
  if (event.kind == EventKind::federation_minted) {
    if (event.server) say(fmt::format("for {}", *event.server));
    if (event.expires_at) say(fmt::format("reusable until {}", utc_clock_of_seconds(*event.expires_at)));
  }
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

std::string timeline(const std::vector<Event>& events) {
  Table table({"EVENT", "TIME (UTC)", "AFTER", "WHAT", "", "WHO"});
  if (events.empty()) return "";
  const auto first = static_cast<double>(events.front().time_us);
  for (const auto& event : events)
    table.add({std::to_string(event.log_index), utc_clock(event.time_us),
               fmt::format("{:+.1f} ms", (static_cast<double>(event.time_us) - first) / 1000.0),
               std::string(name_of(event.kind)), words_of(event), who(event)});
  return table.text(colour_wanted());
}

std::string short_agent(const std::string& agent) {
  const auto name = agent.rfind('/');
  return for_terminal(name == agent.npos ? agent : agent.substr(name + 1));
}

std::string line_of(const Event& event) {
  const auto day = utc_time(event.time_us);
  std::string line = fmt::format("{:<7} {} {}Z  {:<19}", event.log_index, day.substr(0, day.find(' ')),
                                 utc_clock(event.time_us), name_of(event.kind));
  const auto say = [&line](const std::string& more) {
    if (!more.empty()) line += "  " + more;
  };
  if (event.agent) say(short_agent(*event.agent));
  // A refusal names its tool among its words.
  if (event.tool && event.kind != EventKind::request_refused) say(for_terminal(*event.tool));
  say(words_of(event));
  say(who(event));
  if (event.txn) say(event.txn->text());
  return line + "\n";
}

std::string distance(std::int64_t from_us, std::int64_t to_us) {
  // As doubles: an edited log has times whose difference is no number of ours.
  const double seconds = (static_cast<double>(to_us) - static_cast<double>(from_us)) / static_cast<double>(us_per_s);
  const double size = seconds < 0 ? -seconds : seconds;
  if (size < 0.1) return fmt::format("{:.1f} ms", seconds * 1000);
  if (size < 120) return fmt::format("{:.1f} s", seconds);
  if (size < 7200) return fmt::format("{:.0f} min", seconds / 60);
  if (size < 172'800) return fmt::format("{:.0f} hours", seconds / 3600);
  return fmt::format("{:.0f} days", seconds / 86'400);
}

}  // namespace jeton::cli
