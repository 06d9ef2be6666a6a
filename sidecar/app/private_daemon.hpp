// A daemon for one agent: who can open its socket is that agent, and nobody else is served there.
#pragma once

#include <filesystem>
#include <string>

#include "app/config.hpp"

namespace jeton {

/// The configuration as a private daemon reads it: of the agents only `agent`, matched by the socket alone, so the mode
/// of the socket's directory decides who that is; its grants as they stand. Sockets of other agents and servers are not
/// opened here, and neither is a port, so what is matched by one of them is nobody, and neither is who proves itself by
/// keys, a certificate or an issuer's token; tokens of users that the agent may act for stay good. It mints no
/// federation tokens: what relying parties pin is the service's key. Root alone is operator: the account that starts
/// the daemon is the agent's, and no agent may enable itself. bad_request when no
/// [[agent]] has this name.
[[nodiscard]] Result<Config> for_one_agent(Config config, const std::string& agent,
                                           const std::filesystem::path& socket);

}  // namespace jeton
