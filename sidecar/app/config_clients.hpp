// Who is believed without a kernel, as the configuration writes it: keys, certificates, other issuers.
#pragma once

#include <vector>

#include "app/config.hpp"
#include "app/config_section.hpp"

namespace jeton {

/// `keys` and `certificate` of an agent or a server; `earlier` are the entries above it.
[[nodiscard]] ClientProof read_proof(const ConfigSection& section, const Roles::Entries& earlier);

/// Every [[trusted_issuer]]; `config` has the issuer, the agents and the servers.
[[nodiscard]] std::vector<TrustedIssuer> read_trusted_issuers(const ConfigNode& root, const Config& config,
                                                              Mistakes& mistakes);

/// Whether the agent of this name is known by keys, a certificate or an issuer's tokens.
[[nodiscard]] bool can_prove_itself(const std::string& agent, const Config& config);

}  // namespace jeton
