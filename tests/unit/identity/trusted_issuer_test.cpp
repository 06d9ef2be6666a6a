// Equalities over the claims of a token: what is written, what holds, and what is not there.
#include "identity/trusted_issuer.hpp"

#include "support/catch.hpp"

namespace {

using jeton::ClaimRule;
using jeton::Json;
using jeton::TrustedIssuer;

const Json claims{{"sub", "system:serviceaccount:billing:agent"},
                  {"environment", "production"},
                  {"protected", true},
                  {"project_id", 42},
                  {"score", 1.0},
                  {"empty", nullptr},
                  {"groups", {"readers", "writers", 7}},
                  {"kubernetes.io", {{"namespace", "billing"}, {"serviceaccount", {{"name", "agent"}}}}},
                  {"a/b", "slash"},
                  {"/odd", "pointer"}};

bool holds(const std::string& text) { return ClaimRule::parse(text).value().holds(claims); }

}  // namespace

TEST_CASE("a claim is equal byte for byte and a boolean or an integer as it is written") {
  for (const char* text :
       {"environment=production", "protected=true", "project_id=42", "groups=writers", "groups=7",
        "/kubernetes.io/namespace=billing", "/kubernetes.io/serviceaccount/name=agent", "/groups/0=readers",
        "a/b=slash", "/a~1b=slash", "sub=system:serviceaccount:billing:agent"}) {
    CAPTURE(text);
    CHECK(holds(text));
  }
  for (const char* text : {"environment=Production",
                           "environment=production ",
                           "environment=prod",
                           "Environment=production",
                           "protected=True",
                           "protected=1",
                           "project_id=42.0",
                           "project_id=042",
                           "score=1",
                           "score=1.0",
                           "empty=null",
                           "groups=reader",
                           "groups=[\"readers\"]",
                           "groups=readers,writers",
                           "kubernetes.io=billing",
                           "/kubernetes.io=billing",
                           "/kubernetes.io/serviceaccount=agent",
                           "/groups/3=x",
                           "/groups/-=x",
                           "/groups/00=readers",
                           "missing=x",
                           "/environment/x=y",
                           "/missing/x=y",
                           "/odd=pointer"}) {
    CAPTURE(text);
    CHECK_FALSE(holds(text));
  }
}

TEST_CASE("what is no equality or tells nobody apart is refused") {
  for (const char* text : {"", "environment", "=production", "environment=", "a\nb=c", "/a~2b=c", "/a~=c", "iss=x",
                           "aud=x", "exp=1", "nbf=1", "iat=1", "jti=1", "/iss=x"}) {
    CAPTURE(text);
    const auto rule = ClaimRule::parse(text);
    REQUIRE_FALSE(rule);
    CHECK_THAT(rule.error().message, Catch::Contains("; ") || Catch::Contains("in one ~"));
  }
  CHECK(ClaimRule::parse("ref=a=b").value().holds({{"ref", "a=b"}}));
}

TEST_CASE("of an entry every equality and the beginning of sub must hold and the first that does not is named") {
  TrustedIssuer entry{"ci", "https://ci.example", "https://ci.example/jwks"};
  CHECK_FALSE(entry.claim_against(claims));
  entry.claims = {ClaimRule::parse("environment=production").value(), ClaimRule::parse("project_id=43").value()};
  CHECK(entry.claim_against(claims) == "project_id");
  entry.sub_prefix = "system:serviceaccount:billing:";
  CHECK(entry.claim_against(claims) == "project_id");
  entry.claims.pop_back();
  CHECK_FALSE(entry.claim_against(claims));
  entry.sub_prefix = "system:serviceaccount:bill:";
  CHECK(entry.claim_against(claims) == "sub");
  CHECK(entry.claim_against({{"environment", "production"}}) == "sub");
}
