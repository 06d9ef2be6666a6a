// Introspection, revocation and metadata: RFC 7662, 7009, 8414 and OpenID Connect Discovery.
#include "support/oauth_fixture.hpp"

namespace {

using namespace jeton;
using namespace jeton::testing;

struct Issued : OAuthFixture {
  std::string issue() { return token_of(form(billing, "/oauth2/token", token_fields())); }
  Json introspect(const std::string& client, const std::string& token) {
    return body_of(remote(client, "/oauth2/introspect", {{"token", token}}));
  }
  Job redeem(const std::string& token) {
    return send({{"POST", "/v1/redeem", "application/json", redeem_body(token).dump()}, caller_of(crm_account)});
  }
};

const Json inactive{{"active", false}};

}  // namespace

TEST_CASE("rfc7662_2_1_who_is_not_believed_learns_nothing") {
  Issued door;
  const auto token = door.issue();
  const auto job = door.remote("forged", "/oauth2/introspect", {{"token", token}});
  CHECK(error_of(job) == "invalid_client");
  CHECK(job.response.status == 401);
  CHECK_FALSE(body_of(job).contains("active"));
}

TEST_CASE("rfc7662_2_1_a_query_without_a_token_is_invalid_request") {
  Issued door;
  CHECK(error_of(door.remote("crm's", "/oauth2/introspect", {})) == "invalid_request");
}

TEST_CASE("rfc7662_2_2_what_is_not_active_is_said_to_be_nothing_else") {
  Issued door;
  const auto token = door.issue();
  auto forged = token;
  forged[forged.size() - 8] = forged[forged.size() - 8] == 'A' ? 'B' : 'A';
  CHECK(door.introspect("crm's", "no token") == inactive);
  CHECK(door.introspect("crm's", forged) == inactive);
  CHECK(door.introspect("mail's", token) == inactive);
  CHECK(door.introspect("billing's", token) == inactive);
  CHECK(door.introspect("crm's", token)["active"] == true);

  SECTION("redeemed") { CHECK(code_of(door.redeem(token)) == "ok"); }
  SECTION("expired") { door.company.clock.pass_s(30); }
  SECTION("revoked") { (void)door.form(billing, "/oauth2/revoke", {{"token", token}}); }
  SECTION("superseded") {
    const auto txn = UnverifiedToken::parse(token)->claims_before_verification().txn.text();
    (void)door.form(billing, "/oauth2/token", door.token_fields("client_credentials", door.detail({{"txn", txn}})));
  }
  CHECK(door.introspect("crm's", token) == inactive);
}

TEST_CASE("rfc7662_2_2_an_active_token_is_described_to_its_server") {
  Issued door;
  const auto token = door.issue();
  const auto body = door.introspect("crm's", token);
  for (const char* member : {"iss", "aud", "sub", "client_id", "iat", "exp", "jti", "txn", "authorization_details"})
    CHECK(body.contains(member));
  CHECK(body["token_type"] == "Bearer");
  CHECK(body["aud"] == crm);
}

TEST_CASE("rfc7662_4_a_query_spends_nothing_and_writes_nothing") {
  Issued door;
  const auto token = door.issue();
  const auto size = door.company.memory.size();
  const auto transactions = door.company.memory.transactions();
  for (int i = 0; i < 3; ++i) CHECK(door.introspect("crm's", token)["active"] == true);
  CHECK(door.company.memory.size() == size);
  CHECK(door.company.memory.transactions() == transactions);
  CHECK(code_of(door.redeem(token)) == "ok");
}

TEST_CASE("a query is answered while the log cannot be written") {
  Issued door;
  const auto token = door.issue();
  for (const auto disk : {MemoryStore::Disk::refuses_to_begin, MemoryStore::Disk::unreadable}) {
    door.company.memory.set_disk(disk);
    CHECK(door.introspect("crm's", token)["active"] == true);
  }
}

TEST_CASE("once a transaction failed the log is asked whether it has a redemption that memory has not") {
  Issued door;
  const auto token = door.issue();
  // given: a redemption that was refused because its commit failed, and that the disk kept
  door.company.memory.set_disk(MemoryStore::Disk::keeps_and_fails);
  CHECK(code_of(door.redeem(token)) == "log_unavailable");
  door.company.memory.set_disk(MemoryStore::Disk::good);
  // then: its token is spent, whatever memory says
  CHECK(door.introspect("crm's", token) == inactive);
  // and: a log that cannot be read is no answer
  door.company.memory.set_disk(MemoryStore::Disk::unreadable);
  const auto job = door.remote("crm's", "/oauth2/introspect", {{"token", token}});
  CHECK(error_of(job) == "temporarily_unavailable");
  CHECK_FALSE(body_of(job).contains("active"));
}

TEST_CASE("a query that was answered stays so when the disk hangs under others of its tick") {
  Issued door;
  auto job = door.remote("crm's", "/oauth2/introspect", {{"token", door.issue()}});
  Job* const jobs[] = {&job};
  door.both->answer_stalled(jobs);
  CHECK(body_of(job)["active"] == true);
  // and: one that comes while it hangs is not answered
  auto late = Job{job.request, job.caller};
  Job* const others[] = {&late};
  door.both->answer_stalled(others);
  CHECK(error_of(late) == "temporarily_unavailable");
}

TEST_CASE("rfc7009_2_2_an_unknown_token_is_revoked_already") {
  Issued door;
  for (const char* token : {"no token", "a.b.c"}) {
    const auto job = door.form(billing, "/oauth2/revoke", {{"token", token}, {"token_type_hint", "access_token"}});
    CHECK(job.response.status == 200);
  }
  CHECK(error_of(door.form(billing, "/oauth2/revoke", {})) == "invalid_request");
}

TEST_CASE("rfc7009_2_1_another_client_s_token_is_not_revoked") {
  Issued door;
  const auto token = door.issue();
  const auto job = door.form(support, "/oauth2/revoke", {{"token", token}});
  CHECK(job.response.status == 400);
  CHECK(door.introspect("crm's", token)["active"] == true);
}

TEST_CASE("rfc7009_2_a_revoked_token_is_refused") {
  Issued door;
  const auto token = door.issue();
  CHECK(door.remote("billing's", "/oauth2/revoke", {{"token", token}}).response.status == 200);
  CHECK(code_of(door.redeem(token)) == "revoked");
}

TEST_CASE("a revocation by its token holds even when the log does not take it") {
  Issued door;
  const auto token = door.issue();
  door.company.memory.set_disk(MemoryStore::Disk::fails_at_commit);
  const auto job = door.remote("billing's", "/oauth2/revoke", {{"token", token}});
  CHECK(error_of(job) == "temporarily_unavailable");
  CHECK(body_of(job)["error_description"].get<std::string>().starts_with("in memory only"));
  door.company.memory.set_disk(MemoryStore::Disk::good);
  CHECK(code_of(door.redeem(token)) == "revoked");
}

TEST_CASE("rfc8414_3_3_the_metadata_name_the_issuer_byte_for_byte") {
  Issued door;
  const auto job = door.get("/.well-known/oauth-authorization-server");
  CHECK(job.response.may_cache);
  CHECK(body_of(job)["issuer"] == test_issuer);
}

TEST_CASE("rfc8414_2_the_members_that_are_required_are_there") {
  Issued door;
  const auto body = body_of(door.get("/.well-known/oauth-authorization-server"));
  for (const char* member : {"issuer", "token_endpoint", "jwks_uri", "response_types_supported",
                             "grant_types_supported", "token_endpoint_auth_methods_supported"})
    CHECK(body.contains(member));
  // RFC 8414 section 2: with private_key_jwt the algorithms are needed, and none must not be among them.
  const auto algs = body["token_endpoint_auth_signing_alg_values_supported"];
  CHECK_FALSE(algs.empty());
  CHECK(std::find(algs.begin(), algs.end(), "none") == algs.end());
  CHECK(body["authorization_details_types_supported"] == Json::array({"jeton_tool_call"}));
}

TEST_CASE("openid_discovery_3_the_members_that_are_required_are_there") {
  Issued door;
  const auto body = body_of(door.get("/.well-known/openid-configuration"));
  for (const char* member : {"issuer", "authorization_endpoint", "jwks_uri", "response_types_supported",
                             "subject_types_supported", "id_token_signing_alg_values_supported"})
    CHECK(body.contains(member));
}

TEST_CASE("rfc8414_2_the_authorization_endpoint_is_a_url_for_those_who_want_one_and_refuses_everybody") {
  Issued door;
  for (const char* document : {"/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"})
    CHECK(body_of(door.get(document))["authorization_endpoint"] == std::string(test_issuer) + "/oauth2/authorize");
  for (const char* target : {"/oauth2/authorize", "/oauth2/authorize?response_type=code&client_id=x"})
    for (const bool over_network : {true, false}) {
      const auto job = door.get(target, over_network);
      CHECK(job.response.status == 400);
      CHECK(error_of(job) == "unsupported_response_type");
      CHECK_FALSE(job.response.may_cache);
    }
}

TEST_CASE("rfc7517_8_5_1_the_keys_have_their_media_type_and_no_private_member") {
  Issued door;
  const auto job = door.get("/oauth2/jwks");
  CHECK(job.response.content_type == "application/jwk-set+json");
  const auto document = body_of(job);
  for (const auto& key : document["keys"]) {
    CHECK(key["use"] == "sig");
    CHECK_FALSE(key.contains("d"));
  }
}

TEST_CASE("a token in the query is no request") {
  Issued door;
  for (const char* target : {"/oauth2/introspect?token=x", "/oauth2/token?grant_type=client_credentials",
                             "/oauth2/jwks?x", "/.well-known/openid-configuration?x"}) {
    CAPTURE(target);
    CHECK(code_of(door.send({{"GET", target, "", ""}, caller_of(billing)})) == "bad_request");
    CHECK(door.form(billing, target, {{"token", "x"}}).response.status == 400);
  }
}

TEST_CASE("a server over the network redeems and reports with the same assertion members") {
  Issued door;
  const auto token = door.issue();
  auto body = door.redeem_body(token);
  body["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
  body["client_assertion"] = "crm's";
  const auto send = [&](const std::string& target, const Json& json) {
    door.clients.used.clear();
    return door.send({{"POST", target, "application/json", json.dump()}, OAuthFixture::from_network()});
  };
  const auto redeemed = send("/v1/redeem", body);
  CHECK(code_of(redeemed) == "ok");
  CHECK(door.last().auth == "tls_client_auth");
  CHECK_FALSE(door.last().uid);
  CHECK(body_of(send("/v1/redeem", body))["repeated"] == true);
  body["redemption_id"] = "another";
  CHECK(code_of(send("/v1/redeem", body)) == "already_redeemed");

  Json outcome{{"outcome", "ok"},
               {"jti", body_of(redeemed)["jti"]},
               {"client_assertion_type", body["client_assertion_type"]},
               {"client_assertion", "crm's"}};
  const auto path = "/v1/calls/" + body_of(redeemed)["txn"].get<std::string>() + "/outcome";
  CHECK(code_of(send(path, outcome)) == "ok");
  CHECK(door.last().role == Role::server);
  outcome["client_assertion"] = "mail's";
  CHECK(code_of(send(path, outcome)) == "wrong_role");
}

TEST_CASE("on the socket assertion members are unknown members") {
  Issued door;
  auto body = door.redeem_body(door.issue());
  body["client_assertion"] = "crm's";
  CHECK(code_of(door.send({{"POST", "/v1/redeem", "application/json", body.dump()}, caller_of(crm_account)})) ==
        "bad_request");
}
