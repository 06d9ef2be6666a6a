// The files that TLS needs, read with an eye on who else could read or write them.
#pragma once

#include <filesystem>
#include <memory>

#include "app/config.hpp"
#include "http/tls.hpp"

namespace jeton {

/// The host of an http URL, without its port and without the brackets of an address.
[[nodiscard]] std::string host_of(std::string_view url);

/// Everything that `files` names, as something to listen with. The key must be a regular file of the daemon's account
/// that nobody else may read; what systemd hands over as a credential may be root's. The certificates must be regular
/// files that only root and the daemon's account can have written. bad_request: "tls.key FILE: what is wrong; what to
/// do".
[[nodiscard]] Result<std::shared_ptr<const TlsContext>> load_tls(const TlsFiles& files, uid_t daemon_uid);

}  // namespace jeton
