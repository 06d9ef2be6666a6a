// The adapter of Clients over configured keys, certificates and issuers.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "identity/clients.hpp"
#include "identity/foreign_jwt.hpp"
#include "identity/issuer_keys.hpp"
#include "identity/trusted_issuer.hpp"
#include "identity/used_assertions.hpp"

namespace jeton {

/// An agent or a server that can prove itself: what a configuration says of it, with its keys read.
struct TrustedClient {
  ProvenClient::Part part;
  std::string name;                            ///< the agent's SPIFFE ID, or the server's url
  ForeignKeySet keys = {};                     ///< for private_key_jwt
  std::vector<std::string> certificates = {};  ///< "sha256:…", "URI:spiffe://…", "DNS:…"
};

/// Who is believed, at one time.
struct Trust {
  std::vector<TrustedClient> clients;
  std::vector<TrustedIssuer> issuers;
};

class TrustedClients final : public Clients {
 public:
  /// From its iat on, whatever its exp says; so long a used one is remembered.
  static constexpr std::int64_t assertion_age_max_s = 300;

  struct Parts {
    Fetch* fetch;  ///< none: nothing of the configuration is fetched
    const Clock& clock;
    std::string issuer;  ///< our own
    uid_t owner;         ///< whose files, besides root's, are believed
  };
  explicit TrustedClients(Parts parts);

  /// What `trust` needs before it can be in force: key set files are read, keys that are at hand are kept. bad_request
  /// when one cannot be read.
  using IssuerKeysOf = std::map<std::string, std::shared_ptr<IssuerKeys>, std::less<>>;
  struct Prepared {
    Trust trust;
    IssuerKeysOf keys;
  };
  [[nodiscard]] Result<Prepared> prepare(Trust trust) const;
  /// From here on these are believed and nobody else.
  void adopt(Prepared prepared);

  [[nodiscard]] std::function<void()> errand(const BroughtJwt& jwt) override;
  [[nodiscard]] Result<ProvenClient> authenticate(const Presented& presented) override;
  [[nodiscard]] bool knows(const PeerCertificate& certificate) const override {
    return !by_certificate(certificate).empty();
  }
  [[nodiscard]] Result<ProvenClient> agent_of_assertion(const BroughtJwt& jwt) override;
  void judge_ahead(const BroughtJwt& jwt) override;
  [[nodiscard]] Result<Subject> subject_of(const BroughtJwt& jwt, std::string_view agent_spiffe_id) override;

  /// One object an issuer: `issuer`, `keys`, `age_s` where there are any, `fault` where the last try brought none.
  [[nodiscard]] Json status() const;
  /// How many issuers gave no keys at the last try, and how many of them have none left that are believed.
  struct Count {
    std::size_t failing = 0;
    std::size_t without = 0;
  };
  [[nodiscard]] Count count() const;

 private:
  enum class Use { identity, subject };
  struct Accepted {
    GenuineJwt jwt;
    const TrustedIssuer* entry;
  };
  [[nodiscard]] std::shared_ptr<IssuerKeys> keys_of(const UnverifiedJwt& jwt) const;
  [[nodiscard]] Result<Accepted> accept(const BroughtJwt& jwt, Use use) const;
  [[nodiscard]] Result<const TrustedIssuer*> entry_for(const GenuineJwt& jwt, std::string_view issuer, Use use) const;
  [[nodiscard]] const TrustedClient* with_keys(std::string_view name) const;
  [[nodiscard]] Result<ProvenClient> by_assertion(const Presented& presented);
  [[nodiscard]] Result<ProvenClient> by_own_key(const TrustedClient& client, std::shared_ptr<const UnverifiedJwt> jwt);
  [[nodiscard]] std::vector<ProvenClient> by_certificate(const PeerCertificate& certificate) const;
  [[nodiscard]] bool is_us(const JwtClaims& claims) const;

  Parts parts_;
  const std::int64_t started_boot_us_;
  Trust trust_;
  IssuerKeysOf keys_;
  UsedAssertions used_;
};

}  // namespace jeton
