// What the daemon tells of itself: the part of its status that does not depend on who asks, and its gauges.
#pragma once

#include <cstdint>
#include <string>

#include "app/config.hpp"
#include "app/ledger.hpp"
#include "attest/peer.hpp"
#include "http/server.hpp"
#include "http/tls.hpp"
#include "identity/certifier.hpp"
#include "identity/federation_keys.hpp"
#include "identity/keyring.hpp"
#include "identity/trusted_clients.hpp"
#include "ops/metrics.hpp"

namespace jeton {

/// What the daemon gave up, for `status`.
struct Confined {
  bool calls = false;
  std::string files;  ///< "on (ABI 7)", "off (why)"
  [[nodiscard]] bool landlocked() const { return files.starts_with("on"); }
};

/// `listen` is the address in use, or "none"; `tls` is null without one; `log_room` is what is left of log_bytes_max.
[[nodiscard]] Json status_of(const Config& config, const std::string& issuer, const std::string& listen,
                             const TlsContext* tls, const Ledger& ledger, const Keyring& keyring,
                             const Certifier& certifier, PinMethod pin, const Confined& confined,
                             const TrustedClients& clients, FederationKeys& federation, std::int64_t log_room);

/// Bytes: free on the log's disk (-1: unknown), how long the log's file may become (0: any), and what is left of that.
struct LogSpace {
  std::int64_t disk_free;
  std::int64_t quota;
  std::int64_t room;
};

void write_gauges(MetricText& text, const TrustedClients& clients);
void write_gauges(MetricText& text, const Ledger& ledger, const Keyring& keyring, const LogSpace& space,
                  const Server::Connections& connections, const TlsContext* tls);

}  // namespace jeton
