// What the daemon tells of itself, to operators as JSON and to a Prometheus server as numbers.
#include "app/status.hpp"

#include <fmt/core.h>

#include "app/app.hpp"
#include "app/process.hpp"
#include "identity/log_secret.hpp"

namespace jeton {
namespace {

const char* key_place(bool is_credential) { return is_credential ? "systemd credential" : "file, mode 0600"; }

/// Whether each algorithm in use has a key by now.
Json algorithms_of(const Keyring& keyring) {
  Json ready = Json::object();
  for (const auto algorithm : keyring.algorithms())
    ready[std::string(name_of(algorithm))] = keyring.is_ready(algorithm);
  return ready;
}

/// Of each relying party what its tokens are, and where the key lies that signs them.
Json federation_of(const Config& config, FederationKeys& keys) {
  Json parties = Json::array();
  for (const auto& party : config.roles.relying_parties) {
    const auto* key = keys.ready(party.algorithm);
    Json one{{"name", party.name},
             {"audience", party.audience},
             {"agents", party.agents},
             {"alg", name_of(party.algorithm)},
             {"key_storage", key_place(FederationKeys::is_credential(party.algorithm))},
             {"ready", key != nullptr},
             {"ttl_s", party.ttl_s},
             {"reusable", true}};
    if (key == nullptr) {
      parties.push_back(std::move(one));
      continue;
    }
    one["kid"] = key->verifying_key().kid();
    one["jwk"] = key->verifying_key().jwk();
    parties.push_back(std::move(one));
  }
  return parties;
}

std::vector<std::string> not_locked(const Keyring& keyring, const FederationKeys& federation) {
  auto parts = keyring.not_locked();
  if (!federation.empty()) parts.emplace_back("federation keys: what OpenSSL computes with them while it signs");
  return parts;
}

/// The key of TLS is where OpenSSL keeps it.
bool is_locked(const TlsContext* tls) { return tls == nullptr || secure_heap_locked(); }

}  // namespace

Json status_of(const Config& config, const std::string& issuer, const std::string& listen, const TlsContext* tls,
               const Ledger& ledger, const Keyring& keyring, const Certifier& certifier, PinMethod pin,
               const Confined& confined, const TrustedClients& clients, FederationKeys& federation,
               std::int64_t log_room) {
  Json self_redeemed = Json::array();
  Json offline = Json::array();
  for (const auto& server : config.roles.servers) {
    if (!server.match) self_redeemed.push_back(server.url);
    if (server.offline) offline.push_back(server.url);
  }
  const auto& limits = config.limits;
  Json status{{"version", version()},
              {"issuer", issuer},
              {"listen", listen},
              {"trust_domain", config.trust_domain},
              {"dev", config.dev},
              {"durability", name_of(config.durability)},
              {"algorithms", algorithms_of(keyring)},
              {"memory_locked", ledger.memory_locked() && keyring.memory_locked() && certifier.memory_locked() &&
                                    federation.memory_locked() && is_locked(tls)},
              {"memory_not_locked", not_locked(keyring, federation)},
              {"federation", federation_of(config, federation)},
              {"seccomp", confined.calls},
              {"landlock", confined.files},
              {"domain", certifier.status()},
              {"keys_rotate_at", keyring.rotates_at()},
              {"identity_key", key_place(Certifier::is_credential())},
              {"log_key", key_place(LogSecret::is_credential())},
              {"log", ledger.status()},
              {"checkpoint_places", ledger.places()},
              {"peer_pinning", pin == PinMethod::peer_pidfd ? "SO_PEERPIDFD" : "pidfd_open and start time"},
              {"self_redeemed_servers", std::move(self_redeemed)},
              {"offline_servers", std::move(offline)},
              {"trusted_issuers", clients.status()},
              {"reserve_bytes", config.reserve_bytes},
              {"log_bytes_max", config.log_bytes_max},
              {"retain_days", config.retain_days},
              {"limits",
               {{"body_bytes", limits.body_bytes},
                {"arguments_bytes", limits.arguments_bytes},
                {"header_bytes", limits.header_bytes},
                {"connections_per_uid", limits.connections_per_uid},
                {"connections_per_address", limits.connections_per_address},
                {"connections", connections_within_descriptors(limits.connections)},
                {"idle_s", limits.idle_s},
                {"request_s", limits.request_s}}}};
  if (const auto& engine = config.engine)
    status["policy_engine"] = {{"engine", name_of(engine->kind)},
                               {"host", engine->host()},
                               {"timeout_ms", engine->timeout_ms},
                               {"send_arguments", engine->send_arguments}};
  if (config.log_bytes_max > 0) status["log"]["room_bytes"] = log_room;
  if (tls != nullptr) status["tls_certificate_ends_at"] = tls->ends_at();
  return status;
}

void write_gauges(MetricText& text, const TrustedClients& clients) {
  const auto issuers = clients.count();
  text.gauge("jeton_issuers_failing", "Trusted issuers that gave no keys when they were last asked.",
             static_cast<double>(issuers.failing));
  text.gauge("jeton_issuers_without_keys", "Those of which no key is believed any more: their tokens are refused.",
             static_cast<double>(issuers.without));
}

void write_gauges(MetricText& text, const Ledger& ledger, const Keyring& keyring, const LogSpace& space,
                  const Server::Connections& connections, const TlsContext* tls) {
  text.counter("jeton_log_signed_events_total", "Events that a checkpoint vouches for.", ledger.signed_size());
  text.gauge("jeton_checkpoint_places_failing", "Places that the newest checkpoint could not be put in.",
             static_cast<double>(ledger.failing_places()));
  text.gauge("jeton_memory_locked", "1 while every key lies in locked memory.",
             ledger.memory_locked() && keyring.memory_locked() && is_locked(tls) ? 1 : 0);
  text.gauge("jeton_disk_free_bytes", "What the log's disk has left.", static_cast<double>(space.disk_free));
  if (space.quota > 0) {
    text.gauge("jeton_log_quota_bytes", "log_bytes_max: how long jeton.db may become.",
               static_cast<double>(space.quota));
    text.gauge("jeton_log_room_bytes", "What is left of it, free places in the file among it.",
               static_cast<double>(space.room));
  }
  text.gauge("jeton_connections", "Open connections.", static_cast<double>(connections.open));
  text.gauge("jeton_connections_without_role", "Those of accounts without a part to play.",
             static_cast<double>(connections.strangers));
  text.counter("jeton_connections_turned_away_total", "Connections that were refused.", connections.turned_away);
  text.gauge("jeton_network_connections", "Open connections over TCP.", static_cast<double>(connections.network));
  text.counter("jeton_network_connections_turned_away_total", "Connections over TCP that were closed at once.",
               connections.network_turned_away);
  text.counter("jeton_tls_handshakes_failed_total", "Connections over TCP that never came to speak TLS.",
               connections.handshakes_failed);
  if (tls != nullptr)
    text.gauge("jeton_certificate_ends_timestamp_seconds", "When the first of the certificates that are shown ends.",
               static_cast<double>(tls->ends_at()));
  text.family("jeton_build_info", "gauge", "Always 1; the version is the label.");
  text.sample("jeton_build_info", fmt::format("{{version=\"{}\"}}", version()), 1);
}

}  // namespace jeton
