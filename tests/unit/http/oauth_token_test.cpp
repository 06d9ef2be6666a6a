// The token endpoint: RFC 6749, 7521, 7523, 8693, 8707 and 9396, refusals first.
#include "support/oauth_fixture.hpp"

namespace {

using namespace jeton;
using namespace jeton::testing;

constexpr const char* exchange = "urn:ietf:params:oauth:grant-type:token-exchange";
constexpr const char* bearer = "urn:ietf:params:oauth:grant-type:jwt-bearer";
constexpr const char* access_type = "urn:ietf:params:oauth:token-type:access_token";
constexpr const char* endpoint = "/oauth2/token";

Fields exchange_fields(const std::string& subject) {
  auto fields = OAuthFixture::token_fields(exchange);
  fields.emplace_back("subject_token", subject);
  fields.emplace_back("subject_token_type", access_type);
  return fields;
}

}  // namespace

TEST_CASE("rfc6749_5_2_each_fault_of_a_token_request_has_its_own_error") {
  OAuthFixture door;
  const auto good = OAuthFixture::token_fields();
  const std::vector<std::tuple<std::string, std::string, std::string>> faults = {
      {"grant_type", "", "invalid_request"},
      {"grant_type", "password", "unsupported_grant_type"},
      {"grant_type", "authorization_code", "unsupported_grant_type"},
      {"grant_type", "refresh_token", "unsupported_grant_type"},
      {"scope", "tools:call", "invalid_scope"},
      {"resource", "", "invalid_target"},
      {"resource", "https://nobody.example/mcp", "invalid_target"},
      {"resource", "no url", "invalid_target"},
      {"audience", "https://crm.example", "invalid_target"},
      {"authorization_details", "", "invalid_authorization_details"},
      {"authorization_details", "{", "invalid_authorization_details"},
      {"authorization_details", "{}", "invalid_authorization_details"},
      {"authorization_details", "[]", "invalid_authorization_details"},
      {"authorization_details", "[1]", "invalid_authorization_details"},
      {"authorization_details", "[{}]", "invalid_authorization_details"}};
  for (const auto& [name, value, error] : faults) {
    CAPTURE(name, value);
    const auto job = door.form(billing, endpoint, OAuthFixture::with(good, name, value));
    CHECK(error_of(job) == error);
    CHECK(job.response.status == 400);
    CHECK(job.response.content_type == "application/json");
    CHECK(door.last().kind == EventKind::request_refused);
  }
  CHECK(error_of(door.form(billing, endpoint, good)) == "none");
  const auto located = door.detail({{"locations", {crm}}});
  CHECK(error_of(door.form(billing, endpoint, OAuthFixture::token_fields("client_credentials", located))) == "none");
}

TEST_CASE("rfc9396_5_an_object_of_another_form_is_invalid_authorization_details") {
  OAuthFixture door;
  const std::vector<Json> objects = {
      {{"type", "payment"}},
      {{"type", 7}},
      {{"actions", Json::array()}},
      {{"actions", {"tools/call", "tools/list"}}},
      {{"actions", "tools/call"}},
      {{"locations", {"https://mail.example/mcp"}}},
      {{"locations", {crm, "https://mail.example/mcp"}}},
      {{"identifier", ""}},
      {{"arguments", nullptr}},
      {{"arguments", "x"}},
      {{"args_digest", "s0a5o4pExf1rAdwehfgnLR7pNNwIHr8PFTgwMGd8kBc"}},
      {{"privileges", {"admin"}}},
      {{"unknown", true}},
      {{"txn", "short"}},
      {{"txn", "AAECAwQFBgcICQoLDA0ODw"}, {"call_id", "x"}},
  };
  for (const auto& more : objects) {
    CAPTURE(more.dump());
    const auto job = door.form(billing, endpoint, OAuthFixture::token_fields("client_credentials", door.detail(more)));
    CHECK(error_of(job) == "invalid_authorization_details");
  }
  const auto two = Json::array({door.detail(), door.detail()}).dump();
  CHECK(error_of(door.form(billing, endpoint,
                           OAuthFixture::with(OAuthFixture::token_fields(), "authorization_details", two))) ==
        "invalid_authorization_details");
  const auto twice = R"([{"type":"jeton_tool_call","actions":["tools/call"],"identifier":"a","identifier":"b"}])";
  CHECK(error_of(door.form(billing, endpoint,
                           OAuthFixture::with(OAuthFixture::token_fields(), "authorization_details", twice))) ==
        "invalid_authorization_details");
}

TEST_CASE("rfc6749_3_2_a_parameter_given_twice_is_invalid_request") {
  OAuthFixture door;
  auto fields = OAuthFixture::token_fields();
  fields.emplace_back("resource", mail);
  CHECK(error_of(door.form(billing, endpoint, fields)) == "invalid_request");
  Job json{{"POST", endpoint, "application/json", "{}"}, caller_of(billing)};
  CHECK(error_of(door.send(json)) == "invalid_request");
}

TEST_CASE("rfc6749_5_2_a_description_has_no_quote_no_backslash_and_no_foreign_letter") {
  OAuthFixture door;
  const auto job = door.form(billing, endpoint,
                             OAuthFixture::token_fields("client_credentials", door.detail({{"\"x\\\xC3\xBC", 1}})));
  for (const unsigned char c : body_of(job)["error_description"].get<std::string>())
    CHECK((c >= ' ' && c <= '~' && c != '"' && c != '\\'));
}

TEST_CASE("rfc6749_5_1_a_token_comes_with_its_type_and_its_seconds") {
  OAuthFixture door;
  const auto job = door.form(billing, endpoint, OAuthFixture::token_fields());
  CHECK(job.response.status == 200);
  CHECK_FALSE(job.response.may_cache);
  const auto body = body_of(job);
  CHECK(body["token_type"] == "Bearer");
  CHECK(body["expires_in"] == 30);
  CHECK_FALSE(body.contains("refresh_token"));
  CHECK_FALSE(body.contains("scope"));
  CHECK_FALSE(body.contains("issued_token_type"));
  const auto token = UnverifiedToken::parse(door.token_of(job));
  REQUIRE(token);
  CHECK(token->claims_before_verification().sub == "spiffe://acme.example/agent/billing");
}

TEST_CASE("rfc9396_7_the_answer_has_the_details_as_granted_and_no_argument") {
  OAuthFixture door;
  const auto job =
      door.form(billing, endpoint, OAuthFixture::token_fields("client_credentials", door.detail({{"call_id", "c1"}})));
  const auto detail = body_of(job)["authorization_details"][0];
  const auto token = UnverifiedToken::parse(door.token_of(job));
  CHECK(Json::array({detail}) == token->claims_before_verification().authorization_details());
  CHECK(detail["call_id"] == "c1");
  CHECK_FALSE(detail.contains("arguments"));
}

TEST_CASE("the token of the endpoint is redeemed like any other") {
  OAuthFixture door;
  const auto token = door.token_of(door.form(billing, endpoint, OAuthFixture::token_fields()));
  const auto redeemed = door.redeem_body(token);
  CHECK(code_of(door.send({{"POST", "/v1/redeem", "application/json", redeemed.dump()}, caller_of(crm_account)})) ==
        "ok");
}

TEST_CASE("txn asks for the next attempt of a call") {
  OAuthFixture door;
  const auto first = body_of(door.form(billing, endpoint, OAuthFixture::token_fields()));
  const auto again = door.detail({{"txn", first["txn"]}});
  const auto second = body_of(door.form(billing, endpoint, OAuthFixture::token_fields("client_credentials", again)));
  CHECK(second["txn"] == first["txn"]);
  CHECK(second["authorization_details"][0]["attempt"] == 2);
  const auto other = door.form(support, endpoint, OAuthFixture::token_fields("client_credentials", again));
  CHECK(error_of(other) == "invalid_request");
  CHECK(body_of(other)["code"] == "unknown_call");
}

TEST_CASE("rfc6749_5_2_who_is_denied_is_told_access_denied") {
  OAuthFixture door;
  const auto job = door.form(billing, endpoint,
                             OAuthFixture::token_fields("client_credentials", door.detail({{"identifier", "x"}})));
  CHECK(error_of(job) == "access_denied");
  CHECK(job.response.status == 400);
  CHECK(body_of(job)["log_index"] == 0);
}

TEST_CASE("rfc8693_2_1_what_an_exchange_lacks_or_has_too_much_is_invalid_request") {
  OAuthFixture door;
  const auto good = exchange_fields("alice's");
  for (const auto& [name, value] : Fields{{"subject_token", ""},
                                          {"subject_token_type", ""},
                                          {"subject_token_type", "urn:ietf:params:oauth:token-type:saml2"},
                                          {"requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token"},
                                          {"actor_token", "x"}}) {
    CAPTURE(name, value);
    CHECK(error_of(door.form(billing, endpoint, OAuthFixture::with(good, name, value))) == "invalid_request");
  }
}

TEST_CASE("rfc8693_2_2_2_a_subject_token_that_is_not_believed_is_invalid_request") {
  OAuthFixture door;
  CHECK(error_of(door.form(billing, endpoint, exchange_fields("mallory's"))) == "invalid_request");
  CHECK(door.last().code == Code::expired);
  CHECK(error_of(door.form(support, endpoint, exchange_fields("alice's"))) == "unauthorized_client");
}

TEST_CASE("an answer with a token is one canonical text, of every grant and whatever the call is called") {
  OAuthFixture door;
  const auto named = OAuthFixture::detail({{"call_id", "\"quoted\\%"}});
  for (const auto& fields : {OAuthFixture::token_fields(), exchange_fields("alice's"),
                             OAuthFixture::token_fields("client_credentials", named)}) {
    const auto job = door.form(billing, endpoint, fields);
    REQUIRE(job.response.status == 200);
    const auto body = parse_json_strictly(job.response.body);
    REQUIRE(body);
    CHECK(canonical_json(*body).value() == job.response.body);
    const auto& call = body->at("authorization_details").at(0);
    CHECK(call.at("locations").at(0) == crm);
    CHECK(call.at("attempt") == 1);
  }
}

TEST_CASE("a user's token is judged ahead for a client that proved itself and for nobody else") {
  OAuthFixture door;
  CHECK(error_of(door.remote("nobody's", endpoint, exchange_fields("alice's"))) == "invalid_client");
  CHECK(door.clients.ahead.empty());
  CHECK(error_of(door.remote("billing's", endpoint, exchange_fields("alice's"))) == "none");
  CHECK(door.clients.ahead == std::set<std::string>{"alice's"});
}

TEST_CASE("rfc8693_2_2_1_issued_token_type_is_present") {
  OAuthFixture door;
  const auto job = door.form(billing, endpoint, exchange_fields("alice's"));
  CHECK(body_of(job)["issued_token_type"] == access_type);
  const auto claims = UnverifiedToken::parse(door.token_of(job))->claims_before_verification();
  CHECK(claims.sub == "alice");
  CHECK(*claims.act == Json{{"sub", "spiffe://acme.example/agent/billing"}});
}

TEST_CASE("an exchange waits for the keys of an issuer and goes on when they came") {
  OAuthFixture door;
  door.clients.wanted = {"alice's"};
  CHECK(error_of(door.form(billing, endpoint, exchange_fields("alice's"))) == "none");
  CHECK(door.clients.wanted.empty());
}

TEST_CASE("rfc7523_2_1_a_workload's token of another issuer is an agent") {
  OAuthFixture door;
  auto fields = OAuthFixture::token_fields(bearer);
  CHECK(error_of(door.form(billing, endpoint, fields)) == "invalid_request");
  fields.emplace_back("assertion", "ci job");
  const auto job = door.remote("", endpoint, fields);
  CHECK(error_of(job) == "none");
  const auto& event = door.last();
  CHECK(event.auth == "federated_jwt");
  CHECK(event.auth_issuer == "https://ci.example");
  CHECK(event.auth_subject == "repo:acme/deploy");
  CHECK(event.remote == "192.0.2.7");
  CHECK_FALSE(event.uid);
}

TEST_CASE("who forgets the assertion of a jwt-bearer grant is told so and not to prove itself otherwise") {
  OAuthFixture door;
  const auto job = door.remote("", "/oauth2/token", OAuthFixture::token_fields(bearer));
  CHECK(error_of(job) == "invalid_request");
  CHECK_THAT(body_of(job)["error_description"].get<std::string>(), Catch::Contains("in assertion"));
}

TEST_CASE("rfc7523_3_1_an_assertion_that_is_not_believed_is_invalid_grant") {
  OAuthFixture door;
  auto fields = OAuthFixture::token_fields(bearer);
  fields.emplace_back("assertion", "forged");
  const auto job = door.remote("", endpoint, fields);
  CHECK(error_of(job) == "invalid_grant");
  CHECK(job.response.status == 400);
}

TEST_CASE("rfc6749_5_2_who_is_not_believed_is_invalid_client_and_no_event") {
  OAuthFixture door;
  const auto size = door.company.memory.size();
  for (const char* assertion : {"", "forged"}) {
    const auto job = door.remote(assertion, endpoint, OAuthFixture::token_fields());
    CHECK(error_of(job) == "invalid_client");
    CHECK(job.response.status == 401);
  }
  CHECK(door.company.memory.size() == size);
}

TEST_CASE("rfc6749_5_2_a_client_that_tried_a_header_is_told_the_scheme") {
  OAuthFixture door;
  Job job{{"POST", endpoint, "application/x-www-form-urlencoded", form_text(OAuthFixture::token_fields())},
          OAuthFixture::from_network()};
  job.request.authorization = {"Basic Zm9vOmJhcg=="};
  const auto answered = door.send(job);
  CHECK(answered.response.status == 401);
  CHECK(answered.response.challenge == "Basic realm=\"jeton\"");
  job.request.authorization = {"Bearer a", "Bearer b"};
  const auto twice = door.send(job);
  CHECK(error_of(twice) == "invalid_request");
  CHECK(twice.response.status == 400);
}

TEST_CASE("rfc7521_4_2_an_assertion_is_good_once") {
  OAuthFixture door;
  CHECK(error_of(door.remote("billing's", endpoint, OAuthFixture::token_fields())) == "none");
  auto fields = OAuthFixture::token_fields();
  fields.emplace_back("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
  fields.emplace_back("client_assertion", "billing's");
  CHECK(error_of(door.remote("", endpoint, fields)) == "invalid_client");
}

TEST_CASE("a tool server gets no token and a secret is not taken") {
  OAuthFixture door;
  CHECK(error_of(door.remote("crm's", endpoint, OAuthFixture::token_fields())) == "unauthorized_client");
  auto fields = OAuthFixture::token_fields();
  fields.emplace_back("client_id", "billing");
  fields.emplace_back("client_secret", "hunter2");
  CHECK(error_of(door.remote("", endpoint, fields)) == "invalid_client");
}

TEST_CASE("on the socket the kernel says who asks and an assertion beside it is refused") {
  OAuthFixture door;
  auto fields = OAuthFixture::token_fields();
  fields.emplace_back("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
  fields.emplace_back("client_assertion", "billing's");
  CHECK(error_of(door.form(support, endpoint, fields)) == "invalid_request");
  CHECK(error_of(door.form(stranger, endpoint, OAuthFixture::token_fields())) == "unauthorized_client");
}

TEST_CASE("a token endpoint whose log cannot be written answers in the words of oauth") {
  OAuthFixture door;
  door.company.memory.set_disk(MemoryStore::Disk::fails_at_commit);
  const auto job = door.form(billing, endpoint, OAuthFixture::token_fields());
  CHECK(error_of(job) == "temporarily_unavailable");
  CHECK(job.response.status == 503);
}
