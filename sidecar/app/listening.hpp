// Whether and where the daemon listens over TCP: what the configuration says, what the command line says, what goes
// together.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "app/config.hpp"
#include "http/tls.hpp"

namespace jeton {

/// Where to listen, or nowhere. bad_request says what to write.
[[nodiscard]] Result<std::optional<TcpAddress>> parse_listen(std::string_view text);

/// What is missing for this configuration to listen where it says, and what to write; nothing when it fits.
[[nodiscard]] std::optional<std::string> missing_to_listen(const Config& config);

/// The configuration with `--listen` in the place of its own `listen`. bad_request as above.
[[nodiscard]] Result<Config> with_listen_option(Config config, const std::optional<std::string>& option);

/// The socket, bound and not listening yet; none where the configuration says so. Before system calls are given up.
[[nodiscard]] Result<std::optional<TcpSocket>> bind_listener(const Config& config);

/// What to listen with; null where that is plain HTTP. At the start a certificate that has ended is taken, and said to
/// be; in the place of one in force it is not.
[[nodiscard]] Result<std::shared_ptr<const TlsContext>> load_listener_tls(const Config& config, uid_t daemon_uid,
                                                                          bool in_the_place_of_another = false);

/// The name tokens are issued under: the configured one; with --dev that of the socket; else that of the ledger.
[[nodiscard]] std::string issuer_of(const Config& config, const std::optional<TcpSocket>& listener,
                                    const std::string& ledger_id);

}  // namespace jeton
