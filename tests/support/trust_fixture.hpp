// A daemon's trust as a test sets it up: clients with keys, issuers with fetched ones, a clock that is turned.
#pragma once

#include <memory>

#include <unistd.h>

#include "identity/trusted_clients.hpp"
#include "support/catch.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_fetch.hpp"
#include "support/foreign_issuer.hpp"

namespace jeton::testing {

inline const std::string our_issuer = "https://jeton.acme.example";
inline const std::string billing = "spiffe://acme.example/agent/billing";
inline const std::string deploy = "spiffe://acme.example/agent/deploy";
inline const std::string crm = "https://crm.example/mcp";
inline const std::string bearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
inline const std::string spiffe = "urn:ietf:params:oauth:client-assertion-type:jwt-spiffe";

struct TrustFixture {
  explicit TrustFixture(Trust trust) {
    auto prepared = clients.prepare(std::move(trust));
    REQUIRE(prepared);
    clients.adopt(std::move(*prepared));
    clock.pass_s(60);  // the daemon has run for a minute
  }

  FakeClock clock;
  FakeFetch fetch;
  TrustedClients clients{{&fetch, clock, our_issuer, ::geteuid()}};

  [[nodiscard]] std::int64_t now_s() const { return clock.wall_us() / us_per_s; }

  /// As the server does: errands first, then the answer.
  void run_errands(const std::string& jwt) {
    for (auto errand = clients.errand(jwt); errand; errand = clients.errand(jwt)) errand();
  }
  Result<ProvenClient> authenticate(const std::string& assertion, const std::string& type = bearer,
                                    std::optional<std::string> client_id = std::nullopt) {
    run_errands(assertion);
    return clients.authenticate({std::move(client_id), type, assertion, std::nullopt});
  }
  Result<ProvenClient> agent_of(const std::string& assertion) {
    run_errands(assertion);
    return clients.agent_of_assertion(assertion);
  }
  Result<Subject> subject_of(const std::string& jwt, const std::string& agent) {
    run_errands(jwt);
    return clients.subject_of(jwt, agent);
  }
};

inline ForeignKeySet set_of(const SigningKey& key, std::string_view kid) {
  return ForeignKeySet::from_jwks(Json{{"keys", {jwk_of(key, kid)}}}).value();
}

inline std::vector<ClaimRule> rules(std::initializer_list<const char*> texts) {
  std::vector<ClaimRule> all;
  for (const char* text : texts) all.push_back(ClaimRule::parse(text).value());
  return all;
}

}  // namespace jeton::testing
