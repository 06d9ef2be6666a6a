// Is each step from a well-formed token to one meant for exactly this call refused for the right reason?
#include "jeton/token.hpp"

#include <limits>
#include <type_traits>

#include "jeton/base64url.hpp"
#include "support/catch.hpp"
#include "support/forge.hpp"

namespace {

using jeton::Code;
using jeton::GenuineToken;
using jeton::Json;
using jeton::UnverifiedToken;
using jeton::VerifiedToken;
namespace forge = jeton::forge;

/// The code a well-formed text is refused with; `internal` stands for "genuine", here and below for "accepted".
Code verify_code(const std::string& text, const jeton::KeySet& keys = forge::issuer_keys()) {
  const auto token = GenuineToken::verify(UnverifiedToken::parse(text).value(), keys);
  return token ? Code::internal : token.error().code;
}

GenuineToken genuine(const jeton::TokenClaims& claims = forge::good_claims()) {
  const auto token = jeton::sign_token(claims, forge::issuer_key());
  return GenuineToken::verify(UnverifiedToken::parse(token.expose_for_transport()).value(), forge::issuer_keys())
      .value();
}

Code check_code(const jeton::Expectation& expected) {
  const auto token = VerifiedToken::check(genuine(), expected);
  return token ? Code::internal : token.error().code;
}

Code time_code(std::int64_t wall_us, const jeton::TokenClaims& claims = forge::good_claims()) {
  const auto in_time = VerifiedToken::check(genuine(claims), forge::good_expectation()).value().in_time(wall_us);
  return in_time ? Code::internal : in_time.error().code;
}

jeton::ArgsDigest digest_of(std::string_view arguments) {
  return jeton::args_digest(forge::tool, jeton::parse_json(arguments, Code::bad_arguments).value()).value();
}

Code arguments_code(std::string_view arguments) {
  auto expected = forge::good_expectation();
  expected.digest = digest_of(arguments);
  return check_code(expected);
}

TEST_CASE("RFC 8725 section 3.2: only the key verifies and not the header") {
  // given: a token that says EdDSA and carries another key's signature under the right kid
  const auto token = forge::signed_token(forge::header_with(), forge::payload_with(), forge::key_named("another"));
  CHECK(verify_code(token) == Code::bad_signature);
}

TEST_CASE("RFC 8725 section 3.3: a signature over other bytes is refused") {
  auto parts = forge::parts_of(forge::good_token());
  parts.payload = forge::encoded(forge::payload_with(R"({"sub":"someone else"})"));
  CHECK(verify_code(parts.joined()) == Code::bad_signature);
}

TEST_CASE("RFC 8032 section 5.1.7: the second form of a signature is refused") {
  auto parts = forge::parts_of(forge::good_token());
  jeton::Signature signature(64);
  REQUIRE(jeton::from_base64url(parts.signature, signature));
  parts.signature = jeton::base64url(forge::malleated(signature));
  CHECK(verify_code(parts.joined()) == Code::bad_signature);
}

TEST_CASE("RFC 8725 section 3.8: a kid that no key of the issuer has is refused") {
  CHECK(verify_code(forge::good_token(), jeton::KeySet()) == Code::unknown_key);
  CHECK(verify_code(forge::good_token(), jeton::KeySet({forge::key_named("another").verifying_key()})) ==
        Code::unknown_key);
}

TEST_CASE("no single changed byte leaves a token genuine") {
  const auto good = forge::good_token();
  for (std::size_t at = 0; at < good.size(); ++at) {
    auto changed = good;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    CAPTURE(at);
    const auto token = UnverifiedToken::parse(changed);
    CHECK_FALSE((token && GenuineToken::verify(*token, forge::issuer_keys())));
  }
}

TEST_CASE("RFC 8725 section 3.8: a token of another issuer is refused") {
  auto expected = forge::good_expectation();
  for (const auto* issuer : {"https://issuer.example/", "https://ISSUER.example", "https://other.example", ""}) {
    expected.issuer = issuer;
    CHECK(check_code(expected) == Code::wrong_issuer);
  }
}

TEST_CASE("RFC 8725 section 3.9: a token for another server is refused") {
  auto expected = forge::good_expectation();
  for (const auto* server : {"https://crm.example/mcp/", "https://crm.example/MCP", "https://crm.example/mc", ""}) {
    expected.server = server;
    CHECK(check_code(expected) == Code::wrong_audience);
  }
}

TEST_CASE("a token for another tool is refused") {
  auto expected = forge::good_expectation();
  for (const auto* tool : {"Refund", "refund_all", "refun", ""}) {
    expected.tool = tool;
    CHECK(check_code(expected) == Code::wrong_tool);
  }
}

TEST_CASE("a token for other arguments is refused") {
  for (const auto* arguments :
       {R"({"amount":1,"customer":"zoë","note":"late"})", R"({"amount":1,"customer":"Zoe\u0308","note":"late"})",
        R"({"amount":1,"customer":"Zoë","note":"late","extra":null})", R"({"amount":1,"customer":"Zoë"})",
        R"({"amount":"1","customer":"Zoë","note":"late"})", R"({"amount":2,"customer":"Zoë","note":"late"})", "{}"}) {
    CAPTURE(arguments);
    CHECK(arguments_code(arguments) == Code::args_mismatch);
  }
}

TEST_CASE("the first of several faults decides: issuer then server then tool then arguments") {
  jeton::Expectation expected{"x", "x", "x", {}};
  CHECK(check_code(expected) == Code::wrong_issuer);
  expected.issuer = forge::issuer;
  CHECK(check_code(expected) == Code::wrong_audience);
  expected.server = forge::server;
  CHECK(check_code(expected) == Code::wrong_tool);
  expected.tool = forge::tool;
  CHECK(check_code(expected) == Code::args_mismatch);
}

TEST_CASE("RFC 7519 section 4.1.4: a token is expired from the microsecond its skew is over") {
  const auto end_us = (forge::issued_s + 30 + jeton::token_skew_s) * 1'000'000;
  CHECK(time_code(end_us) == Code::expired);
  CHECK(time_code(end_us + 31'536'000'000'000) == Code::expired);
  CHECK(time_code(std::numeric_limits<std::int64_t>::max()) == Code::expired);
  CHECK(time_code(end_us - 1) == Code::internal);
}

TEST_CASE("RFC 9068 section 4: a token issued in the future is refused beyond the skew") {
  const auto begin_us = (forge::issued_s - jeton::token_skew_s) * 1'000'000;
  CHECK(time_code(begin_us - 1) == Code::not_yet_valid);
  CHECK(time_code(0) == Code::not_yet_valid);
  CHECK(time_code(std::numeric_limits<std::int64_t>::min()) == Code::not_yet_valid);
  CHECK(time_code(begin_us) == Code::internal);
}

TEST_CASE("times at the end of what JSON can say do not overflow") {
  auto claims = forge::good_claims();
  claims.exp = (std::int64_t{1} << 53) - 1;
  claims.iat = claims.exp - 30;
  CHECK(time_code(forge::issued_s * 1'000'000, claims) == Code::not_yet_valid);
}

TEST_CASE("only a token whose hash is known is recognised") {
  const auto token = UnverifiedToken::parse(forge::good_token()).value();
  auto known = jeton::sha256(forge::good_token());
  CHECK(GenuineToken::recognise(token, known)->claims().jti == forge::good_claims().jti);
  known[31] ^= 1U;
  CHECK(!GenuineToken::recognise(token, known));
}

TEST_CASE("nobody can make a genuine or verified token without its check") {
  CHECK(!std::is_default_constructible_v<GenuineToken>);
  CHECK(!std::is_constructible_v<GenuineToken, jeton::TokenClaims, jeton::Sha256>);
  CHECK(!std::is_constructible_v<VerifiedToken, GenuineToken>);
}

TEST_CASE("claims that no JSON text can hold are not signed") {
  auto claims = forge::good_claims();
  claims.tool = "\xff";
  CHECK_THROWS(jeton::sign_token(claims, forge::issuer_key()));
}

TEST_CASE("RFC 8785: the payload is the canonical form of the claims whatever stands in them") {
  for (const std::string& text : std::vector<std::string>{"plain", "with \"quotes\" and \\\\ and /", "\t\n\x01\x7f",
                                                          "h\u00e9\u20ac\U0001F600\uE000"}) {
    for (const int left_out : {0, 1, 2, 3}) {
      auto claims = forge::good_claims();
      claims.iss = claims.aud = claims.sub = claims.client_id = claims.tool = text;
      claims.call_id = left_out % 2 == 0 ? std::optional(text) : std::nullopt;
      if (left_out < 2) claims.act = Json{{"sub", text}, {"act", {{"sub", text}}}};
      claims.attempt = 1'000;
      const auto token = jeton::sign_token(claims, forge::issuer_key());
      const auto& compact = token.expose_for_transport();
      const auto begin = compact.find('.') + 1;
      const auto payload = compact.substr(begin, compact.rfind('.') - begin);
      CHECK(payload == jeton::base64url(jeton::as_bytes(jeton::canonical_json(claims.json()).value())));
      CHECK(claims.authorization_details_text() == jeton::canonical_json(claims.authorization_details()).value());
    }
  }
}

TEST_CASE("the header is exactly the protocol's text") {
  const auto header = jeton::from_base64url(forge::parts_of(forge::good_token()).header).value();
  CHECK(std::string(header.begin(), header.end()) ==
        R"({"typ":"at+jwt","alg":"EdDSA","kid":")" + forge::issuer_key().verifying_key().kid() + "\"}");
}

TEST_CASE("every claim comes back as it was signed") {
  auto claims = forge::good_claims();
  claims.act = Json{{"sub", "spiffe://acme.example/agent/planner"}};
  claims.attempt = 3;
  const auto token = genuine(claims);
  CHECK(token.claims().json() == claims.json());
  CHECK(token.sha256() == jeton::sha256(jeton::sign_token(claims, forge::issuer_key()).expose_for_transport()));

  claims.act.reset();
  claims.call_id.reset();
  CHECK(genuine(claims).claims().json() == claims.json());
}

TEST_CASE("the same arguments in another spelling are accepted") {
  for (const auto* arguments :
       {R"({"note":"late","customer":"Zoë","amount":1})", R"({"amount":1.0,"customer":"Zoë","note":"late"})",
        R"( { "amount" : 1e0, "customer" : "Zo\u00eb", "note" : "l\u0061te" } )"}) {
    CAPTURE(arguments);
    CHECK(arguments_code(arguments) == Code::internal);
  }
}

}  // namespace
