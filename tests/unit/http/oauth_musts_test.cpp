// What OAuth's standards say an authorization server must and that no other test shows; docs/oauth-musts.md lists all.
#include "app/config.hpp"
#include "http/request_reader.hpp"
#include "jeton/base64url.hpp"
#include "jeton/hash.hpp"
#include "support/oauth_fixture.hpp"

namespace {

using namespace jeton;
using namespace jeton::testing;

constexpr const char* endpoint = "/oauth2/token";
constexpr const char* exchange = "urn:ietf:params:oauth:grant-type:token-exchange";
constexpr const char* access_type = "urn:ietf:params:oauth:token-type:access_token";
constexpr const char* metadata_path = "/.well-known/oauth-authorization-server";

struct Asked : OAuthFixture {
  Job mint() { return form(billing, endpoint, token_fields()); }
  bool is_active(const std::string& token) {
    return body_of(remote("crm's", "/oauth2/introspect", {{"token", token}}))["active"] == true;
  }
  Job redeem_at(uid_t uid, const char* server, const std::string& token) {
    auto body = redeem_body(token);
    body["server"] = server;
    return send({{"POST", "/v1/redeem", "application/json", body.dump()}, caller_of(uid)});
  }
};

TokenClaims claims_of(const std::string& token) { return UnverifiedToken::parse(token)->claims_before_verification(); }

/// What an issuer of this name answers at a path.
Job answer_of_issuer(const std::string& issuer, const std::string& target) {
  Company company;
  const OAuthDoor door({company.process->exchange, company.roles, company.process->keyring, nullptr, issuer, {}});
  Job job{{"GET", target, "", ""}, OAuthFixture::from_network()};
  if (!door.answer_from_memory(job)) job.response = {404, "", "{}"};
  return job;
}

}  // namespace

TEST_CASE("rfc6749_1_6_beyond_this_machine_nothing_is_spoken_without_tls") {
  const std::string rest = "trust_domain = \"acme.example\"\nissuer = \"https://jeton.acme.example\"\nlisten = ";
  for (const char* address : {"\"192.0.2.7:8470\"", "\"0.0.0.0:8470\"", "\"[::]:8470\""}) {
    CAPTURE(address);
    CHECK_FALSE(parse_config(rest + address + "\n", "jeton.toml", 990));
  }
  CHECK(parse_config(rest + "\"127.0.0.1:8470\"\n", "jeton.toml", 990));
}

TEST_CASE("rfc6749_2_3_1_a_proof_in_the_uri_is_none") {
  Asked door;
  const auto proof = form_text({{"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
                                {"client_assertion", "billing's"}});
  Job job{{"POST", std::string(endpoint) + "?" + proof, "application/x-www-form-urlencoded",
           form_text(OAuthFixture::token_fields())},
          OAuthFixture::from_network()};
  CHECK(door.send(job).response.status >= 400);
  CHECK(error_of(door.remote("", endpoint, OAuthFixture::token_fields())) == "invalid_client");
  CHECK(door.company.count(EventKind::token_minted) == 0);
}

TEST_CASE("rfc6749_3_2_the_token_endpoint_takes_post_alone") {
  Asked door;
  const auto body = form_text(OAuthFixture::token_fields());
  for (const char* method : {"GET", "PUT", "PATCH", "DELETE", "post", "TRACE"}) {
    CAPTURE(method);
    for (const auto& caller : {caller_of(billing), OAuthFixture::from_network()})
      CHECK(door.send({{method, endpoint, "application/x-www-form-urlencoded", body}, caller}).response.status >= 400);
  }
  CHECK(door.company.count(EventKind::token_minted) == 0);
}

TEST_CASE("rfc6749_3_2_a_parameter_nobody_knows_is_ignored") {
  Asked door;
  auto fields = OAuthFixture::token_fields();
  fields.emplace_back("audience_hint", "x");
  fields.emplace_back("acr_values", "y");
  CHECK(error_of(door.form(billing, endpoint, fields)) == "none");
  CHECK(error_of(door.remote("crm's", "/oauth2/introspect", {{"token", "x"}, {"verbose", "1"}})) == "none");
}

TEST_CASE("rfc6749_5_1_no_answer_that_holds_a_token_is_kept_by_a_cache") {
  Asked door;
  const auto minted = door.mint();
  const auto token = door.token_of(minted);
  const std::vector<Job> jobs{minted, door.remote("crm's", "/oauth2/introspect", {{"token", token}}),
                              door.form(billing, endpoint, {}), door.redeem_at(crm_account, crm, token)};
  for (const auto& job : jobs) {
    const auto bytes = bytes_of(job.response, true, "1");
    CHECK(bytes.find("\r\nCache-Control: no-store\r\n") != std::string::npos);
    CHECK(bytes.find("\r\nPragma: no-cache\r\n") != std::string::npos);
    CHECK(bytes.find("\r\nContent-Type: application/json\r\n") != std::string::npos);
  }
}

TEST_CASE("rfc7009_2_1_a_wrong_hint_hides_no_token") {
  Asked door;
  for (const char* hint : {"refresh_token", "access_token", "something_else"}) {
    CAPTURE(hint);
    const auto token = door.token_of(door.mint());
    REQUIRE(door.is_active(token));
    CHECK(door.form(billing, "/oauth2/revoke", {{"token", token}, {"token_type_hint", hint}}).response.status == 200);
    CHECK_FALSE(door.is_active(token));
  }
}

TEST_CASE("rfc7009_2_1_who_is_not_believed_ends_nothing") {
  Asked door;
  const auto token = door.token_of(door.mint());
  for (const char* assertion : {"", "forged"}) {
    const auto job = door.remote(assertion, "/oauth2/revoke", {{"token", token}});
    CHECK(error_of(job) == "invalid_client");
    CHECK(job.response.status == 401);
  }
  CHECK(door.remote("mail's", "/oauth2/revoke", {{"token", token}}).response.status == 400);
  CHECK(door.is_active(token));
}

TEST_CASE("rfc7662_2_1_a_hint_changes_nothing") {
  Asked door;
  const auto token = door.token_of(door.mint());
  for (const char* hint : {"refresh_token", "something_else"})
    CHECK(body_of(door.remote("crm's", "/oauth2/introspect",
                              {{"token", token}, {"token_type_hint", hint}}))["active"] == true);
}

TEST_CASE("rfc7638_3_the_kid_of_each_key_is_the_thumbprint_of_its_needed_members") {
  Asked door;
  const auto keys = body_of(door.get("/oauth2/jwks"))["keys"];
  CHECK(keys.size() >= 2);
  for (const auto& key : keys) {
    REQUIRE(key["kty"] == "OKP");
    const auto text = fmt::format(R"({{"crv":"{}","kty":"OKP","x":"{}"}})", key["crv"].get<std::string>(),
                                  key["x"].get<std::string>());
    CHECK(key["kid"] == base64url(sha256(text)));
  }
}

TEST_CASE("rfc8414_2_the_endpoints_are_urls_of_the_issuer_and_none_is_an_algorithm_nowhere") {
  for (const std::string issuer : {"https://a.example", "https://a.example/", "https://a.example/t/"}) {
    const auto body = body_of(answer_of_issuer(issuer, metadata_path));
    CHECK(body["issuer"] == issuer);
    const auto base = issuer.ends_with('/') ? issuer.substr(0, issuer.size() - 1) : issuer;
    for (const char* name : {"token", "introspection", "revocation"}) {
      const auto url = body[std::string(name) + "_endpoint"].get<std::string>();
      CHECK(url.starts_with(base + "/oauth2/"));
      CHECK(url.find('#') == std::string::npos);
      const auto algs = body[std::string(name) + "_endpoint_auth_signing_alg_values_supported"];
      CHECK(algs == Json::array({"EdDSA", "ES256", "RS256"}));
    }
    CHECK(body["jwks_uri"] == base + "/oauth2/jwks");
  }
}

TEST_CASE("rfc8414_3_the_path_of_an_issuer_stands_behind_the_well_known_name") {
  for (const std::string issuer : {"https://a.example/tenant", "https://a.example/tenant/"}) {
    const auto job = answer_of_issuer(issuer, std::string(metadata_path) + "/tenant");
    CHECK(job.response.status == 200);
    CHECK(job.response.content_type == "application/json");
    CHECK(answer_of_issuer(issuer, "/tenant/.well-known/openid-configuration").response.status == 200);
    for (const char* other : {"/other", "/tenant/", "/tenant/x", "/"})
      CHECK(answer_of_issuer(issuer, metadata_path + std::string(other)).response.status == 404);
  }
  CHECK(answer_of_issuer("https://a.example/", metadata_path).response.status == 200);
  CHECK(answer_of_issuer("urn:uuid:60f93562-d4be-490c-9f74-29d21ce36901", metadata_path).response.status == 404);
}

TEST_CASE("rfc8414_3_2_no_list_of_the_metadata_is_empty") {
  Asked door;
  for (const bool over_network : {true, false})
    for (const char* path : {metadata_path, "/.well-known/openid-configuration"}) {
      const auto body = body_of(door.get(path, over_network));
      CHECK(body.size() > 8);
      for (const auto& [name, value] : body.items()) {
        CAPTURE(path, name);
        CHECK_FALSE(value.is_null());
        if (value.is_array()) CHECK_FALSE(value.empty());
      }
    }
}

TEST_CASE("rfc8693_2_2_1_an_answer_has_the_token_its_type_and_its_seconds") {
  Asked door;
  auto fields = OAuthFixture::token_fields(exchange);
  fields.emplace_back("subject_token", "alice's");
  fields.emplace_back("subject_token_type", access_type);
  const auto body = body_of(door.form(billing, endpoint, fields));
  CHECK(body["token_type"] == "Bearer");
  CHECK(body["issued_token_type"] == access_type);
  CHECK(body["expires_in"] == 30);
  CHECK_FALSE(body.contains("refresh_token"));
  CHECK(UnverifiedToken::parse(body["access_token"].get<std::string>()));
}

TEST_CASE("rfc8707_2_a_resource_that_is_no_absolute_uri_or_has_a_fragment_is_invalid_target") {
  Asked door;
  for (const char* resource :
       {"", "mcp", "/mcp", "//crm.example/mcp", "https://crm.example/mcp#x", "https://", "https://crm.example/MCP"}) {
    CAPTURE(resource);
    const auto fields = OAuthFixture::with(OAuthFixture::token_fields(), "resource", resource);
    CHECK(error_of(door.form(billing, endpoint, fields)) == "invalid_target");
  }
}

TEST_CASE("rfc8707_2_2_a_token_is_for_the_resource_alone") {
  Asked door;
  const auto token = door.token_of(door.mint());
  CHECK(claims_of(token).json()["aud"] == crm);
  CHECK(code_of(door.redeem_at(mail_account, mail, token)) == "wrong_audience");
  CHECK(code_of(door.redeem_at(mail_account, crm, token)) == "wrong_role");
  CHECK(code_of(door.redeem_at(crm_account, crm, token)) == "ok");
}

TEST_CASE("rfc9068_2_2_every_token_has_the_claims_that_are_needed") {
  Asked door;
  const auto job = door.mint();
  const auto claims = claims_of(door.token_of(job)).json();
  for (const char* name : {"iss", "exp", "aud", "sub", "client_id", "iat", "jti"}) {
    CAPTURE(name);
    CHECK(claims.contains(name));
  }
  CHECK(claims["iss"] == test_issuer);
  CHECK(claims["client_id"] == "spiffe://acme.example/agent/billing");
  CHECK(claims["exp"] == claims["iat"].get<std::int64_t>() + body_of(job)["expires_in"].get<std::int64_t>());
  CHECK(claims_of(door.token_of(door.mint())).jti != claims_of(door.token_of(job)).jti);
}

TEST_CASE("rfc9396_9_2_a_server_sees_the_details_as_they_were_granted") {
  Asked door;
  const auto job = door.mint();
  const auto granted = body_of(job);
  const auto body = body_of(door.remote("crm's", "/oauth2/introspect", {{"token", door.token_of(job)}}));
  CHECK(body["authorization_details"] == granted["authorization_details"]);
  CHECK(body["authorization_details"].size() == 1);
}
