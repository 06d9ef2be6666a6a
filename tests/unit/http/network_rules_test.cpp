// Which Host, Origin and target a request over TCP may have.
#include "http/network_rules.hpp"

#include "support/catch.hpp"

namespace {

using jeton::NetworkRules;
using jeton::Request;
using jeton::serves_network;

const std::string here = "10.0.0.7:8470";

Request request_of(const std::string& target, const std::string& host, const std::string& origin = "") {
  return {"GET", target, "", "", host, origin};
}

/// The status of the refusal; 0: it may come in.
int screened(const NetworkRules& rules, Request& request, const std::string& came_to = here) {
  const auto refused = rules.screen(request, came_to);
  if (refused) CHECK(refused->error.code == jeton::Code::bad_request);
  return refused ? refused->status : 0;
}

int host_status(const NetworkRules& rules, const std::string& host, const std::string& came_to = here) {
  auto request = request_of("/healthz", host);
  return screened(rules, request, came_to);
}

int origin_status(const NetworkRules& rules, const std::string& origin) {
  auto request = request_of("/healthz", here, origin);
  return screened(rules, request);
}

}  // namespace

TEST_CASE("a request is for the issuer's host or for the address that was asked and for no other") {
  const NetworkRules rules("https://jeton.acme.example");
  const std::vector<std::pair<std::string, int>> hosts = {{"jeton.acme.example", 0},
                                                          {"jeton.acme.example:443", 0},
                                                          {"JETON.acme.EXAMPLE", 0},
                                                          {here, 0},
                                                          {"", 400},
                                                          {"jeton.acme.example, jeton.acme.example", 400},
                                                          {", jeton.acme.example", 400},
                                                          {"jeton.acme.example,", 400},
                                                          {"jeton.acme.example.", 421},
                                                          {"jeton.acme.example:80", 421},
                                                          {"jeton.acme.example:8470", 421},
                                                          {"jeton.acme.example:", 421},
                                                          {"evil.example", 421},
                                                          {"evil.jeton.acme.example", 421},
                                                          {"jeton.acme.example.evil.example", 421},
                                                          {"jeton.acme.example@evil.example", 421},
                                                          {"user@jeton.acme.example", 421},
                                                          {"jeton.acme.example/", 421},
                                                          {"jeton.acme.example evil.example", 421},
                                                          {"10.0.0.7", 421},
                                                          {"10.0.0.7:8471", 421},
                                                          {"10.0.0.8:8470", 421},
                                                          {"localhost:8470", 421},
                                                          {"0.0.0.0:8470", 421},
                                                          {"[::ffff:10.0.0.7]:8470", 421}};
  for (const auto& [host, status] : hosts) {
    CAPTURE(host);
    CHECK(host_status(rules, host) == status);
  }
}

TEST_CASE("an address may go without the port that its scheme implies") {
  const NetworkRules rules("https://jeton.acme.example");
  CHECK(host_status(rules, "10.0.0.7", "10.0.0.7:443") == 0);
  CHECK(host_status(rules, "10.0.0.7", "10.0.0.7:80") == 0);
  CHECK(host_status(rules, "[2001:db8::7]", "[2001:db8::7]:443") == 0);
  CHECK(host_status(rules, "[2001:DB8::7]:8470", "[2001:db8::7]:8470") == 0);
  CHECK(host_status(rules, "", "") == 400);
}

TEST_CASE("an issuer with a port or a path is a host and one that is no url is none") {
  CHECK(host_status(NetworkRules("https://jeton.acme.example:8443/tenant"), "jeton.acme.example:8443") == 0);
  CHECK(host_status(NetworkRules("https://jeton.acme.example:8443/tenant"), "jeton.acme.example") == 421);
  CHECK(host_status(NetworkRules("http://127.0.0.1:8470"), "127.0.0.1:8470", "127.0.0.1:9") == 0);
  for (const auto* none : {"", "urn:uuid:60f93562-d4be-490c-9f74-29d21ce36901", "https:", "ftp://a.example"}) {
    CHECK(host_status(NetworkRules(none), "a.example") == 421);
    CHECK(host_status(NetworkRules(none), here) == 0);
    CHECK(origin_status(NetworkRules(none), "://") == 400);
  }
}

TEST_CASE("a page of another origin is refused and the issuer's own is not") {
  const NetworkRules rules("https://jeton.acme.example/tenant");
  CHECK(origin_status(rules, "") == 0);
  CHECK(origin_status(rules, "https://jeton.acme.example") == 0);
  for (const auto* other :
       {"null", "http://jeton.acme.example", "https://jeton.acme.example:8443", "https://evil.example",
        "https://jeton.acme.example.evil.example", "https://jeton.acme.example/tenant",
        "https://jeton.acme.example, https://evil.example", "HTTPS://jeton.acme.example"}) {
    CAPTURE(other);
    CHECK(origin_status(rules, other) == 400);
  }
}

TEST_CASE("an absolute target of our host is its path and any other is refused") {
  const NetworkRules rules("https://jeton.acme.example");
  const std::vector<std::pair<std::string, std::string>> ours = {
      {"https://jeton.acme.example/v1/jwks", "/v1/jwks"},
      {"http://jeton.acme.example/healthz", "/healthz"},
      {"HTTPS://JETON.acme.example:443/x?y#z", "/x?y#z"},
      {"https://jeton.acme.example", "/"},
      {"https://jeton.acme.example?x=/healthz", "/?x=/healthz"},
      {"http://10.0.0.7:8470/healthz", "/healthz"},
      {"/v1/jwks", "/v1/jwks"},
      {"//evil.example/x", "//evil.example/x"}};
  for (const auto& [target, path] : ours) {
    CAPTURE(target);
    auto request = request_of(target, here);
    CHECK(screened(rules, request) == 0);
    CHECK(request.target == path);
  }
  for (const auto* other : {"https://evil.example/healthz", "https://jeton.acme.example@evil.example/healthz",
                            "https://u@jeton.acme.example/", "https://jeton.acme.example:8443/healthz",
                            "https:///healthz", "https:/healthz", "*", "jeton.acme.example:443", "healthz",
                            "ftp://jeton.acme.example/healthz", "https://jeton.acme.example\\@evil.example/", ""}) {
    CAPTURE(other);
    auto request = request_of(other, here);
    CHECK(screened(rules, request) == 400);
  }
  // The target does not stand in for Host.
  auto request = request_of("https://jeton.acme.example/healthz", "evil.example");
  CHECK(screened(rules, request) == 421);
}

TEST_CASE("the endpoints of an issuer with a path are served behind it and without it") {
  for (const char* issuer : {"https://jeton.acme.example/tenant", "https://jeton.acme.example/tenant/"}) {
    const NetworkRules rules(issuer);
    const std::vector<std::pair<std::string, std::string>> targets = {
        {"/tenant/oauth2/token", "/oauth2/token"},
        {"/oauth2/token", "/oauth2/token"},
        {"https://jeton.acme.example/tenant/v1/redeem", "/v1/redeem"},
        {"/.well-known/oauth-authorization-server/tenant", "/.well-known/oauth-authorization-server/tenant"},
        {"/tenant/.well-known/openid-configuration", "/tenant/.well-known/openid-configuration"},
        {"/tenant/tenant/v1/redeem", "/tenant/v1/redeem"},
        {"/tenants/v1/redeem", "/tenants/v1/redeem"},
        {"/tenant", "/tenant"},
        {"/Tenant/v1/redeem", "/Tenant/v1/redeem"}};
    for (const auto& [target, path] : targets) {
      CAPTURE(target);
      Request request{.method = "POST", .target = target, .content_type = "", .body = "", .host = here};
      CHECK(screened(rules, request) == 0);
      CHECK(request.target == path);
    }
  }
  // The name of a path that is served stays what it is.
  Request request{.method = "POST", .target = "/oauth2/token", .content_type = "", .body = "", .host = here};
  CHECK(screened(NetworkRules("https://jeton.acme.example/oauth2"), request) == 0);
  CHECK(request.target == "/oauth2/token");
}

TEST_CASE("the paths of the network are these and no others") {
  const std::string txn = "AAECAwQFBgcICQoLDA0ODw";
  for (const auto& path :
       {std::string("/healthz"), std::string("/readyz"), std::string("/v1/jwks"), std::string("/openapi.json"),
        std::string("/v1/redeem"), "/v1/calls/" + txn + "/outcome", std::string("/oauth2/token"),
        std::string("/oauth2/jwks"), std::string("/.well-known/oauth-authorization-server"),
        std::string("/tlog/checkpoint"), std::string("/tlog/tile/0/x001/234"), std::string("/tlog/tile/0/000.p/17")}) {
    CAPTURE(path);
    CHECK(serves_network(path));
  }
  for (const auto& path :
       {std::string(""), std::string("/"), std::string("/v1/status"), std::string("/v1/calls"),
        std::string("/v1/revoke"), std::string("/metrics"), std::string("/v1/agents/billing/disable"),
        "/v1/calls/" + txn + "/tokens", "/v1/calls/" + txn + "/x/outcome", std::string("/v1/calls/outcome"),
        std::string("/v1/redeem/"), std::string("/v1/redeem?x"), std::string("/healthz/"), std::string("/V1/redeem"),
        std::string("/tlog/tile/entries"), std::string("/tlog/tile/entries/000"), std::string("/tlog/"),
        std::string("/oauth2"), std::string("//v1/redeem")}) {
    CAPTURE(path);
    CHECK_FALSE(serves_network(path));
  }
}
