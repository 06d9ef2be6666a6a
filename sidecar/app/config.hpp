// The configuration as values: one table of keys, read strictly, every mistake named with file, line and key.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/config_policy.hpp"
#include "http/tcp_socket.hpp"
#include "identity/roles.hpp"
#include "identity/trusted_issuer.hpp"
#include "jeton/error.hpp"
#include "ops/log.hpp"
#include "policy/grants.hpp"

namespace jeton {

enum class Durability { full, normal };
/// Whether the daemon gives up the file system: where nothing is lost by it, in any case, or never.
enum class Landlock { automatic, on, off };
[[nodiscard]] std::string_view name_of(Durability durability);

/// Bounds on what peers may cost; all configurable under [limits].
struct Limits {
  std::size_t body_bytes = 1 << 20;
  std::size_t arguments_bytes = 256 * 1024;
  std::size_t header_bytes = 16 * 1024;
  std::size_t connections_per_uid = 128;
  std::size_t connections_per_address = 64;
  std::size_t connections = 1024;
  std::int64_t idle_s = 60;
  std::int64_t request_s = 5;

  bool operator==(const Limits&) const = default;
};

/// [tls]: absolute paths of PEM files.
struct TlsFiles {
  std::string certificate;
  std::string key;
  std::optional<std::string> client_ca = std::nullopt;

  bool operator==(const TlsFiles&) const = default;
};

struct Config {
  std::string trust_domain;
  std::optional<std::string> issuer;  ///< https URL; none without TCP: urn:uuid of the state directory
  std::optional<TcpAddress> listen;   ///< over TCP; none: Unix sockets only
  std::optional<TlsFiles> tls;        ///< without it only loopback is listened on
  Durability durability = Durability::full;
  Landlock landlock = Landlock::automatic;
  Level log_level = Level::info;
  std::int64_t reserve_bytes = 64 << 20;
  std::int64_t log_bytes_max = 0;  ///< of jeton.db; 0: what the disk has
  std::int64_t retain_days = 0;    ///< how long events should stay in the log; 0: for ever
  std::optional<std::string> socket;
  std::vector<std::string> checkpoint_places;  ///< beside STATE/checkpoint: absolute paths, or "syslog"
  std::optional<SealingKey> reviewer_key;      ///< what grants that record seal arguments to
  Limits limits;
  Roles::Entries roles;
  std::vector<TrustedIssuer> trusted_issuers;
  std::vector<Grant> grants;
  std::optional<EngineConfig> engine;  ///< what decides beside the grants
  bool dev = false;
  std::string sha256;  ///< hex, of the file's bytes; of the empty string for --dev

  /// The sockets that jeton:socket selectors name, each once; the daemon opens them all.
  [[nodiscard]] std::vector<std::string> own_sockets() const;
  /// Whether something of it comes from a URL: only then may the daemon have a network.
  [[nodiscard]] bool fetches() const;
  /// Whether it names keys or certificates in files of their own, or somebody to ask.
  [[nodiscard]] bool reaches_elsewhere() const;
  /// Whether some rule has a selector of this kind.
  [[nodiscard]] bool has_selector(Selector::Kind kind) const;
  /// Whether some rule asks for an executable, by path or hash.
  [[nodiscard]] bool asks_for_executables() const {
    return has_selector(Selector::Kind::path) || has_selector(Selector::Kind::sha256);
  }
};

/// One row of the table that help, the full example and the reader share.
struct ConfigKey {
  std::string_view section;  ///< "", "limits", "tls", "agent", "server", "trusted_issuer", "grant.argument" and so on
  std::string_view key;
  std::string_view type;           ///< "string", "integer", "strings", "boolean", "number", "scalar", "scalars"
  std::string_view default_value;  ///< as written in the file; empty: none
  std::string_view unit;
  std::string_view sentence;
  bool required = false;
  std::int64_t min = 0;  ///< of an integer
  std::int64_t max = 0;
};
[[nodiscard]] std::span<const ConfigKey> config_keys();

/// Reads the text of `name`. bad_request, its message "FILE:LINE: key: what is wrong; what to write", for syntax, an
/// unknown key (with the nearest known one), a wrong type, a value out of range, an agent or server named by a grant
/// but not configured, two agents, servers or grants of one name. Of several mistakes, one is told.
[[nodiscard]] Result<Config> parse_config(std::string_view text, const std::string& name, uid_t daemon_uid);
/// The same from a file. bad_request as well when it is missing, unreadable or not a regular file, and when anybody but
/// root and the daemon's account could have written it: whoever writes this file grants.
[[nodiscard]] Result<Config> load_config(const std::filesystem::path& file, uid_t daemon_uid);

/// --dev: the daemon's own uid is agent `dev`, every server and the operator; every tool granted.
[[nodiscard]] Config dev_config(uid_t daemon_uid);

}  // namespace jeton
