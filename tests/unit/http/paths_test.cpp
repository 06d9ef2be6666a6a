// Which paths there are, and what another method than theirs is told at each door.
#include "http/paths.hpp"

#include "support/oauth_fixture.hpp"

using namespace jeton;
using namespace jeton::testing;

namespace {

const std::string txn = "AAECAwQFBgcICQoLDA0ODw";

struct Asked {
  std::string method, target, allowed;
};
const std::vector<Asked>& wrong_methods() {
  static const std::vector<Asked> all{{"GET", "/oauth2/token", "POST"},
                                      {"PUT", "/oauth2/introspect", "POST"},
                                      {"post", "/oauth2/revoke", "POST"},
                                      {"POST", "/oauth2/jwks", "GET, HEAD"},
                                      {"POST", "/healthz", "GET, HEAD"},
                                      {"TRACE", "/readyz", "GET, HEAD"},
                                      {"OPTIONS", "/v1/jwks", "GET, HEAD"},
                                      {"DELETE", "/openapi.json", "GET, HEAD"},
                                      {"GET", "/v1/redeem", "POST"},
                                      {"GET", "/v1/calls/" + txn + "/outcome", "POST"},
                                      {"POST", "/.well-known/oauth-authorization-server", "GET, HEAD"},
                                      {"POST", "/federation/jwks", "GET, HEAD"},
                                      {"POST", "/tlog/checkpoint", "GET, HEAD"},
                                      {"PATCH", "/tlog/tile/0/x001/234", "GET, HEAD"}};
  return all;
}

/// Over TCP, as the loop does it: the first look decides.
Job screened(OAuthFixture& door, const std::string& method, const std::string& target) {
  Job job{{method, target, "", ""}, OAuthFixture::from_network()};
  job.caller.socket = job.request.host = "192.0.2.1:8470";
  door.both->screen(job);
  return door.send(std::move(job));
}

}  // namespace

TEST_CASE("a path is known in one spelling and takes one method") {
  for (const auto& target : {std::string(""),
                             std::string("/"),
                             std::string("/v1"),
                             std::string("/v1/"),
                             std::string("/v1/status/"),
                             std::string("/v1/status?x"),
                             std::string("/V1/status"),
                             std::string("/v1/calls/"),
                             "/v1/calls/" + txn,
                             std::string("/v1/calls//tokens"),
                             "/v1/calls/" + txn + "/x/tokens",
                             "/v1/calls/" + txn + "/tokens/",
                             std::string("/v1/calls/tokens"),
                             std::string("/v1/agents/disable"),
                             std::string("/v1/agents//enable"),
                             std::string("/oauth2"),
                             std::string("/oauth2/"),
                             std::string("/oauth2/token/"),
                             std::string("/oauth2/userinfo"),
                             std::string("/tlog/"),
                             std::string("/tlog/checkpoint/"),
                             std::string("/.well-known/openid-configuration?x"),
                             std::string("/.well-known/openid-configurations"),
                             std::string("/.well-known/"),
                             std::string("/v1/calls/.well-known/tokens/"),
                             std::string("*")}) {
    CAPTURE(target);
    CHECK_FALSE(known_path(target));
    CHECK_FALSE(method_instead("GET", target));
  }
  CHECK_FALSE(known_path("/v1/agents/.well-known/disable")->over_network);
  CHECK(known_path("/v1/calls/" + txn + "/tokens")->method == "POST");
  CHECK_FALSE(known_path("/v1/calls/" + txn + "/tokens")->over_network);
  CHECK(known_path("/v1/calls/" + txn + "/outcome")->over_network);
  CHECK_FALSE(known_path("/tlog/tile/entries/000")->over_network);
  CHECK(known_path("/tlog/tile/0/000.p/17")->over_network);
  CHECK_FALSE(method_instead("POST", "/v1/redeem"));
  CHECK(method_instead("post", "/v1/redeem") == "POST");
}

TEST_CASE("what is wrong before a body is looked at is said in the words of OAuth at its endpoints") {
  OAuthFixture door;
  for (const char* target : {"/oauth2/token", "/oauth2/introspect", "/oauth2/revoke"}) {
    CAPTURE(target);
    const auto with_query = screened(door, "POST", std::string(target) + "?token=secret");
    CHECK(with_query.response.status == 400);
    CHECK_THAT(body_of(with_query)["error_description"].get<std::string>(), Catch::Contains("in the body"));
    CHECK_THAT(with_query.response.body, !Catch::Contains("secret"));
    Job elsewhere{{"POST", target, "application/x-www-form-urlencoded", ""}, OAuthFixture::from_network()};
    elsewhere.request.host = "evil.example";
    door.both->screen(elsewhere);
    const auto misdirected = door.send(std::move(elsewhere));
    CHECK(misdirected.response.status == 421);
    for (const auto* job : {&with_query, &misdirected}) {
      CHECK(error_of(*job) == "invalid_request");
      CHECK(job->response.content_type == "application/json");
    }
  }
  // Also where a client asks by the whole URL, or an issuer has a path.
  const NetworkRules with_path("https://jeton.example/tenant");
  for (const char* target : {"/oauth2/token", "/oauth2/token?x", "/tenant/oauth2/token",
                             "https://evil.example/oauth2/token?x", "https://jeton.example/tenant/oauth2/token"})
    CHECK(with_path.path_asked(target) == "/oauth2/token");
  CHECK(with_path.path_asked("https://jeton.example").empty());
  const auto documents = screened(door, "GET", "/oauth2/jwks?x");
  CHECK(documents.response.status == 400);
  CHECK(documents.response.content_type == "application/problem+json");
  CHECK(screened(door, "GET", "/oauth2/userinfo?x").response.status == 404);
}

TEST_CASE("another method over tcp is told which one the path takes and is no event") {
  OAuthFixture door;
  for (const auto& [method, target, allowed] : wrong_methods()) {
    CAPTURE(method, target);
    const auto job = screened(door, method, target);
    CHECK(job.response.status == 405);
    CHECK(job.response.allow == allowed);
    CHECK(code_of(job) == "bad_request");
    CHECK((body_of(job).value("status", 0) == 405 || is_form_path(target)));
  }
  CHECK(door.company.memory.size() == 0);
  // What is there on the socket alone is not there at all, and what needs a proof still does.
  CHECK(screened(door, "GET", "/v1/calls").response.status == 404);
  CHECK(screened(door, "GET", "/oauth2/userinfo").response.status == 404);
  CHECK(screened(door, "POST", "/v1/redeem").response.status == 401);
}

TEST_CASE("another method on the socket is told which one the path takes as an event") {
  OAuthFixture door;
  auto all = wrong_methods();
  for (const auto& more : {Asked{"GET", "/v1/calls", "POST"}, Asked{"PUT", "/v1/calls/" + txn + "/tokens", "POST"},
                           Asked{"GET", "/v1/revoke", "POST"}, Asked{"GET", "/v1/agents/billing/disable", "POST"},
                           Asked{"POST", "/v1/status", "GET, HEAD"}, Asked{"POST", "/metrics", "GET, HEAD"},
                           Asked{"POST", "/tlog/tile/entries/000", "GET, HEAD"}})
    all.push_back(more);
  for (const auto& [method, target, allowed] : all) {
    CAPTURE(method, target);
    const auto size = door.company.memory.size();
    const auto job = door.send({{method, target, "", ""}, caller_of(billing)});
    CHECK(job.response.status == 405);
    CHECK(job.response.allow == allowed);
    CHECK(code_of(job) == "bad_request");
    CHECK(door.company.memory.size() == size + (size < 20 ? 1 : 0));
  }
  CHECK(door.send({{"GET", "/v1/status/", "", ""}, caller_of(billing)}).response.allow == std::nullopt);
}
