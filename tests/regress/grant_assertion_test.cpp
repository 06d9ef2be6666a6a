// What is said of a sender beside a grant or beside the kernel: is it looked at, and is its refusal on record?
#include "support/oauth_fixture.hpp"

namespace jeton::testing {
namespace {

constexpr const char* endpoint = "/oauth2/token";
constexpr const char* by_jwt = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

Fields grant_fields(const std::string& assertion) {
  auto fields = OAuthFixture::token_fields("urn:ietf:params:oauth:grant-type:jwt-bearer");
  fields.emplace_back("assertion", assertion);
  return fields;
}

Fields operator+(Fields fields, const Fields& more) {
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

}  // namespace

TEST_CASE("a grant that is not believed gets no token on the socket whatever stands beside it") {
  OAuthFixture door;
  for (const auto& beside : {Fields{}, Fields{{"client_secret", "x"}}, Fields{{"client_id", "billing"}}}) {
    const auto job = door.form(billing, endpoint, grant_fields("forged") + beside);
    CHECK(error_of(job) == "invalid_grant");
    CHECK(body_of(job)["code"] == "bad_signature");
  }
  CHECK(door.company.count(EventKind::token_minted) == 0);
}

TEST_CASE("a refusal to somebody on the socket is on record though it is about a proof") {
  OAuthFixture door;
  const auto forged = door.form(billing, endpoint, grant_fields("forged"));
  REQUIRE(door.company.count(EventKind::request_refused) == 1);
  CHECK(door.last().uid == billing);
  CHECK(body_of(forged).contains("log_index"));
  for (const char* target : {"/oauth2/token", "/oauth2/introspect", "/oauth2/revoke"}) {
    CAPTURE(target);
    const auto before = door.company.count(EventKind::request_refused);
    const auto beside = OAuthFixture::token_fields() +
                        Fields{{"token", "x"}, {"client_assertion_type", by_jwt}, {"client_assertion", "billing's"}};
    CHECK(error_of(door.form(billing, target, beside)) == "invalid_request");
    CHECK(door.company.count(EventKind::request_refused) == before + 1);
  }
  // Over the network nothing is, until it is known who asks.
  const auto before = door.company.memory.size();
  CHECK(error_of(door.remote("", endpoint, grant_fields("forged"))) == "invalid_grant");
  CHECK(door.company.memory.size() == before);
}

TEST_CASE("RFC 7521 section 4.1: what proves a client beside a grant is not passed over") {
  OAuthFixture door;
  const auto tried = [&](const Fields& beside) {
    return error_of(door.remote("", endpoint, grant_fields("ci job") + beside));
  };
  CHECK(tried({{"client_assertion_type", by_jwt}, {"client_assertion", "forged"}}) == "invalid_request");
  CHECK(tried({{"client_assertion", "forged"}}) == "invalid_request");
  CHECK(tried({{"client_assertion_type", by_jwt}}) == "invalid_request");
  CHECK(tried({{"client_id", "spiffe://acme.example/agent/support"}}) == "invalid_grant");
  CHECK(door.company.count(EventKind::token_minted) == 0);
  CHECK(tried({{"client_id", "spiffe://acme.example/agent/billing"}}) == "none");
  CHECK(tried({{"client_id", "repo:acme/deploy"}}) == "none");
  CHECK(tried({}) == "none");
}

}  // namespace jeton::testing
