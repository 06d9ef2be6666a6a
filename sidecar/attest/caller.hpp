// Who asks, as the kernel or a signature vouches: a value, compared and logged, never a claim of the caller's own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace jeton {

/// Who a caller proved to be by a signature, where no kernel vouches: over the network, or with another issuer's token.
struct ProvenClient {
  enum class Part { agent, server };
  Part part;
  std::string name;                                   ///< the agent's SPIFFE ID, or the server's url
  std::string method;                                 ///< private_key_jwt, tls_client_auth or federated_jwt
  std::optional<std::string> issuer = std::nullopt;   ///< who vouched, where it is not the client itself
  std::optional<std::string> subject = std::nullopt;  ///< what that issuer calls it

  bool operator==(const ProvenClient&) const = default;
};

/// The certificate a TLS client showed and proved to hold the key of.
struct PeerCertificate {
  std::string sha256;              ///< RFC 8705 x5t#S256: base64url of the SHA-256 of its DER bytes
  std::vector<std::string> names;  ///< subject alternative names, "URI:spiffe://…" or "DNS:…"
  bool trusted = false;            ///< a chain leads to the configured client_ca and it is in time

  bool operator==(const PeerCertificate&) const = default;
};

/// Over TCP there is no account. Nobody's: it is no uid a process can have.
inline constexpr uid_t no_uid = static_cast<uid_t>(-1);

/// Evidence about the process at the other end of a Unix socket. What is proved is an *account*: code under the same
/// uid is not told apart by anything here but the own socket and the system unit.
struct Caller {
  uid_t uid = 0;
  gid_t gid = 0;
  std::optional<pid_t> pid = std::nullopt;           ///< none from another pid namespace
  std::optional<std::string> exe = std::nullopt;     ///< none from another mount namespace, deleted or unreadable
  std::optional<std::string> sha256 = std::nullopt;  ///< lower-case hex; only when a selector asked for it
  std::optional<std::string> unit = std::nullopt;    ///< systemd system unit
  std::string socket;                                ///< path of the daemon's socket it came through
  std::optional<std::string> remote = std::nullopt;  ///< over TCP: the peer's address. Then uid is no_uid
  std::optional<PeerCertificate> certificate = std::nullopt;  ///< over TLS, where it showed one
  std::optional<ProvenClient> client = std::nullopt;  ///< once it has authenticated itself; goes before the account

  bool operator==(const Caller&) const = default;

  /// The account, where there is one. Who redeems twice is compared by it, and by the client's name over the network.
  [[nodiscard]] std::optional<std::int64_t> account() const {
    return remote ? std::nullopt : std::optional<std::int64_t>(uid);
  }
};

/// "uid 1001", "https://crm.example/mcp" or "10.1.2.3", for messages.
[[nodiscard]] inline std::string words_for(const Caller& caller) {
  if (caller.client) return caller.client->name;
  return caller.remote ? *caller.remote : "uid " + std::to_string(caller.uid);
}

}  // namespace jeton
