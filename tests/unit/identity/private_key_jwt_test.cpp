// Clients that sign for themselves: each assertion is good once, for us, for minutes, and for nobody else.
#include "support/trust_fixture.hpp"

namespace jeton::testing {
namespace {

struct Given : TrustFixture {
  Given()
      : TrustFixture({{{ProvenClient::Part::agent, billing, set_of(es256_key(), "b")},
                       {ProvenClient::Part::server, crm, set_of(eddsa_key(), "c")},
                       {ProvenClient::Part::agent, deploy, {}, {"DNS:deploy.example"}}},
                      {}}) {}

  [[nodiscard]] Json claims(const Json& patch = Json::object()) const {
    return patched({{"iss", billing},
                    {"sub", billing},
                    {"aud", our_issuer},
                    {"iat", now_s()},
                    {"exp", now_s() + 60},
                    {"jti", "1"}},
                   patch);
  }
  [[nodiscard]] std::string assertion(const Json& patch = Json::object(), const Json& header = Json::object()) const {
    return jwt(claims(patch), es256_key(), "b", header);
  }
};

void check_unproved(const Result<ProvenClient>& client, const std::string& why) {
  REQUIRE_FALSE(client);
  CHECK(client.error().code == Code::unattested_peer);
  const std::string said = "the client did not prove itself: ";
  CHECK_THAT(client.error().message, Catch::StartsWith(said) && Catch::Contains(why));
  CHECK(client.error().message.rfind(said) == 0);  // once
}

}  // namespace

TEST_CASE("a client that signs for itself is the agent or the server whose key that is") {
  Given given;
  CHECK(given.authenticate(given.assertion()) == ProvenClient{ProvenClient::Part::agent, billing, "private_key_jwt"});
  const auto server = given.claims({{"iss", crm}, {"sub", crm}});
  CHECK(given.authenticate(jwt(server, eddsa_key(), "c"), bearer, crm) ==
        ProvenClient{ProvenClient::Part::server, crm, "private_key_jwt"});
  CHECK(given.fetch.asked() == 0);
}

TEST_CASE("rfc7523_5_an_assertion_that_is_signed_with_RS256_is_believed") {
  TrustFixture given({{{ProvenClient::Part::agent, billing, set_of(rs256_key(), "r")}}, {}});
  const Json claims{
      {"iss", billing}, {"sub", billing}, {"aud", our_issuer}, {"iat", given.now_s()}, {"exp", given.now_s() + 60},
      {"jti", "1"}};
  CHECK(given.authenticate(jwt(claims, rs256_key(), "r")));
}

TEST_CASE("rfc7523_3_a_workloads_token_for_others_or_over_or_of_another_key_is_refused") {
  TrustedIssuer ci{"ci", "https://ci.example", "https://ci.example/jwks"};
  ci.agent = deploy;
  ci.claims = rules({"environment=production"});
  TrustFixture given({{}, {ci}});
  given.fetch.answer("https://ci.example/jwks", jwks_of({jwk_of(es256_key(), "c")}));
  const auto token = [&](const Json& patch, const SigningKey& key = es256_key()) {
    const Json claims{{"iss", "https://ci.example"}, {"sub", "repo:acme/shop"},    {"aud", our_issuer},
                      {"iat", given.now_s()},        {"exp", given.now_s() + 600}, {"environment", "production"}};
    return jwt(patched(claims, patch), key, "c");
  };
  CHECK(given.agent_of(token(Json::object()))->name == deploy);
  const auto code = [&](const std::string& text) { return given.agent_of(text).error().code; };
  CHECK(code(token({{"aud", "https://other.example"}})) == Code::wrong_audience);
  CHECK(code(token({{"aud", {our_issuer, "https://other.example"}}})) == Code::wrong_audience);
  CHECK(code(token({{"iss", "https://other.example"}})) == Code::wrong_issuer);
  CHECK(code(token({{"iss", nullptr}})) == Code::wrong_issuer);
  CHECK(code(token({{"sub", nullptr}})) == Code::bad_token);
  CHECK(code(token({{"exp", nullptr}})) == Code::bad_token);
  CHECK(code(token({{"iat", given.now_s() - 60}, {"exp", given.now_s() - 10}})) == Code::expired);
  CHECK(code(token({{"nbf", given.now_s() + 60}})) == Code::not_yet_valid);
  CHECK(code(token({{"environment", "staging"}})) == Code::unknown_agent);
  CHECK(code(token(Json::object(), SigningKey::generate(Algorithm::es256))) == Code::bad_signature);
}

TEST_CASE("RFC 7523 section 3: an assertion that is not of us alone or not of the client is refused") {
  Given given;
  const std::vector<std::pair<Json, std::string>> patches{
      {{{"aud", "https://other.example"}}, "aud is this issuer"},
      {{{"aud", our_issuer + "/"}}, "aud is this issuer"},
      {{{"aud", Json::array({our_issuer, "https://other.example"})}}, "aud is this issuer"},
      {{{"aud", our_issuer + "/oauth2/introspect"}}, "aud is this issuer"},
      {{{"sub", deploy}}, "iss and sub"},
      {{{"sub", crm}}, "iss and sub"},
      {{{"iss", crm}, {"sub", crm}}, "kid"},  // of another client's key
      {{{"iss", deploy}, {"sub", deploy}}, "iss"},
      {{{"iss", "https://nobody.example"}}, "iss"},
      {{{"iss", nullptr}}, "iss"},
      {{{"jti", nullptr}}, "jti and iat"},
      {{{"iat", nullptr}}, "jti and iat"},
      {{{"exp", nullptr}}, "no exp"},
      {{{"iat", given.now_s() - 20}, {"exp", given.now_s() - 10}}, "expired"},
      {{{"iat", given.now_s() + 10}, {"exp", given.now_s() + 60}}, "from the future"},
      {{{"nbf", given.now_s() + 10}}, "from the future"},
  };
  for (const auto& [patch, why] : patches) {
    CAPTURE(patch);
    check_unproved(given.authenticate(given.assertion(patch)), why);
  }
  check_unproved(given.authenticate(jwt(given.claims(), eddsa_key(), "b")), "no key");
  check_unproved(given.authenticate(jwt(given.claims(), SigningKey::generate(Algorithm::es256), "b")), "signature");
  for (const char* typ : {"at+jwt", "application/at+jwt", "dpop+jwt", "secevent+jwt", "wit+jwt", "x"})
    check_unproved(given.authenticate(given.assertion({}, {{"typ", typ}})), "typ");
  // None of all that used the jti up.
  CHECK(given.authenticate(given.assertion({}, {{"typ", "client-authentication+jwt"}})));
}

TEST_CASE("the token endpoint is an audience too") {
  Given given;
  CHECK(given.authenticate(given.assertion({{"aud", our_issuer + "/oauth2/token"}})));
  CHECK(given.authenticate(given.assertion({{"aud", Json::array({our_issuer})}, {"jti", "2"}})));
}

TEST_CASE("rfc7523_3_an_assertion_is_good_for_five_minutes_though_it_says_an_hour") {
  Given given;
  given.clock.pass_s(3600);
  const auto made = [&](std::int64_t ago_s, const std::string& jti) {
    return given.assertion({{"iat", given.now_s() - ago_s}, {"exp", given.now_s() - ago_s + 3600}, {"jti", jti}});
  };
  check_unproved(given.authenticate(made(305, "1")), "expired");
  CHECK(given.authenticate(made(304, "1")));
  const auto used = made(0, "2");
  REQUIRE(given.authenticate(used));
  for (int s = 0; s < 310; s += 10, given.clock.pass_s(10)) CHECK_FALSE(given.authenticate(used));
}

TEST_CASE("an assertion is good once and a new one is good") {
  Given given;
  const auto first = given.assertion();
  REQUIRE(given.authenticate(first));
  check_unproved(given.authenticate(first), "used before; make a new one");
  check_unproved(given.authenticate(given.assertion({{"exp", given.now_s() + 61}})), "used before");
  CHECK(given.authenticate(given.assertion({{"jti", "2"}})));
  // Another client's jti is its own.
  CHECK(given.authenticate(jwt(given.claims({{"iss", crm}, {"sub", crm}}), eddsa_key(), "c")));
}

TEST_CASE("an assertion from before the start is refused because it may have been used then") {
  Given given;
  const auto started = given.now_s() - 60;
  check_unproved(given.authenticate(given.assertion({{"iat", started}})), "make a new one");
  check_unproved(given.authenticate(given.assertion({{"iat", started - 100}, {"exp", started + 200}})),
                 "make a new one");
  // A client's clock may be five seconds ahead.
  check_unproved(given.authenticate(given.assertion({{"iat", started + 5}})), "make a new one");
  CHECK(given.authenticate(given.assertion({{"iat", started + 6}})));
  // The start stays where it was when the wall clock is set.
  given.clock.set_wall_back_s(3600);
  CHECK(given.authenticate(given.assertion({{"jti", "2"}})));
}

TEST_CASE("a client_id that is not whom the assertion is of is refused and uses no assertion up") {
  Given given;
  const auto assertion = given.assertion();
  auto forged = assertion;
  forged[forged.size() - 10] = forged[forged.size() - 10] == 'A' ? 'B' : 'A';
  for (const auto& said : {deploy, crm, std::string("nobody"), std::string()}) {
    const auto refused = given.authenticate(assertion, bearer, said);
    check_unproved(refused, "client_id");
    // Who holds an assertion learns by it neither whether it is genuine nor whether it was used.
    CHECK(given.authenticate(forged, bearer, said).error().message == refused.error().message);
  }
  CHECK(given.authenticate(assertion, bearer, billing));
  const auto used = given.authenticate(assertion, bearer, deploy);
  CHECK(used.error().message == given.authenticate(forged, bearer, deploy).error().message);
}

TEST_CASE("a request that proves nothing or half of it is refused") {
  Given given;
  const auto ask = [&](Presented presented) { return given.clients.authenticate(presented); };
  check_unproved(ask({}), "send a client_assertion");
  check_unproved(ask({billing, std::nullopt, std::nullopt, std::nullopt}), "send a client_assertion");
  check_unproved(ask({billing, bearer, std::nullopt, std::nullopt}), "belong together");
  check_unproved(ask({billing, std::nullopt, given.assertion(), std::nullopt}), "belong together");
  check_unproved(ask({billing, "", given.assertion(), std::nullopt}), "neither jwt-bearer nor jwt-spiffe");
  check_unproved(
      ask({billing, "urn:ietf:params:oauth:client-assertion-type:saml2-bearer", given.assertion(), std::nullopt}),
      "neither jwt-bearer nor jwt-spiffe");
  check_unproved(ask({billing, bearer, "", std::nullopt}), "three parts");
  // One that signs for itself is no SVID.
  check_unproved(ask({billing, spiffe, given.assertion(), std::nullopt}), "signs for itself");
}

TEST_CASE("who takes one proof for another is told which it is") {
  Given given;
  // given: a client's own assertion as the grant, and one of a client that is none
  const auto as_grant = given.agent_of(given.assertion());
  CHECK(as_grant.error().code == Code::wrong_issuer);
  CHECK_THAT(as_grant.error().message, Catch::Contains("send it as client_assertion"));
  for (const char* name : {"billing", "spiffe://acme.example/agent/nobody"})
    check_unproved(given.authenticate(given.assertion({{"iss", name}, {"sub", name}})), "neither a client with keys");
}

TEST_CASE("a certificate that is written down is a client and a name counts only with a chain") {
  const PeerCertificate pinned{"AAAA", {"URI:spiffe://acme.example/x"}, false};
  const PeerCertificate named{"BBBB", {"DNS:other.example", "DNS:deploy.example"}, true};
  TrustFixture given({{{ProvenClient::Part::agent, billing, {}, {"sha256:AAAA"}},
                       {ProvenClient::Part::agent, deploy, {}, {"DNS:deploy.example"}},
                       {ProvenClient::Part::server, crm, {}, {"URI:spiffe://acme.example/crm", "DNS:both.example"}}},
                      {}});
  const auto ask = [&](const PeerCertificate& certificate, std::optional<std::string> client_id = std::nullopt) {
    return given.clients.authenticate({std::move(client_id), std::nullopt, std::nullopt, certificate});
  };
  CHECK(ask(pinned) == ProvenClient{ProvenClient::Part::agent, billing, "self_signed_tls_client_auth"});
  CHECK(ask(pinned, billing) == ProvenClient{ProvenClient::Part::agent, billing, "self_signed_tls_client_auth"});
  check_unproved(ask(pinned, deploy), "client_id");
  CHECK(ask(named) == ProvenClient{ProvenClient::Part::agent, deploy, "tls_client_auth"});
  CHECK(ask({"CCCC", {"URI:spiffe://acme.example/crm"}, true})->part == ProvenClient::Part::server);

  for (const PeerCertificate& nobody :
       {PeerCertificate{"BBBB", named.names, false}, PeerCertificate{"aaaa", {}, true}, PeerCertificate{"", {}, true},
        PeerCertificate{"CCCC", {"DNS:deploy.example.evil", "URI:spiffe://acme.example/crm/x"}, true},
        PeerCertificate{"CCCC", {"sha256:AAAA"}, false}}) {
    const auto client = ask(nobody);
    REQUIRE_FALSE(client);
    CHECK(client.error().code == Code::unknown_agent);
  }
  // Of several clients it is the one that it says it is.
  const PeerCertificate both{"CCCC", {"DNS:deploy.example", "DNS:both.example"}, true};
  check_unproved(ask(both), "several clients");
  CHECK(ask(both, crm)->name == crm);
}

TEST_CASE("RFC 6749 section 2.3: two methods in one request are refused") {
  TrustFixture given({{{ProvenClient::Part::agent, billing, set_of(es256_key(), "b"), {"sha256:AAAA"}}}, {}});
  const Json claims{
      {"iss", billing}, {"sub", billing}, {"aud", our_issuer}, {"iat", given.now_s()}, {"exp", given.now_s() + 60},
      {"jti", "1"}};
  const auto assertion = jwt(claims, es256_key(), "b");
  const auto ask = [&](const std::string& sha256) {
    return given.clients.authenticate({billing, bearer, assertion, PeerCertificate{sha256, {}, true}});
  };
  check_unproved(ask("AAAA"), "one method");
  // A certificate of nobody is no method.
  CHECK(ask("BBBB"));
}

}  // namespace jeton::testing
