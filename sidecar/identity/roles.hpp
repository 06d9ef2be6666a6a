// Which parts a caller may play: agents and servers by selector, operators, reviewers.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "attest/selector.hpp"
#include "identity/relying_party.hpp"
#include "jeton/algorithm.hpp"

namespace jeton {

/// How an entry is known without a kernel: what its configuration says.
struct ClientProof {
  std::optional<std::string> keys = std::nullopt;  ///< file with the JWK Set of its public keys
  std::vector<std::string> certificates = {};      ///< "sha256:…" (RFC 8705 x5t#S256), "URI:spiffe://…", "DNS:…"

  [[nodiscard]] bool is_given() const { return keys || !certificates.empty(); }
};

struct AgentEntry {
  std::string name;
  std::string spiffe_id;  ///< spiffe://<trust domain>/agent/<name>
  SelectorSet match;      ///< empty: nobody on a socket is it
  ClientProof proof = {};
};

/// NAME of spiffe://<trust domain>/agent/NAME; nothing of another id.
[[nodiscard]] std::optional<std::string_view> agent_name_in(std::string_view spiffe_id);

/// One [[server]]. Without `match` any attested peer may redeem for it; events and status say "self-redeemed". Where it
/// proves itself otherwise, `match` is there and may be empty: then nobody on a socket is it.
struct ServerEntry {
  std::string url;
  std::optional<SelectorSet> match;
  bool offline = false;  ///< verify = "offline": it burns in its own store and only reports; always with `match`
  Algorithm algorithm = Algorithm::eddsa;  ///< what signs its tokens
  ClientProof proof = {};
  /// Agents that run behind this server: a token that was redeemed here lets them call on, on behalf of who called.
  std::vector<std::string> delegates_to = {};
};

/// The configured parts. Only ever changed as a whole, by assignment between two ticks.
class Roles {
 public:
  struct Entries {
    std::vector<AgentEntry> agents;
    std::vector<ServerEntry> servers;
    std::vector<SelectorSet> operators;
    std::vector<SelectorSet> reviewers;                    ///< empty: the operators
    std::optional<ServerEntry> any_server = std::nullopt;  ///< --dev: stands for every valid server name
    std::vector<RelyingParty> relying_parties = {};        ///< none: there are no federation tokens
  };
  explicit Roles(Entries entries) : entries_(std::move(entries)) {}

  /// The first agent in file order that matches.
  [[nodiscard]] const AgentEntry* agent_of(const Caller& caller) const;
  [[nodiscard]] const ServerEntry* server_named(std::string_view url) const;
  [[nodiscard]] const RelyingParty* relying_party_named(std::string_view name) const;
  [[nodiscard]] bool may_act_for(const ServerEntry& server, const Caller& caller) const;
  /// Of all servers; EdDSA where there is none.
  [[nodiscard]] std::set<Algorithm> algorithms() const;
  /// Whether some server has no `match`, so that any attested peer may redeem for it.
  [[nodiscard]] bool has_open_server() const;
  [[nodiscard]] bool is_operator(const Caller& caller) const;
  [[nodiscard]] bool is_reviewer(const Caller& caller) const;
  /// Any role at all, that of a server with `match` included.
  [[nodiscard]] bool knows(const Caller& caller) const;
  /// Whether hashing the caller's executable could change an answer.
  [[nodiscard]] bool wants_sha256_of(const Caller& caller) const;
  /// "agent:billing", "server:https://…", "operator", "reviewer", for status.
  [[nodiscard]] std::vector<std::string> names_of(const Caller& caller) const;
  [[nodiscard]] const Entries& entries() const { return entries_; }

 private:
  Entries entries_;
};

/// https://… or http://… with a host, perhaps a port, no user name and no fragment (RFC 9728 section 1.2), or
/// mcp:stdio:<name>; visible ASCII, at most 2,048 bytes. Names are compared byte by byte, never normalised.
[[nodiscard]] bool is_server_name(std::string_view name);

}  // namespace jeton
