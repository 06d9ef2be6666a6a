// From a configuration to who is believed over the network: key files read, issuers' keys at hand.
#pragma once

#include <functional>

#include "app/config.hpp"
#include "identity/trusted_clients.hpp"

namespace jeton {

/// The clients and issuers of a configuration, with the key files of clients read. bad_request, naming the file, for
/// one that cannot be read, that `daemon_uid` or root do not own alone, or that is no JWK Set with a usable public key.
[[nodiscard]] Result<Trust> trust_of(const Config& config, uid_t daemon_uid);

/// Everything about it that can fail. What it returns puts it in force and cannot.
[[nodiscard]] Result<std::function<void()>> prepare_trust(TrustedClients& clients, const Config& config,
                                                          uid_t daemon_uid);

}  // namespace jeton
