// The OAuth door: token, introspection, revocation and metadata for programs that know OAuth and not us.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exchange/exchange.hpp"
#include "http/engine_errands.hpp"
#include "http/message.hpp"
#include "http/oauth_request.hpp"
#include "identity/clients.hpp"
#include "identity/published_keys.hpp"

namespace jeton {

/// The paths under /oauth2 and /.well-known, on the socket and on TCP, in front of the same exchange. It has no
/// transaction of its own: `route` runs inside that of the tick. One thread.
class OAuthDoor {
 public:
  struct Parts {
    Exchange& exchange;
    const Roles& roles;
    PublishedKeys keys;
    Clients* clients = nullptr;  ///< none: only the socket's callers are known
    std::string issuer;          ///< metadata is served where it is a URL
    DecodeLimits limits;
    FederationKeys* federation = nullptr;  ///< none: no documents about federation tokens
  };
  explicit OAuthDoor(Parts parts) : parts_(std::move(parts)) {}

  /// Keys to fetch before this request can be judged.
  [[nodiscard]] std::function<void()> errand(Job& job) const;

  /// Before the transaction: sets the job's client from what it presented, once, because an assertion is good once.
  /// False: the job's response is the refusal. On the socket the kernel has said who it is; only a grant (RFC 7523
  /// section 2.1) goes before that, and one that is not believed is refused by `route`, so that it is on record.
  [[nodiscard]] bool identify(Job& job);

  /// Whether a certificate proves a client, before anything is read.
  [[nodiscard]] bool knows(const std::optional<PeerCertificate>& certificate) const {
    return certificate && parts_.clients != nullptr && parts_.clients->knows(*certificate);
  }

  /// Documents that need no log. False: not one of them.
  [[nodiscard]] bool answer_from_memory(Job& job) const;

  /// RFC 7662's question, from somebody who is known: nothing is decided and nothing written down, so it waits for no
  /// transaction. False: it is another request, or one to be refused, and a refusal is.
  [[nodiscard]] bool answer_query(Job& job) const;

  /// On whose behalf, by the token a request brought: a redeemed one of ours, or a user's of an issuer that names the
  /// caller's agent.
  [[nodiscard]] Result<Delegation> delegation_of(const std::optional<BroughtJwt>& subject_token,
                                                 const Caller& caller) const;

  /// What an engine has to be asked before this request for a token is decided, once it is known who sent it.
  [[nodiscard]] std::function<void()> engine_errand(Job& job, EngineErrands& engine) const;

  /// None: not one of these paths.
  [[nodiscard]] std::optional<Response> route(Job& job);

  /// Whether a request is RFC 7009's, and the token it ends; so that it holds even when the log does not take it.
  [[nodiscard]] std::optional<RevokeRequest> revocation_of(const Request& request) const;

  void set_limits(const DecodeLimits& limits) { parts_.limits = limits; }

 private:
  /// What a request says about who sent it, wherever it says it.
  struct Credentials {
    Presented presented;
    std::optional<BroughtJwt> grant_assertion = std::nullopt;  ///< RFC 7523 section 2.1
    std::optional<BroughtJwt> subject_token = std::nullopt;
    bool has_secret = false;
    bool lacks_grant = false;  ///< RFC 7523 section 2.1 without its assertion
  };
  /// A body, read once however often it is looked at.
  struct Brought {
    Result<Form> form;  ///< of a form's path
    Result<Credentials> credentials;
  };
  [[nodiscard]] const Brought& brought_by(Job& job) const;
  [[nodiscard]] static Credentials credentials_of(const Form& form);
  [[nodiscard]] Result<Credentials> credentials_of(const std::string& json) const;
  /// Who brings an assertion that is a grant; nothing else may say that it is somebody else.
  [[nodiscard]] tl::expected<ProvenClient, OAuthRefusal> agent_by_grant(const Credentials& credentials) const;
  /// Of a token exchange, and nothing of any other grant.
  [[nodiscard]] Result<Delegation> delegation_of(Job& job, GrantType grant) const;
  /// On the socket, where the kernel does.
  [[nodiscard]] bool says_who_asks_here(Job& job) const;
  /// An assertion that was not believed before the tick: nobody gets as an account what it was to be a grant for.
  [[nodiscard]] std::optional<OAuthRefusal> refusal_of_grant(Job& job, GrantType grant) const;
  /// Served while some relying party is configured.
  [[nodiscard]] bool answer_about_federation(Job& job) const;
  [[nodiscard]] Response token(Job& job);
  [[nodiscard]] Response introspect(Job& job);
  [[nodiscard]] Response description_of(std::string_view token, const Caller& caller) const;
  [[nodiscard]] Response revoke(Job& job);
  [[nodiscard]] Response refused(const Caller& caller, OAuthRefusal refusal, Verb verb);

  Parts parts_;
};

/// Whether its body is a form, and its refusals are in the words of RFC 6749 section 5.2.
[[nodiscard]] bool is_form_path(std::string_view target);
/// RFC 6749 section 5.2. 400, but 401 for invalid_client, 429 and 5xx as the code has it.
[[nodiscard]] Response oauth_problem(const OAuthRefusal& refusal);
/// The same for a path of the OAuth door, problem+json for every other.
[[nodiscard]] Response problem_at(std::string_view target, const Error& error);

/// RFC 8414 section 2, and the same for OpenID Connect Discovery 1.0 section 3.
struct Metadata {
  std::string issuer;
  std::vector<std::string> token_algs;
  bool over_network;
};
[[nodiscard]] Json authorization_server_metadata(const Metadata& about);
[[nodiscard]] Json openid_configuration(const Metadata& about);

/// Whether a token's subject token is one of our own: of the form of our tokens and with our name in it. Says nothing
/// about who made it.
[[nodiscard]] bool names_us(const BroughtJwt& jwt, const std::string& issuer);

}  // namespace jeton
