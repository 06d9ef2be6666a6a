// Is nothing but exactly the protocol's token taken for one?
#include <initializer_list>
#include <utility>

#include "jeton/token.hpp"
#include "support/catch.hpp"
#include "support/forge.hpp"

namespace {

using jeton::Code;
using jeton::Json;
using jeton::UnverifiedToken;
namespace forge = jeton::forge;

/// What became of a text; `internal` stands for "taken for a token".
Code parse_code(const std::string& text) {
  const auto token = UnverifiedToken::parse(text);
  return token ? Code::internal : token.error().code;
}

/// Each token is signed by the right key and has just the one fault, so that nothing else can be why it is refused.
void check_all_bad(std::string (*token_of)(std::string_view), std::initializer_list<const char*> patches) {
  for (const auto* patch : patches) {
    CAPTURE(patch);
    CHECK(parse_code(token_of(patch)) == Code::bad_token);
  }
}

TEST_CASE("RFC 8725 section 3.1: a token whose alg is none is refused") {
  check_all_bad(forge::token_with_header, {R"({"alg":"none"})", R"({"alg":"None"})", R"({"alg":"noNE"})"});
  auto parts = forge::parts_of(forge::token_with_header(R"({"alg":"none"})"));
  parts.signature.clear();
  CHECK(parse_code(parts.joined()) == Code::bad_token);
}

TEST_CASE("RFC 8725 section 3.1: a token whose alg is none of the three is refused and the message says which member") {
  check_all_bad(forge::token_with_header,
                {R"({"alg":null})", R"({"alg":""})", R"({"alg":7})", R"({"alg":["EdDSA"]})", R"({"alg":"eddsa"})",
                 R"({"alg":"ES384"})", R"({"alg":"PS256"})", R"({"alg":"ed25519"})", R"({"alg":"Ed448"})"});
  const auto refused = UnverifiedToken::parse(forge::token_with_header(R"({"alg":"secret-text"})"));
  CHECK(refused.error().message.find("alg") != std::string::npos);
  CHECK(refused.error().message.find("secret-text") == std::string::npos);
}

TEST_CASE("RFC 8725 section 2.1: a token with an HMAC under the public key is refused") {
  auto parts = forge::parts_of(forge::token_with_header(R"({"alg":"HS256"})"));
  const auto input = parts.header + "." + parts.payload;
  const auto& key = forge::issuer_key().verifying_key().bytes();
  parts.signature = jeton::base64url(jeton::hmac_sha256(key, jeton::as_bytes(input)));
  CHECK(parse_code(parts.joined()) == Code::bad_token);
}

TEST_CASE("RFC 8725 section 3.11: a token of another type is refused") {
  check_all_bad(forge::token_with_header,
                {R"({"typ":null})", R"({"typ":""})", R"({"typ":"JWT"})", R"({"typ":"txntoken+jwt"})",
                 R"({"typ":"wit+jwt"})", R"({"typ":"at+jwt "})", R"({"typ":"application/application/at+jwt"})",
                 R"({"typ":"text/at+jwt"})", R"({"typ":["at+jwt"]})"});
}

TEST_CASE("RFC 7515 section 4.1.11: a token with crit or any other header member is refused") {
  check_all_bad(forge::token_with_header, {R"({"crit":["exp"],"exp":1})", R"({"crit":[]})", R"({"b64":false})",
                                           R"({"zip":"DEF"})", R"({"cty":"JWT"})", R"({"nonce":"x"})", R"({"":1})"});
}

TEST_CASE("RFC 8725 section 3.10: a token that brings or points at its own key is refused") {
  check_all_bad(forge::token_with_header,
                {R"({"jwk":{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}})",
                 R"({"jku":"https://evil.example/jwks"})", R"({"x5u":"https://evil.example"})", R"({"x5c":["MA"]})"});
}

TEST_CASE("RFC 7638: a token whose kid is not a thumbprint is refused") {
  check_all_bad(forge::token_with_header,
                {R"({"kid":null})", R"({"kid":"key-1"})", R"({"kid":7})", R"({"kid":"../../etc/passwd"})",
                 R"({"kid":"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4l"})"});  // the last: a trailing bit is set
}

TEST_CASE("RFC 7515 section 4: a header with a member name twice is refused") {
  const auto kid = forge::issuer_key().verifying_key().kid();
  const auto header = R"({"alg":"none","alg":"EdDSA","typ":"at+jwt","kid":")" + kid + "\"}";
  CHECK(parse_code(forge::signed_token(header, forge::payload_with())) == Code::bad_token);
}

TEST_CASE("RFC 7519 section 4: a payload with a claim name twice is refused") {
  auto payload = forge::payload_with();
  payload.insert(1, R"("aud":"https://other.example/mcp",)");
  CHECK(parse_code(forge::signed_token(forge::header_with(), payload)) == Code::bad_token);
}

TEST_CASE("RFC 8725 section 3.7: a header or payload that is not strict JSON in UTF-8 is refused") {
  for (const auto* text : {"", "null", "[]", "\"at+jwt\"", "{", "{} {}", "\xff", "{\"typ\":\"\xc0\xae\"}"}) {
    CAPTURE(text);
    CHECK(parse_code(forge::signed_token(text, forge::payload_with())) == Code::bad_token);
    CHECK(parse_code(forge::signed_token(forge::header_with(), text)) == Code::bad_token);
  }
}

TEST_CASE("RFC 8725bis section 3.14: a byte that no compact token has is refused before anything is decoded") {
  const auto good = forge::good_token();
  for (const auto* extra : {"=", "==", "\n", "\r\n", " ", "\t", "+", "/", "~", "\x80", "{"}) {
    CAPTURE(extra);
    auto parts = forge::parts_of(good);
    CHECK(parse_code(good + extra) == Code::bad_token);
    CHECK(parse_code(extra + good) == Code::bad_token);
    CHECK(parse_code(parts.header + "." + parts.payload + extra + "." + parts.signature) == Code::bad_token);
  }
  CHECK(parse_code(good + std::string(1, '\0')) == Code::bad_token);
}

TEST_CASE("RFC 7515 section 7: anything but three parts that are not empty is refused") {
  const auto parts = forge::parts_of(forge::good_token());
  for (const auto& text :
       {std::string(), std::string("."), std::string(".."), std::string("..."), parts.header,
        parts.header + "." + parts.payload, parts.header + "." + parts.payload + ".",
        parts.header + ".." + parts.signature, "." + parts.payload + "." + parts.signature, parts.joined() + ".",
        parts.joined() + "." + parts.signature, parts.header + "." + parts.header + "." + parts.joined()}) {
    CAPTURE(text);
    CHECK(parse_code(text) == Code::bad_token);
  }
}

TEST_CASE("RFC 7515 section 7.2: the JSON serialization is refused") {
  const auto parts = forge::parts_of(forge::good_token());
  CHECK(parse_code(
            Json{{"protected", parts.header}, {"payload", parts.payload}, {"signature", parts.signature}}.dump()) ==
        Code::bad_token);
}

TEST_CASE("RFC 4648 section 3.5: another spelling of the same bytes is refused") {
  const auto good = forge::parts_of(forge::good_token());
  const auto variants = forge::trailing_bit_variants(good.signature);
  REQUIRE(variants.size() == 15);
  for (const auto& signature : variants) {
    CAPTURE(signature);
    CHECK(parse_code(good.header + "." + good.payload + "." + signature) == Code::bad_token);
  }
  CHECK(parse_code(good.header + "A." + good.payload + "." + good.signature) == Code::bad_token);
}

TEST_CASE("an EdDSA signature that is not 64 bytes is refused") {
  auto parts = forge::parts_of(forge::good_token());
  for (const std::size_t size : {1U, 32U, 63U, 65U, 128U}) {
    CAPTURE(size);
    parts.signature = jeton::base64url(std::vector<unsigned char>(size, 7));
    CHECK(parse_code(parts.joined()) == Code::bad_token);
  }
}

TEST_CASE("a text over 8 KiB is refused and one of 8 KiB is looked at") {
  // given: the same payload with a longer and longer subject, until it no longer fits
  auto claims = forge::good_claims();
  std::string last_good;
  auto text = forge::good_token();
  for (claims.sub.resize(5000, 'x'); text.size() <= jeton::token_bytes_max; claims.sub += 'x') {
    last_good = std::exchange(text, jeton::sign_token(claims, forge::issuer_key()).expose_for_transport());
  }
  CHECK(parse_code(text) == Code::bad_token);
  CHECK(parse_code(last_good) == Code::internal);
  CHECK(parse_code(std::string(1 << 20, 'A')) == Code::bad_token);
}

TEST_CASE("RFC 8725 section 3.9: an aud that is not one string is refused") {
  check_all_bad(forge::token_with_payload,
                {R"({"aud":null})", R"({"aud":""})", R"({"aud":1})", R"({"aud":["https://crm.example/mcp"]})",
                 R"({"aud":["https://crm.example/mcp","https://other.example/mcp"]})"});
}

TEST_CASE("RFC 9068 section 2.2: a token without one of its claims is refused") {
  check_all_bad(forge::token_with_payload,
                {R"({"iss":null})", R"({"sub":null})", R"({"client_id":null})", R"({"iat":null})", R"({"exp":null})",
                 R"({"jti":null})", R"({"txn":null})", R"({"authorization_details":null})", R"({"iss":{}})",
                 R"({"sub":""})", R"({"client_id":["a"]})"});
}

TEST_CASE("a token with a claim that is not known is refused") {
  check_all_bad(forge::token_with_payload, {R"({"scope":"all"})", R"({"nbf":1})", R"({"Aud":"x"})", R"({"":0})"});
}

TEST_CASE("RFC 7800 section 3: a token bound to a key is refused and the message says why") {
  const auto refused = UnverifiedToken::parse(forge::token_with_payload(R"({"cnf":{"jkt":"abc"}})"));
  REQUIRE(!refused);
  CHECK(refused.error().code == Code::bad_token);
  CHECK(refused.error().message.find("bound tokens are not supported") != std::string::npos);
}

TEST_CASE("RFC 7519 section 4.1.4: times that are not whole seconds in order and close together are refused") {
  check_all_bad(forge::token_with_payload,
                {R"({"exp":1790000000})", R"({"exp":1789999999})", R"({"exp":1790000121})", R"({"exp":1821536000})",
                 R"({"exp":"1790000030"})", R"({"exp":1790000030.5})", R"({"exp":1e300})", R"({"exp":true})",
                 R"({"iat":-1,"exp":1})", R"({"iat":0.5,"exp":1})", R"({"iat":"0","exp":1})",
                 R"({"iat":9007199254740990,"exp":9007199254740992})", R"({"exp":18446744073709551615})",
                 R"({"iat":-9223372036854775808,"exp":9223372036854775807})"});
  CHECK(parse_code(forge::token_with_payload(R"({"exp":1790000120})")) == Code::internal);
}

TEST_CASE("a jti or txn that is not 128 bits of strict base64url is refused") {
  check_all_bad(
      forge::token_with_payload,
      {R"({"jti":""})", R"({"jti":"AAECAwQFBgcICQoLDA0O"})", R"({"jti":"AAECAwQFBgcICQoLDA0ODxA"})",
       R"({"jti":"AAECAwQFBgcICQoLDA0ODx"})", R"({"jti":"AAECAwQFBgcICQoLDA0ODw=="})",
       R"({"txn":"EBESExQVFhcYGRobHB0eHx"})", R"({"txn":"0197c2a4-0000-7000-8000-000000000000"})", R"({"txn":17})"});
}

TEST_CASE("RFC 9396 section 2: authorization_details that are not exactly one object are refused") {
  const auto one = forge::good_claims().authorization_details()[0];
  CHECK(parse_code(forge::token_with_payload(R"({"authorization_details":[]})")) == Code::bad_token);
  CHECK(parse_code(forge::token_with_payload(R"({"authorization_details":["refund"]})")) == Code::bad_token);
  CHECK(parse_code(forge::token_with_payload(Json{{"authorization_details", Json::array({one, one})}}.dump())) ==
        Code::bad_token);
  CHECK(parse_code(forge::token_with_payload(Json{{"authorization_details", one}}.dump())) == Code::bad_token);
}

TEST_CASE("RFC 9396 section 5: a details object with other members or values is refused") {
  check_all_bad(forge::token_with_details, {R"({"type":null})",
                                            R"({"type":"other"})",
                                            R"({"locations":null})",
                                            R"({"locations":[]})",
                                            R"({"locations":"https://crm.example/mcp"})",
                                            R"({"locations":["https://other.example/mcp"]})",
                                            R"({"locations":["https://crm.example/mcp","https://other.example/mcp"]})",
                                            R"({"actions":null})",
                                            R"({"actions":["tools/list"]})",
                                            R"({"actions":["tools/call","tools/list"]})",
                                            R"({"identifier":null})",
                                            R"({"identifier":""})",
                                            R"({"identifier":["refund"]})",
                                            R"({"call_id":""})",
                                            R"({"call_id":7})",
                                            R"({"call_id":"two words"})",
                                            R"({"attempt":null})",
                                            R"({"attempt":0})",
                                            R"({"attempt":-1})",
                                            R"({"attempt":1.5})",
                                            R"({"attempt":"1"})",
                                            R"({"datatypes":[]})",
                                            R"({"privileges":["all"]})"});
}

TEST_CASE("a token without a digest of its arguments is refused") {
  check_all_bad(forge::token_with_details,
                {R"({"args_digest":null})", R"({"args_digest":""})", R"({"args_digest":"AA"})",
                 R"({"args_digest":"KhyfXVcrcBPjAPJRzSMuJ9rkP06hL-5hb3wd9aTxyUJ"})", R"({"args_digest":{}})"});
}

TEST_CASE("RFC 8693 section 4.1: an act claim that is not a short chain of subjects is refused") {
  check_all_bad(forge::token_with_payload,
                {R"({"act":"a"})", R"({"act":[]})", R"({"act":{}})", R"({"act":{"sub":7}})", R"({"act":{"sub":""}})",
                 R"({"act":{"sub":"a","iss":"b"}})", R"({"act":{"sub":"a","act":"b"}})",
                 R"({"act":{"sub":"a","act":{"act":{"sub":"c"}}}})"});
  Json chain{{"sub", "agent"}};
  for (int deep = 1; deep < 8; ++deep) chain = Json{{"sub", "agent"}, {"act", chain}};
  CHECK(parse_code(forge::token_with_payload(Json{{"act", chain}}.dump())) == Code::internal);
  chain = Json{{"sub", "agent"}, {"act", chain}};
  CHECK(parse_code(forge::token_with_payload(Json{{"act", chain}}.dump())) == Code::bad_token);
}

TEST_CASE("no message of a refusal repeats long text of the sender") {
  const std::string name(200, 'n');
  const auto refused = UnverifiedToken::parse(forge::token_with_header("{\"" + name + "\":1}"));
  CHECK(refused.error().message.find(name) == std::string::npos);
  const auto control = UnverifiedToken::parse(forge::token_with_header(R"({"a\nb\u001b[2J":1})"));
  CHECK(control.error().message.find('\n') == std::string::npos);
  CHECK(control.error().message.find('\x1b') == std::string::npos);
}

TEST_CASE("RFC 7515 section 4.1.9: the type is compared without case and with or without application") {
  for (const auto* patch :
       {R"({"typ":"AT+JWT"})", R"({"typ":"application/at+jwt"})", R"({"typ":"Application/AT+jwt"})"}) {
    CAPTURE(patch);
    CHECK(parse_code(forge::token_with_header(patch)) == Code::internal);
  }
}

}  // namespace
