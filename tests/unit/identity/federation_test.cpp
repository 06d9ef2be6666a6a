// The documents' examples of other people's tokens, in the shapes that those people issue them.
#include "support/trust_fixture.hpp"

namespace jeton::testing {
namespace {

TrustedIssuer issuer_at(std::string name, std::string issuer) {
  TrustedIssuer entry{std::move(name), issuer, issuer + "/jwks"};
  return entry;
}

TrustedIssuer kubernetes() {
  auto entry = issuer_at("cluster", "https://kubernetes.default.svc.cluster.local");
  entry.claims = rules({"/kubernetes.io/namespace=billing", "/kubernetes.io/serviceaccount/name=agent"});
  entry.agent = billing;
  return entry;
}
TrustedIssuer github() {
  auto entry = issuer_at("github", "https://token.actions.githubusercontent.com");
  entry.claims = rules({"repository=acme/shop", "environment=production", "ref=refs/heads/main"});
  entry.agent = deploy;
  return entry;
}
TrustedIssuer gitlab() {
  auto entry = issuer_at("gitlab", "https://gitlab.acme.example");
  entry.claims = rules({"project_path=acme/shop", "ref_protected=true", "environment=production"});
  entry.agent = deploy;
  return entry;
}
TrustedIssuer spire() {
  auto entry = issuer_at("spire", "spiffe://prod.acme.example");
  entry.jwks = "https://spire.acme.example/bundle";
  entry.claims = rules({"sub=spiffe://prod.acme.example/ns/billing/sa/agent"});
  entry.agent = billing;
  return entry;
}
TrustedIssuer people() {
  auto entry = issuer_at("people", "https://login.acme.example");
  entry.delegates_to = {billing};
  return entry;
}

struct Given : TrustFixture {
  explicit Given(std::vector<TrustedIssuer> issuers) : TrustFixture({{}, issuers}) {
    for (const auto& entry : issuers)
      fetch.answer(entry.jwks,
                   jwks_of({jwk_of(rs256_key(), "r"), jwk_of(es256_key(), "e"), jwk_of(es256_key(), "j", "jwt-svid")}));
  }

  /// A projected service account token (kubectl create token, serviceAccountToken volumes).
  [[nodiscard]] Json pod(const Json& patch = Json::object()) const {
    return patched({{"aud", Json::array({our_issuer})},
                    {"exp", now_s() + 3000},
                    {"iat", now_s() - 600},
                    {"iss", "https://kubernetes.default.svc.cluster.local"},
                    {"jti", "0c4ec3f6-4ac2-4d4c-8c7b-3ab6b1b6d6b5"},
                    {"kubernetes.io",
                     {{"namespace", "billing"},
                      {"node", {{"name", "node-1"}, {"uid", "2f6a"}}},
                      {"pod", {{"name", "agent-5d9c"}, {"uid", "8d1e"}}},
                      {"serviceaccount", {{"name", "agent"}, {"uid", "77aa"}}}}},
                    {"nbf", now_s() - 600},
                    {"sub", "system:serviceaccount:billing:agent"}},
                   patch);
  }
  /// GitHub Actions, with `permissions: id-token: write` and `environment: production`.
  [[nodiscard]] Json workflow(const Json& patch = Json::object()) const {
    return patched({{"jti", "example-id"},
                    {"sub", "repo:acme/shop:environment:production"},
                    {"environment", "production"},
                    {"aud", our_issuer},
                    {"ref", "refs/heads/main"},
                    {"sha", "example-sha"},
                    {"repository", "acme/shop"},
                    {"repository_owner", "acme"},
                    {"actor_id", "12"},
                    {"repository_visibility", "private"},
                    {"repository_id", "74"},
                    {"repository_owner_id", "65"},
                    {"run_id", "example-run-id"},
                    {"run_number", "10"},
                    {"run_attempt", "2"},
                    {"runner_environment", "github-hosted"},
                    {"actor", "octocat"},
                    {"workflow", "deploy"},
                    {"head_ref", ""},
                    {"base_ref", ""},
                    {"event_name", "workflow_dispatch"},
                    {"ref_type", "branch"},
                    {"job_workflow_ref", "acme/shop/.github/workflows/deploy.yml@refs/heads/main"},
                    {"iss", "https://token.actions.githubusercontent.com"},
                    {"nbf", now_s() - 600},
                    {"exp", now_s() + 300},
                    {"iat", now_s()}},
                   patch);
  }
  [[nodiscard]] std::string workflow_token(const Json& patch = Json::object()) const {
    return jwt(workflow(patch), rs256_key(), "r", {{"x5t", "example-thumbprint"}});
  }
  /// GitLab's id_tokens.
  [[nodiscard]] Json pipeline(const Json& patch = Json::object()) const {
    return patched({{"namespace_id", "72"},
                    {"namespace_path", "acme"},
                    {"project_id", "20"},
                    {"project_path", "acme/shop"},
                    {"user_id", "1"},
                    {"user_login", "sample-user"},
                    {"user_email", "sample-user@example.com"},
                    {"user_access_level", "developer"},
                    {"pipeline_id", "574"},
                    {"pipeline_source", "push"},
                    {"job_id", "302"},
                    {"ref", "main"},
                    {"ref_type", "branch"},
                    {"ref_path", "refs/heads/main"},
                    {"ref_protected", "true"},
                    {"groups_direct", Json::array({"acme/sre"})},
                    {"environment", "production"},
                    {"environment_protected", "true"},
                    {"deployment_tier", "production"},
                    {"environment_action", "start"},
                    {"runner_id", 1},
                    {"runner_environment", "self-hosted"},
                    {"sha", "714a629c0b401fdce83e847fc9589983fc6f46bc"},
                    {"project_visibility", "public"},
                    {"jti", "235b3a54-b797-45c7-ae9a-f72d7bc6ef5b"},
                    {"iss", "https://gitlab.acme.example"},
                    {"iat", now_s()},
                    {"nbf", now_s() - 5},
                    {"exp", now_s() + 3600},
                    {"sub", "project_path:acme/shop:ref_type:branch:ref:main"},
                    {"aud", our_issuer}},
                   patch);
  }
  [[nodiscard]] Json svid(const Json& patch = Json::object()) const {
    return patched({{"aud", Json::array({our_issuer})},
                    {"exp", now_s() + 300},
                    {"iat", now_s()},
                    {"sub", "spiffe://prod.acme.example/ns/billing/sa/agent"}},
                   patch);
  }
};

template <class Value>
void check_refused(const Result<Value>& result, Code code, const std::string& why) {
  REQUIRE_FALSE(result);
  CHECK(name_of(result.error().code) == name_of(code));
  CHECK_THAT(result.error().message, Catch::Contains(why));
}

}  // namespace

TEST_CASE("federation: a pod is the agent that its service account stands for and no other account is") {
  Given given({kubernetes()});
  const auto token = [&](const Json& patch = Json::object()) {
    return jwt(given.pod(patch), rs256_key(), "r", {{"typ", nullptr}});
  };
  CHECK(given.agent_of(token()) == ProvenClient{ProvenClient::Part::agent, billing, "federated_jwt",
                                                "https://kubernetes.default.svc.cluster.local",
                                                "system:serviceaccount:billing:agent"});
  // It is good until it expires: it is the pod's, not the request's.
  CHECK(given.authenticate(token()));
  CHECK(given.authenticate(token(), bearer, billing));
  CHECK(given.authenticate(token(), bearer, "system:serviceaccount:billing:agent"));
  CHECK(given.fetch.asked() == 1);

  check_refused(given.authenticate(token(), bearer, deploy), Code::unattested_peer, "client_id");
  check_refused(given.agent_of(token({{"kubernetes.io", {{"namespace", "shop"}}}})), Code::unknown_agent, "namespace");
  check_refused(given.agent_of(token({{"kubernetes.io", {{"serviceaccount", {{"name", "default"}}}}}})),
                Code::unknown_agent, "serviceaccount");
  check_refused(given.agent_of(token({{"kubernetes.io", nullptr}})), Code::unknown_agent, "namespace");
  // The pod's usual token is for the API server, and one that others are shown as well proves nothing.
  check_refused(given.agent_of(token({{"aud", {"https://kubernetes.default.svc.cluster.local"}}})),
                Code::wrong_audience, "aud");
  check_refused(given.agent_of(token({{"aud", {our_issuer, "https://vault.example"}}})), Code::wrong_audience, "alone");
  // The legacy token of a secret never ends, and the default one is stretched to a year.
  check_refused(given.agent_of(token({{"exp", nullptr}})), Code::bad_token, "no exp");
  check_refused(given.agent_of(token({{"exp", given.now_s() + 365 * 86'400}})), Code::bad_token, "longer than 3600 s");
}

TEST_CASE("federation: a workflow's token works for its deployment and not for the next stage") {
  Given given({github()});
  CHECK(given.agent_of(given.workflow_token())->name == deploy);
  check_refused(given.agent_of(given.workflow_token({{"environment", "release"}})), Code::unknown_agent, "environment");
  check_refused(given.agent_of(given.workflow_token({{"environment", nullptr}})), Code::unknown_agent, "environment");
  check_refused(given.agent_of(given.workflow_token({{"ref", "refs/pull/7/merge"}})), Code::unknown_agent, "ref");
  check_refused(given.agent_of(given.workflow_token({{"repository", "evil/shop"}})), Code::unknown_agent, "repository");
  // A minute after the job it is over.
  given.clock.pass_s(305);
  check_refused(given.agent_of(given.workflow_token(
                    {{"exp", given.now_s() - 5}, {"iat", given.now_s() - 100}, {"nbf", given.now_s() - 100}})),
                Code::expired, "expired");
}

TEST_CASE("federation: stages of one pipeline are different agents and the first entry that takes a token decides") {
  auto staging = gitlab();
  staging.name = "gitlab-staging";
  staging.claims = rules({"project_path=acme/shop", "environment=staging"});
  staging.agent = billing;
  Given given({gitlab(), staging});
  const auto token = [&](const Json& patch = Json::object()) { return jwt(given.pipeline(patch), rs256_key(), "r"); };
  CHECK(given.agent_of(token())->name == deploy);
  CHECK(given.agent_of(token({{"environment", "staging"}}))->name == billing);
  check_refused(given.agent_of(token({{"environment", "review"}})), Code::unknown_agent, "environment");
  check_refused(given.agent_of(token({{"ref_protected", "false"}})), Code::unknown_agent, "ref_protected");
  CHECK(given.fetch.asked() == 1);
}

TEST_CASE("federation: a JWT-SVID without iss is judged by its trust domain's bundle") {
  Given given({spire()});
  const auto token = [&](const Json& patch = Json::object(), const Json& header = Json::object()) {
    return jwt(given.svid(patch), es256_key(), "j", header);
  };
  const auto client = given.authenticate(token(), spiffe, "spiffe://prod.acme.example/ns/billing/sa/agent");
  REQUIRE(client);
  CHECK(client->name == billing);
  CHECK(client->method == "federated_jwt");
  CHECK(client->subject == "spiffe://prod.acme.example/ns/billing/sa/agent");
  CHECK(given.authenticate(token({}, {{"typ", "JOSE"}}), spiffe));
  CHECK(given.authenticate(token(), spiffe, billing));
  CHECK(given.agent_of(token()));

  check_refused(given.authenticate(token(), spiffe, "spiffe://prod.acme.example/other"), Code::unattested_peer,
                "client_id");
  check_refused(given.authenticate(token({}, {{"x5t", "a"}}), spiffe), Code::unattested_peer, "JWT-SVID");
  check_refused(given.authenticate(token({{"sub", "user:alice"}}), spiffe), Code::unattested_peer, "SPIFFE ID");
  check_refused(given.authenticate(token({{"sub", "spiffe://prod.acme.example/ns/shop/sa/agent"}}), spiffe),
                Code::unknown_agent, "sub");
  // Another trust domain's workload, although the key is a good one here.
  for (const char* sub : {"spiffe://dev.acme.example/ns/billing/sa/agent", "spiffe://", "spiffe:///x",
                          "spiffe://prod.acme.example", "spiffe://prod.acme.example@evil/x"}) {
    CAPTURE(sub);
    CHECK_FALSE(given.authenticate(token({{"sub", sub}}), spiffe));
  }
  check_refused(given.authenticate(token({{"aud", {our_issuer, "other"}}}), spiffe), Code::unattested_peer, "aud");
  check_refused(given.authenticate(token({}, {{"typ", "at+jwt"}}), spiffe), Code::unattested_peer, "typ");
}

TEST_CASE("federation: a user's token is good with the agents that its issuer names and proves no identity") {
  Given given({people(), kubernetes()});
  const auto claims = [&](const Json& patch = Json::object()) {
    return patched({{"iss", "https://login.acme.example"},
                    {"sub", "00u1alice"},
                    {"aud", {our_issuer, "https://mail.example"}},
                    {"iat", given.now_s() - 7200},
                    {"exp", given.now_s() + 3600}},
                   patch);
  };
  const auto token = [&](const Json& patch = Json::object(), const Json& header = Json::object()) {
    return jwt(claims(patch), es256_key(), "e", header);
  };
  const auto subject = given.subject_of(token(), billing);
  REQUIRE(subject);
  CHECK(subject->sub == "00u1alice");
  CHECK(subject->issuer == "https://login.acme.example");
  CHECK(subject->exp == given.now_s() + 3600);
  CHECK(given.subject_of(token({}, {{"typ", "at+jwt"}}), billing));  // RFC 9068

  check_refused(given.subject_of(token(), deploy), Code::wrong_role, "people");
  check_refused(given.subject_of(token({{"aud", "https://mail.example"}}), billing), Code::wrong_audience, "aud");
  check_refused(given.subject_of(token({}, {{"typ", "secevent+jwt"}}), billing), Code::bad_token, "typ");
  check_refused(given.subject_of(token({{"iat", given.now_s() - 86'400}}), billing), Code::bad_token, "86400");
  // Alice is no agent, whatever audience her token has, and a pod is no user.
  check_refused(given.agent_of(token({{"aud", our_issuer}, {"iat", given.now_s()}, {"exp", given.now_s() + 60}})),
                Code::unknown_agent, "for this use");
  check_refused(given.subject_of(jwt(given.pod(), rs256_key(), "r"), billing), Code::wrong_role, "for this use");
}

TEST_CASE("federation: a token of nobody or of a known issuer's stranger meets the code of what is wrong") {
  Given given({github()});
  const auto other = SigningKey::generate(Algorithm::es256);
  check_refused(given.agent_of("x"), Code::bad_token, "three parts");
  check_refused(given.agent_of(given.workflow_token({{"iss", "https://token.actions.githubusercontent.com/"}})),
                Code::wrong_issuer, "iss");
  check_refused(given.agent_of(given.workflow_token({{"iss", "https://evil.example"}})), Code::wrong_issuer, "iss");
  check_refused(given.agent_of(given.workflow_token({{"iss", nullptr}})), Code::wrong_issuer, "iss");
  check_refused(given.agent_of(jwt(given.workflow(), other, "unknown")), Code::unknown_key, "kid");
  check_refused(given.agent_of(jwt(given.workflow(), other, "e")), Code::bad_signature, "signature");
  check_refused(given.agent_of(given.workflow_token({{"nbf", given.now_s() + 6}})), Code::not_yet_valid, "future");
  check_refused(given.agent_of(given.workflow_token({{"exp", given.now_s() - 5}, {"iat", given.now_s() - 100}})),
                Code::expired, "expired");
  check_refused(given.agent_of(given.workflow_token({{"aud", "https://other.example"}})), Code::wrong_audience, "aud");
  given.fetch.be_down();
  given.clock.pass_s(25 * 3600);
  check_refused(given.agent_of(given.workflow_token()), Code::unknown_key, "not at hand");
}

TEST_CASE("federation: one issuer's key with another's name proves nothing") {
  auto other = issuer_at("other", "https://other.example");
  other.claims = rules({"sub=x"});
  other.agent = billing;
  Given given({github(), other});
  const auto key = SigningKey::generate(Algorithm::es256);
  given.fetch.answer(other.jwks, jwks_of({jwk_of(key, "r"), jwk_of(key, "o")}));
  check_refused(given.agent_of(jwt(given.workflow(), key, "o")), Code::unknown_key, "kid");
  check_refused(given.agent_of(jwt(given.workflow(), key, "r")), Code::unknown_key, "kid");
  CHECK(given.agent_of(jwt(given.workflow({{"iss", "https://other.example"}, {"sub", "x"}}), key, "o"))->name ==
        billing);
}

TEST_CASE("an entry may ask for another audience and take fewer algorithms and a shorter life") {
  auto strict = github();
  strict.audience = "jeton";
  strict.algs = {Algorithm::es256};
  strict.max_age_s = 120;
  Given given({strict});
  const auto token = [&](const Json& patch) { return jwt(given.workflow(patch), es256_key(), "e"); };
  CHECK(given.agent_of(token({{"aud", "jeton"}, {"exp", given.now_s() + 120}})));
  check_refused(given.agent_of(token({{"aud", our_issuer}, {"exp", given.now_s() + 120}})), Code::wrong_audience,
                "aud");
  check_refused(given.agent_of(token({{"aud", "jeton"}})), Code::bad_token, "120 s");
  check_refused(given.agent_of(given.workflow_token({{"aud", "jeton"}, {"exp", given.now_s() + 120}})), Code::bad_token,
                "alg");
}

TEST_CASE("a reload keeps the keys of an issuer that stays and believes no one that went") {
  Given given({github(), kubernetes()});
  REQUIRE(given.agent_of(given.workflow_token()));
  const auto errand = given.clients.errand(jwt(given.pod(), rs256_key(), "r"));
  REQUIRE(errand);
  auto prepared = given.clients.prepare({{}, {github()}});
  REQUIRE(prepared);
  CHECK(given.agent_of(jwt(given.pod(), rs256_key(), "r")));  // not yet
  given.clients.adopt(std::move(*prepared));
  given.fetch.be_down();
  CHECK(given.agent_of(given.workflow_token()));
  check_refused(given.agent_of(jwt(given.pod(), rs256_key(), "r")), Code::wrong_issuer, "iss");
  errand();  // one that was under way ends where it began
  CHECK(given.clients.status().size() == 1);
  CHECK(given.clients.count().failing == 1);
  CHECK(given.clients.count().without == 0);
}

TEST_CASE("there is no errand for a text that is no JWT or of nobody") {
  Given given({github()});
  CHECK_FALSE(given.clients.errand(""));
  CHECK_FALSE(given.clients.errand("a.b.c"));
  CHECK_FALSE(given.clients.errand(given.workflow_token({{"iss", "https://evil.example"}})));
  CHECK(given.clients.errand(given.workflow_token()));
  CHECK(given.fetch.asked() == 0);
}

}  // namespace jeton::testing
