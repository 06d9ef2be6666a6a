// Reads what the configuration only names.
#include "app/trust.hpp"

#include <memory>

#include <fmt/core.h>

#include "ops/owned_file.hpp"

namespace jeton {
namespace {

Result<ForeignKeySet> read_keys(const std::string& file, uid_t daemon_uid) {
  const auto text = read_owned_file(file, daemon_uid);
  if (!text) return refuse(text.error());
  const auto unusable = [&](std::string_view why) {
    return refuse(Code::bad_request, fmt::format("{}: {}; write a JWK Set of public keys (RFC 7517)", file, why));
  };
  const auto document = parse_json_strictly(*text);
  if (!document) return unusable("is no strict JSON");
  auto keys = ForeignKeySet::from_jwks(*document);
  if (!keys) return unusable(keys.error().message);
  if (keys->keys().empty()) return unusable("has no key for EdDSA, ES256 or RS256");
  return keys;
}

Result<void> add_client(Trust& trust, ProvenClient::Part part, const std::string& name, const ClientProof& proof,
                        uid_t daemon_uid) {
  if (!proof.is_given()) return {};
  TrustedClient client{part, name, {}, proof.certificates};
  if (proof.keys) {
    auto keys = read_keys(*proof.keys, daemon_uid);
    if (!keys) return refuse(keys.error());
    client.keys = std::move(*keys);
  }
  trust.clients.push_back(std::move(client));
  return {};
}

}  // namespace

Result<Trust> trust_of(const Config& config, uid_t daemon_uid) {
  Trust trust{{}, config.trusted_issuers};
  for (const auto& agent : config.roles.agents)
    if (auto added = add_client(trust, ProvenClient::Part::agent, agent.spiffe_id, agent.proof, daemon_uid); !added)
      return refuse(added.error());
  for (const auto& server : config.roles.servers)
    if (auto added = add_client(trust, ProvenClient::Part::server, server.url, server.proof, daemon_uid); !added)
      return refuse(added.error());
  return trust;
}

Result<std::function<void()>> prepare_trust(TrustedClients& clients, const Config& config, uid_t daemon_uid) {
  auto trust = trust_of(config, daemon_uid);
  if (!trust) return refuse(trust.error());
  auto prepared = clients.prepare(std::move(*trust));
  if (!prepared) return refuse(prepared.error());
  const auto shared = std::make_shared<TrustedClients::Prepared>(std::move(*prepared));
  return [&clients, shared] { clients.adopt(std::move(*shared)); };
}

}  // namespace jeton
