// The port of client authentication: who asks, where a signature says so and not the kernel.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "attest/caller.hpp"
#include "identity/brought_jwt.hpp"
#include "jeton/error.hpp"

namespace jeton {

/// What a request over the network brought to say who sent it. Nothing of it is proved.
struct Presented {
  std::optional<std::string> client_id = std::nullopt;
  std::optional<std::string> assertion_type = std::nullopt;  ///< RFC 7521 section 4.2
  std::optional<BroughtJwt> assertion = std::nullopt;
  std::optional<PeerCertificate> certificate = std::nullopt;
};

/// On whose behalf an agent acts, as an issuer it may bring tokens of has it.
struct Subject {
  std::string sub;
  std::string issuer;
  std::int64_t exp;  ///< NumericDate
};

/// Believes keys, certificates and issuers of the configuration. Used on the loop's thread; an errand runs elsewhere.
class Clients {
 public:
  virtual ~Clients() = default;

  /// Fetches the keys that `jwt` would be judged by, where they are not at hand; empty: nothing to fetch, or none may
  /// be fetched now. May take seconds, writes only into a cache of its own, never throws.
  [[nodiscard]] virtual std::function<void()> errand(const BroughtJwt& jwt) = 0;

  /// The agent or server that sent this (RFC 7523 section 3, RFC 8705 section 2). unattested_peer with the reason;
  /// unknown_agent for who is genuine and not configured; rate_limited. What a client signed itself is good once.
  [[nodiscard]] virtual Result<ProvenClient> authenticate(const Presented& presented) = 0;

  /// Whether a certificate is that of a client.
  [[nodiscard]] virtual bool knows(const PeerCertificate& certificate) const = 0;

  /// The agent that a token of a trusted issuer is the identity of: RFC 7523 section 2.1. bad_token, bad_signature,
  /// unknown_key, expired, not_yet_valid, wrong_issuer, wrong_audience, unknown_agent.
  [[nodiscard]] virtual Result<ProvenClient> agent_of_assertion(const BroughtJwt& jwt) = 0;

  /// Checks now what `subject_of` is going to ask about a signature, so that it is not checked then. Says nothing.
  virtual void judge_ahead(const BroughtJwt&) {}

  /// The user whose token this agent may act with (RFC 8693 section 2.1): its `aud` is us, and its issuer names the
  /// agent. The same codes, and wrong_role where the issuer does not name it.
  [[nodiscard]] virtual Result<Subject> subject_of(const BroughtJwt& jwt, std::string_view agent_spiffe_id) = 0;
};

}  // namespace jeton
