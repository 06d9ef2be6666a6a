// One agent stays, with another match; whoever could only come by another socket goes.
#include "app/private_daemon.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "app/config_section.hpp"

namespace jeton {
namespace {

bool comes_by_own_socket(const SelectorSet& match) {
  return std::any_of(match.selectors().begin(), match.selectors().end(),
                     [](const Selector& selector) { return selector.kind == Selector::Kind::socket; });
}

/// A server that nobody can be stays known, so that a token can be minted for it; it is redeemed elsewhere or not at
/// all.
SelectorSet nobody() { return SelectorSet::of_uid(static_cast<uid_t>(-1)); }

/// Nobody proves itself here by anything but the socket; for its users the agent may act as ever.
void keep_users_of(const std::string& agent, std::vector<TrustedIssuer>& issuers) {
  for (auto& entry : issuers) {
    entry.agent.reset();
    std::erase_if(entry.delegates_to, [&](const std::string& other) { return other != agent; });
  }
  std::erase_if(issuers, [](const TrustedIssuer& entry) { return entry.delegates_to.empty(); });
}

}  // namespace

Result<Config> for_one_agent(Config config, const std::string& agent, const std::filesystem::path& socket) {
  auto& agents = config.roles.agents;
  const auto found = std::find_if(agents.begin(), agents.end(), [&](const auto& entry) { return entry.name == agent; });
  if (found == agents.end()) {
    std::vector<std::string_view> names;
    for (const auto& entry : agents) names.push_back(entry.name);
    const auto near = nearest(agent, names);
    return refuse(Code::bad_request, fmt::format("agent {} is not configured; {}", printable(agent),
                                                 near ? fmt::format("\"{}\" is", *near) : "add an [[agent]] for it"));
  }
  auto match = SelectorSet::parse({fmt::format("jeton:socket:{}", socket.string())});
  if (!match) return refuse(match.error());
  agents = {{found->name, found->spiffe_id, std::move(*match)}};
  for (auto& server : config.roles.servers) {
    if (server.match && comes_by_own_socket(*server.match)) server.match = nobody();
    server.proof = {};
  }
  keep_users_of(agents.front().spiffe_id, config.trusted_issuers);
  config.roles.operators = {SelectorSet::of_uid(0)};
  config.roles.reviewers.clear();
  config.roles.relying_parties.clear();  // what they pin is the service's key
  // The others' grants can never match; without them the daemon's size is the agent's own.
  std::erase_if(config.grants, [&](const Grant& grant) { return grant.agent != agent; });
  config.socket = socket.string();
  config.listen.reset();  // the port is the service's
  config.tls.reset();
  return config;
}

}  // namespace jeton
