// The table of kinds, and the grouping of findings.
#include "readers/alerts.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <stdexcept>
#include <tuple>

#include "identity/roles.hpp"
#include "jeton/id.hpp"

namespace jeton {
namespace {

using Look = AlertKind::Look;

constexpr std::array kinds{
    AlertKind{"replay", Severity::high, "a token came again after it was used", Look::call, true},
    AlertKind{"forgery", Severity::high, "something came as a token that was never minted here", Look::event, false},
    AlertKind{"changed_arguments", Severity::high, "a call came with other arguments than its token was minted for",
              Look::call, true},
    AlertKind{"log.recovered", Severity::high, "the log began anew where an older one was not the one that was signed",
              Look::whole_log, false},
    AlertKind{"misdirected", Severity::medium,
              "a token came to another server or tool, or from an account without the role", Look::call, true},
    AlertKind{"refused_agent", Severity::medium, "an account asked for what nobody granted it", Look::event, true},
    AlertKind{"outcome_without_redemption", Severity::medium,
              "the agent says the tool ran, and no token of the call was redeemed", Look::call, true},
    AlertKind{"reporters_disagree", Severity::medium, "agent and tool server tell different stories of one call",
              Look::call, false},
    AlertKind{"redeemed_without_outcome", Severity::medium, "the tool may have run, and nobody said how it ended",
              Look::call, false},
    AlertKind{"refusals.suppressed", Severity::medium, "so many refusals came that they were counted and not written",
              Look::stats, false},
    AlertKind{"clock.jumped", Severity::medium, "somebody set the machine's clock", Look::event, false},
    AlertKind{"expired_unredeemed", Severity::low, "an agent lets many of its tokens expire unused", Look::call, true},
    AlertKind{"new_tool", Severity::low, "an agent uses a tool for the first time after its first day", Look::call,
              true},
    AlertKind{"config.rejected", Severity::low, "a new configuration was not taken: the old one stays", Look::event,
              false},
};

constexpr std::int64_t count_max = (std::int64_t{1} << 53) - 1;

/// What an agent, a tool and a server have in common; the account stands in where no agent is known.
using Group = std::tuple<std::string, std::optional<std::string>, std::optional<std::int64_t>,
                         std::optional<std::string>, std::optional<std::string>>;

Group group_of(const Finding& f) { return {f.kind, f.agent, f.agent ? std::nullopt : f.uid, f.tool, f.server}; }

void take(Alert& alert, const Finding& found) {
  const bool first = alert.kind == nullptr;
  const bool newest = first || found.log_index > alert.log_index;
  if (first) {
    alert.kind = alert_kind_named(found.kind);
    if (alert.kind == nullptr) throw std::logic_error("the view alerts has a kind without a row: " + found.kind);
    alert.agent = found.agent;
    alert.uid = found.uid;
    alert.tool = found.tool;
    alert.server = found.server;
    alert.first_us = alert.last_us = found.time_us;
  }
  alert.first_us = std::min(alert.first_us, found.time_us);
  alert.last_us = std::max(alert.last_us, found.time_us);
  alert.count = std::min(count_max, alert.count + std::clamp<std::int64_t>(found.count, 0, count_max));
  if (found.code) alert.codes.insert(*found.code);
  if (alert.uid != found.uid) alert.uid.reset();
  if (newest) alert.log_index = found.log_index;
  if (found.txn && (newest || !alert.txn)) alert.txn = found.txn;
}

std::string in_quotes(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

/// The name an operator knows, where what stands in the log is one.
std::optional<std::string> agent_name(const std::optional<std::string>& spiffe_id) {
  const auto known = spiffe_id ? agent_name_in(*spiffe_id) : std::nullopt;
  if (!known) return std::nullopt;
  std::string name(*known);
  constexpr auto* letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
  if (name.empty() || name.size() > 64 || name.front() == '-' || name.find_first_not_of(letters) != name.npos)
    return std::nullopt;
  return name;
}

}  // namespace

std::string_view name_of(Severity severity) {
  constexpr std::array<std::string_view, 3> names{"high", "medium", "low"};
  return names.at(static_cast<std::size_t>(severity));
}

std::span<const AlertKind> alert_kinds() { return kinds; }

const AlertKind* alert_kind_named(std::string_view name) {
  const auto* found = std::find_if(kinds.begin(), kinds.end(), [name](const AlertKind& k) { return k.name == name; });
  return found == kinds.end() ? nullptr : found;
}

std::vector<std::string> Alert::what_to_do(const std::optional<std::string>& state,
                                           const std::filesystem::path& log) const {
  const auto where = state ? " --state " + in_quotes(*state) : "";
  const auto id = txn ? Txn::parse(*txn) : std::nullopt;
  std::vector<std::string> commands;
  if (kind->look == Look::whole_log)
    commands.push_back("jeton log verify" + where);
  else if (kind->look == Look::stats)
    commands.push_back("jeton log stats" + where);
  else if (kind->look == Look::call && id)
    commands.push_back("jeton log show" + where + (id->text().front() == '-' ? " -- " : " ") + id->text());
  else
    commands.push_back("sqlite3 -readonly -line " + in_quotes(log.string()) +
                       " 'SELECT * FROM events WHERE log_index = " + std::to_string(log_index) + "'");
  if (const auto name = kind->may_switch_off ? agent_name(agent) : std::nullopt)
    commands.push_back("jeton agent disable " + *name);
  return commands;
}

std::vector<Alert> list_alerts(const Review& log, const Window& window, const AlertKind* only) {
  std::map<Group, Alert> groups;
  log.alerts(window, [&](const Finding& found) {
    if (only == nullptr || found.kind == only->name) take(groups[group_of(found)], found);
  });
  std::vector<Alert> alerts;
  for (auto& [group, alert] : groups) alerts.push_back(std::move(alert));
  std::sort(alerts.begin(), alerts.end(), [](const Alert& a, const Alert& b) {
    return std::tie(b.last_us, b.log_index, a.kind) < std::tie(a.last_us, a.log_index, b.kind);
  });
  return alerts;
}

Json json_of(const Alert& alert) {
  Json body{{"kind", alert.kind->name},    {"severity", name_of(alert.kind->severity)},
            {"means", alert.kind->means},  {"first_us", alert.first_us},
            {"last_us", alert.last_us},    {"count", alert.count},
            {"log_index", alert.log_index}};
  if (alert.agent) body["agent"] = *alert.agent;
  if (alert.uid) body["uid"] = *alert.uid;
  if (alert.tool) body["tool"] = *alert.tool;
  if (alert.server) body["server"] = *alert.server;
  if (alert.txn) body["txn"] = *alert.txn;
  if (!alert.codes.empty()) body["codes"] = alert.codes;
  return body;
}

}  // namespace jeton
