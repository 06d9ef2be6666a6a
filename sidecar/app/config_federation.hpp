// Who takes federation tokens, as the configuration writes it.
#pragma once

#include <vector>

#include "app/config.hpp"
#include "app/config_section.hpp"

namespace jeton {

/// Every [[relying_party]]; `config` has the issuer, the agents and the servers.
[[nodiscard]] std::vector<RelyingParty> read_relying_parties(const ConfigNode& root, const Config& config,
                                                             Mistakes& mistakes);

}  // namespace jeton
