// Which parts a caller may play: lookups over the configured entries, and the grammar of a server's name.
#include "identity/roles.hpp"

#include <algorithm>

namespace jeton {

namespace {

constexpr std::size_t server_name_bytes_max = 2048;
constexpr std::string_view stdio_prefix = "mcp:stdio:";
constexpr std::string_view digits = "0123456789";

/// Selectors are about accounts. Who came over the network or as a client has none.
bool has_account(const Caller& caller) { return !caller.remote && !caller.client; }

bool any_matches(const std::vector<SelectorSet>& sets, const Caller& caller) {
  return has_account(caller) &&
         std::any_of(sets.begin(), sets.end(), [&](const SelectorSet& set) { return set.matches(caller); });
}

bool plays(const ServerEntry& server, const Caller& caller) {
  if (!has_account(caller))
    return caller.client && caller.client->part == ProvenClient::Part::server && caller.client->name == server.url;
  return server.match && server.match->matches(caller);
}

bool is_client(const Caller& caller, const std::string& agent) {
  return caller.client && caller.client->part == ProvenClient::Part::agent && caller.client->name == agent;
}

bool consists_of(std::string_view text, std::string_view allowed) {
  return !text.empty() && text.find_first_not_of(allowed) == std::string_view::npos;
}

bool is_port(std::string_view text) {
  if (!consists_of(text, digits) || text.size() > 5) return false;
  return std::stoi(std::string(text)) <= 65535;
}

// host, host:port, [v6] or [v6]:port. No user name: who reads "https://crm.example@evil" must not be misled.
bool is_authority(std::string_view authority) {
  const bool bracketed = authority.starts_with('[');
  const auto host_ends = bracketed ? authority.find(']') : std::min(authority.find(':'), authority.size());
  if (host_ends == std::string_view::npos) return false;
  const auto host = bracketed ? authority.substr(1, host_ends - 1) : authority.substr(0, host_ends);
  const auto rest = authority.substr(host_ends + (bracketed ? 1 : 0));
  const bool host_fits = bracketed
                             ? consists_of(host, "0123456789abcdefABCDEF:.")
                             : consists_of(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
  return host_fits && (rest.empty() || (rest[0] == ':' && is_port(rest.substr(1))));
}

}  // namespace

std::optional<std::string_view> agent_name_in(std::string_view spiffe_id) {
  constexpr std::string_view before = "/agent/";
  const auto at = spiffe_id.find(before);
  if (at == spiffe_id.npos) return std::nullopt;
  return spiffe_id.substr(at + before.size());
}

const AgentEntry* Roles::agent_of(const Caller& caller) const {
  const auto found = std::find_if(entries_.agents.begin(), entries_.agents.end(), [&](const AgentEntry& agent) {
    return has_account(caller) ? agent.match.matches(caller) : is_client(caller, agent.spiffe_id);
  });
  return found == entries_.agents.end() ? nullptr : &*found;
}

const ServerEntry* Roles::server_named(std::string_view url) const {
  const auto found = std::find_if(entries_.servers.begin(), entries_.servers.end(),
                                  [&](const ServerEntry& server) { return server.url == url; });
  if (found != entries_.servers.end()) return &*found;
  return entries_.any_server && is_server_name(url) ? &*entries_.any_server : nullptr;
}

const RelyingParty* Roles::relying_party_named(std::string_view name) const {
  const auto found = std::find_if(entries_.relying_parties.begin(), entries_.relying_parties.end(),
                                  [&](const RelyingParty& party) { return party.name == name; });
  return found == entries_.relying_parties.end() ? nullptr : &*found;
}

bool Roles::may_act_for(const ServerEntry& server, const Caller& caller) const {
  return (!server.match && has_account(caller)) || plays(server, caller);
}

std::set<Algorithm> Roles::algorithms() const {
  std::set<Algorithm> all;
  for (const auto& server : entries_.servers) all.insert(server.algorithm);
  if (entries_.any_server || all.empty()) all.insert(Algorithm::eddsa);
  return all;
}

bool Roles::has_open_server() const {
  return std::any_of(entries_.servers.begin(), entries_.servers.end(), [](const ServerEntry& s) { return !s.match; });
}

bool Roles::is_operator(const Caller& caller) const { return any_matches(entries_.operators, caller); }

bool Roles::is_reviewer(const Caller& caller) const {
  return any_matches(entries_.reviewers.empty() ? entries_.operators : entries_.reviewers, caller);
}

bool Roles::knows(const Caller& caller) const { return !names_of(caller).empty(); }

bool Roles::wants_sha256_of(const Caller& caller) const {
  if (!has_account(caller)) return false;
  const auto wants = [&](const SelectorSet& set) { return set.wants_sha256_of(caller); };
  const auto server_wants = [&](const ServerEntry& server) { return server.match && wants(*server.match); };
  return std::any_of(entries_.agents.begin(), entries_.agents.end(),
                     [&](const AgentEntry& agent) { return wants(agent.match); }) ||
         std::any_of(entries_.servers.begin(), entries_.servers.end(), server_wants) ||
         (entries_.any_server && server_wants(*entries_.any_server)) ||
         std::any_of(entries_.operators.begin(), entries_.operators.end(), wants) ||
         std::any_of(entries_.reviewers.begin(), entries_.reviewers.end(), wants);
}

std::vector<std::string> Roles::names_of(const Caller& caller) const {
  std::vector<std::string> names;
  if (const auto* agent = agent_of(caller)) names.push_back("agent:" + agent->name);
  for (const auto& server : entries_.servers) {
    if (plays(server, caller)) names.push_back("server:" + server.url);
  }
  if (entries_.any_server && plays(*entries_.any_server, caller)) names.emplace_back("server:*");
  if (is_operator(caller)) names.emplace_back("operator");
  if (is_reviewer(caller)) names.emplace_back("reviewer");
  return names;
}

bool is_server_name(std::string_view name) {
  if (name.size() > server_name_bytes_max) return false;
  if (!std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c <= '~'; })) return false;
  if (name.starts_with(stdio_prefix)) return name.size() > stdio_prefix.size();

  const std::string_view scheme = name.starts_with("https://") ? "https://" : "http://";
  if (!name.starts_with(scheme)) return false;
  const auto rest = name.substr(scheme.size());
  if (rest.find_first_of("#\"<>\\^`{|}") != std::string_view::npos) return false;
  return is_authority(rest.substr(0, rest.find_first_of("/?")));
}

}  // namespace jeton
