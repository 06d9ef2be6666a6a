// Looks at what is configured, what lies on the disk and what the daemon says; decides nothing and mends nothing.
#include "app/doctor.hpp"

#include <algorithm>
#include <ctime>
#include <set>

#include <fmt/core.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "jeton/clock.hpp"
#include "store/sqlite_store.hpp"

namespace jeton {
namespace {

bool has(const SelectorSet& set, Selector::Kind kind, const std::string& value) {
  return std::any_of(set.selectors().begin(), set.selectors().end(),
                     [&](const Selector& selector) { return selector.kind == kind && selector.value == value; });
}

/// Whether whoever fulfils `narrow` fulfils `wide` as well. An empty set is fulfilled by nobody.
bool covers(const SelectorSet& wide, const SelectorSet& narrow) {
  if (wide.selectors().empty() || narrow.selectors().empty()) return false;
  return std::all_of(wide.selectors().begin(), wide.selectors().end(),
                     [&](const Selector& selector) { return has(narrow, selector.kind, selector.value); });
}

void examine_agents(const Config& config, uid_t daemon_uid, Diagnoses& found) {
  const auto& agents = config.roles.agents;
  const auto daemon = std::to_string(daemon_uid);
  for (std::size_t i = 0; i < agents.size(); ++i) {
    const auto& agent = agents[i];
    if (has(agent.match, Selector::Kind::uid, daemon) || has(agent.match, Selector::Kind::uid, "0"))
      found.push_back({Urgency::warning, fmt::format("agent {} runs as jetond's account or as root", agent.name),
                       "that account reads the state directory and may be an operator: a hostile agent is not kept out",
                       fmt::format("give it an account of its own: match = [\"unix:uid:UID\"] under [[agent]] name = "
                                   "\"{}\"",
                                   agent.name)});
    const auto before = std::find_if(agents.begin(), agents.begin() + static_cast<std::ptrdiff_t>(i),
                                     [&](const AgentEntry& earlier) { return covers(earlier.match, agent.match); });
    if (before != agents.begin() + static_cast<std::ptrdiff_t>(i))
      found.push_back(
          {Urgency::error, fmt::format("agent {} is never anybody: {} matches first", agent.name, before->name),
           "whoever it is meant for gets the other one's grants",
           fmt::format("put [[agent]] \"{}\" before \"{}\", or give it another account", agent.name, before->name)});
  }
  for (const auto& server : config.roles.servers)
    for (const auto& agent : agents)
      if (server.match && covers(*server.match, agent.match))
        found.push_back(
            {Urgency::warning, fmt::format("agent {} is also the tool server {}", agent.name, server.url),
             "it can redeem its own tokens there, so a redemption no longer shows that the server was called",
             "give the server an account of its own"});
}

void examine_grants(const Config& config, Diagnoses& found) {
  std::set<std::string> granted, reached;
  for (const auto& grant : config.grants) {
    granted.insert(grant.agent);
    reached.insert(grant.server);
    const bool everything = std::find(grant.tools.begin(), grant.tools.end(), "*") != grant.tools.end();
    if (everything && grant.arguments.empty())
      found.push_back({Urgency::note,
                       fmt::format("grant {} lets {} call every tool of {} with any arguments", grant.permit.grant,
                                   grant.agent, grant.server),
                       "tools that the server gets later are granted too",
                       fmt::format("name the tools: tools = [\"...\"] in [[grant]] \"{}\"", grant.permit.grant)});
  }
  for (const auto& agent : config.roles.agents)
    if (!granted.contains(agent.name))
      found.push_back({Urgency::note, fmt::format("agent {} has no grant", agent.name),
                       "it is refused whatever it asks",
                       fmt::format("add a [[grant]] with agent = \"{}\"", agent.name)});
  for (const auto& server : config.roles.servers) {
    if (!reached.contains(server.url))
      found.push_back({Urgency::note, fmt::format("no grant names {}", server.url), "nobody can call it",
                       fmt::format("add a [[grant]] with server = \"{}\"", server.url)});
    if (!server.match && !server.url.starts_with("mcp:stdio:"))
      found.push_back({Urgency::warning, fmt::format("anybody on this machine may redeem for {}", server.url),
                       "a redemption does not show that this server was called; events say self-redeemed",
                       fmt::format("match = [\"unix:uid:UID\"] under [[server]] url = \"{}\"", server.url)});
  }
}

std::string mode_of(const struct stat& info) { return fmt::format("{:04o}", info.st_mode & 07777u); }

void examine_modes(const std::filesystem::path& state, uid_t owner, Diagnoses& found) {
  for (const char* name : {"jeton.db", "jeton.db-wal", "log.key", "identity.key", "federation-es256.key",
                           "federation-rs256.key", "lock", "jeton.toml"}) {
    const auto file = state / name;
    struct stat info {};
    if (::lstat(file.c_str(), &info) != 0) continue;
    if (info.st_uid != owner)
      found.push_back({Urgency::error,
                       fmt::format("{} belongs to uid {}, its directory to uid {}", file.string(), info.st_uid, owner),
                       "jetond cannot use it, or somebody else can",
                       fmt::format("chown --reference={} {}", state.string(), file.string())});
    const bool configuration = std::string_view(name) == "jeton.toml";
    if ((info.st_mode & (configuration ? 022u : 077u)) != 0)
      found.push_back({Urgency::error, fmt::format("{} has mode {}", file.string(), mode_of(info)),
                       configuration ? "whoever writes it grants" : "others can read or write what only jetond may",
                       fmt::format("chmod {} {}", configuration ? "0644" : "0600", file.string())});
  }
}

/// The oldest that may still go, and the last of its tile: whole tiles go.
void examine_ages(const LogReader& log, std::int64_t retain_days, Diagnoses& found) try {
  constexpr std::uint64_t whole_tile = 256;
  const auto archive = log.archive();
  const auto last = log.read(archive.first + whole_tile - 1, 1);
  const auto limit_us = SystemClock().wall_us() - retain_days * 24 * 3600 * us_per_s;
  if (archive.first < archive.below || last.empty() || last.front().time_us >= limit_us) return;
  found.push_back({Urgency::warning,
                   fmt::format("the log has events that are older than {}",
                               retain_days == 1 ? "a day" : fmt::format("{} days", retain_days)),
                   "retain_days says that they should not be in it any more", "jeton log archive --to DIR"});
} catch (const std::runtime_error&) {
  // A log that cannot be read is jeton log verify's to tell about.
}

}  // namespace

std::string date_of(std::int64_t time_s) {
  const std::time_t seconds = time_s;
  std::tm parts{};
  char text[32];
  if (::gmtime_r(&seconds, &parts) == nullptr) return "?";
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d", &parts)};
}

std::string_view name_of(Urgency urgency) {
  switch (urgency) {
    case Urgency::error: return "error";
    case Urgency::warning: return "warning";
    case Urgency::note: break;
  }
  return "note";
}

Diagnoses examine_config(const Config& config, uid_t daemon_uid) {
  Diagnoses found;
  examine_agents(config, daemon_uid, found);
  examine_grants(config, found);
  for (auto& finding : examine_trust(config, daemon_uid)) found.push_back(std::move(finding));
  if (config.checkpoint_places.empty())
    found.push_back({Urgency::warning, "checkpoints are kept nowhere but in the state directory",
                     "whoever puts back an older copy of the whole directory is not found out",
                     "checkpoint_places = [\"syslog\"], or a file out of this host's reach"});
  if (config.durability == Durability::normal)
    found.push_back({Urgency::warning, "durability is normal",
                     "what was answered in the last moment before a machine's crash can be lost, and a token be spent "
                     "a second time",
                     "durability = \"full\""});
  return found;
}

Diagnoses examine_state(const std::filesystem::path& state, std::int64_t reserve_bytes, std::int64_t retain_days) {
  Diagnoses found;
  struct stat info {};
  if (::stat(state.c_str(), &info) != 0) {
    found.push_back({Urgency::error, fmt::format("{} is not there", state.string()),
                     "jetond keeps its log and key in it", fmt::format("install -d -m 0700 {}", state.string())});
    return found;
  }
  if ((info.st_mode & 022) != 0)
    found.push_back({Urgency::error, fmt::format("{} has mode {}", state.string(), mode_of(info)),
                     "others can put another log in the place of this one",
                     fmt::format("chmod 0700 {}", state.string())});
  examine_modes(state, info.st_uid, found);
  struct statvfs disk {};
  if (::statvfs(state.c_str(), &disk) == 0) {
    const auto free = static_cast<std::int64_t>(disk.f_bavail * disk.f_frsize);
    if (free < reserve_bytes)
      found.push_back(
          {Urgency::error,
           fmt::format("{} MiB are free on the log's disk, the reserve is {} MiB", free >> 20, reserve_bytes >> 20),
           "refusals are only counted now, and without room nothing is granted",
           fmt::format("df -h {}", state.string())});
  }
  if (!std::filesystem::exists(state / "jeton.db")) {
    found.push_back(
        {Urgency::note, "there is no log yet", "jetond makes it at its first start", "systemctl start jetond"});
    return found;
  }
  if (const auto log = open_sqlite_reader(state / "jeton.db"); !log)
    found.push_back({Urgency::error, log.error().message, "without its log jetond does not start",
                     fmt::format("jeton log verify --state {}", state.string())});
  else if (retain_days > 0)
    examine_ages(**log, retain_days, found);
  return found;
}

Diagnoses examine_status(const Json& status, std::string_view version_here) {
  Diagnoses found;
  const auto add_if = [&](bool holds, Diagnosis finding) {
    if (holds) found.push_back(std::move(finding));
  };
  const auto version = status.value("version", std::string());
  add_if(version != version_here,
         {Urgency::warning, fmt::format("jetond is {}, this is jeton {}", version, version_here),
          "a daemon that was not restarted after an upgrade goes on as the old one", "systemctl restart jetond"});
  add_if(status.value("dev", false), {Urgency::warning, "jetond runs with --dev",
                                      "this account is every agent and server, and everything is granted",
                                      "jeton init, then start jetond without --dev"});
  add_if(!status.value("memory_locked", true),
         {Urgency::warning, "keys are not locked in memory", "they can reach the swap", "LimitMEMLOCK=8M in the unit"});
  const auto elsewhere = status.value("memory_not_locked", Json::array());
  add_if(!elsewhere.empty(), {Urgency::note, "parts of ES256 and RS256 keys are not locked in memory",
                              "they can reach the swap; jeton status says which", "alg = \"EdDSA\", or no swap"});
  add_if(!status.value("seccomp", true),
         {Urgency::warning, "jetond gave up no system calls", "a mistake in it is worth more to an attacker",
          "a kernel with CONFIG_SECCOMP_FILTER; jetond's log on stderr says why"});
  const auto landlock = status.value("landlock", std::string("on"));
  add_if(landlock.starts_with("off"),
         {Urgency::note, "jetond can open every file of its account: Landlock is " + landlock,
          "a mistake in it is worth more to an attacker", "landlock = \"on\", if no executable has to be seen"});
  if (const auto log = status.value("log", Json::object()); log.contains("room_bytes"))
    add_if(log.value("room_bytes", std::int64_t{0}) < status.value("reserve_bytes", std::int64_t{0}),
           {Urgency::error,
            fmt::format("{} MiB are left of the log's {} MiB, the reserve is {} MiB",
                        log.value("room_bytes", std::int64_t{0}) >> 20,
                        status.value("log_bytes_max", std::int64_t{0}) >> 20,
                        status.value("reserve_bytes", std::int64_t{0}) >> 20),
            "refusals are only counted now, and without room nothing is granted",
            "jeton log archive --to DIR, or raise log_bytes_max"});
  add_if(status.value("events_in_memory_only", 0) > 0,
         {Urgency::error, "revocations or switches wait for the log", "a restart now would lose them",
          "jetond's log on stderr says what is wrong with the disk; mend that before a restart"});
  for (const auto& place : status.value("checkpoint_places", Json::array()))
    add_if(place.is_string() && place.get<std::string>().find("(failing: ") != std::string::npos,
           {Urgency::error, "a checkpoint is not shown: " + place.get<std::string>(),
            "what happens from now on can be cut off unseen there", "see that jetond can write there"});
  for (auto& finding : examine_issuers(status)) found.push_back(std::move(finding));
  for (auto& finding : examine_federation(status)) found.push_back(std::move(finding));
  const auto named = [&](const char* what, const char* list, std::string why, std::string to_type) {
    std::string names;
    for (const auto& one : status.value(list, Json::array()))
      if (one.is_string()) names += (names.empty() ? "" : ", ") + one.get<std::string>();
    add_if(!names.empty(), {Urgency::note, fmt::format("{}: {}", what, names), std::move(why), std::move(to_type)});
  };
  named("verified offline", "offline_servers", "superseding, revoking and the kill switch do not reach those servers",
        "jeton status");
  named("disabled", "disabled_agents", "an agent gets no token until it is enabled", "jeton agent enable NAME");
  return found;
}

}  // namespace jeton
