// The token vectors as they are made: each a good token, or a good one with a single fault.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "vectors/algorithm_cases.hpp"
#include "vectors/token_case.hpp"

namespace jeton::vectors {

using NamedPatches = std::initializer_list<std::pair<const char*, const char*>>;

/// One bad_token case for each patch of a header, payload or details object.
inline void add_bad(Cases& cases, std::string (*token_of)(std::string_view), NamedPatches patches) {
  for (const auto& [name, patch] : patches)
    cases.push_back({.name = name, .result = "bad_token", .token = token_of(patch)});
}

inline std::string token_of(const TokenClaims& claims, const SigningKey& key = forge::issuer_key()) {
  return sign_token(claims, key).expose_for_transport();
}

inline void add_good(Cases& cases) {
  cases.push_back({.name = "a good token"});
  cases.push_back({.name = "typ in capitals", .token = forge::token_with_header(R"({"typ":"AT+JWT"})")});
  cases.push_back(
      {.name = "typ with application/", .token = forge::token_with_header(R"({"typ":"application/at+jwt"})")});
  cases.push_back({.name = "lifetime of exactly 120 s", .token = forge::token_with_payload(R"({"exp":1790000120})")});
  cases.push_back({.name = "last second of the skew after exp", .now = forge::issued_s + 34});
  cases.push_back({.name = "issued 5 s ahead of the clock", .now = forge::issued_s - 5});
  cases.push_back(
      {.name = "third attempt without call_id", .token = forge::token_with_details(R"({"attempt":3,"call_id":null})")});
  cases.push_back(
      {.name = "delegated with a chain of two actors",
       .token = forge::token_with_payload(R"({"sub":"user:alice","act":{"sub":"spiffe://acme.example/agent/billing",)"
                                          R"("act":{"sub":"spiffe://acme.example/agent/planner"}}})")});
  auto stdio = forge::good_claims();
  stdio.aud = "mcp:stdio:files";
  cases.push_back({.name = "a local stdio server", .token = token_of(stdio), .server = stdio.aud});
  auto empty = forge::good_claims();
  empty.digest = args_digest(forge::tool, Json::object()).value();
  cases.push_back({.name = "no arguments", .token = token_of(empty), .arguments = "{}"});
  TokenCase many{.name = "a key set with two keys"};
  many.jwks["keys"].insert(many.jwks["keys"].begin(), forge::key_named("next").verifying_key().jwk());
  cases.push_back(many);
}

inline void add_arguments(Cases& cases) {
  const auto add = [&](const char* name, const char* result, const char* arguments) {
    cases.push_back({.name = name, .result = result, .arguments = arguments});
  };
  add("arguments in another order", "ok", R"({"note":"late","amount":1,"customer":"Zoë"})");
  add("1.0 in the place of 1", "ok", R"({"amount":1.0,"customer":"Zoë","note":"late"})");
  add("10e-1 in the place of 1", "ok", R"({"amount":10e-1,"customer":"Zoë","note":"late"})");
  add("an escape in the place of a letter", "ok", R"({"amount":1,"customer":"Zo\u00eb","note":"late"})");
  add("white space between the arguments", "ok", "{ \"amount\": 1,\r\n\t\"customer\": \"Zoë\", \"note\": \"late\" }");
  add("another value", "args_mismatch", R"({"amount":2,"customer":"Zoë","note":"late"})");
  add("a string in the place of a number", "args_mismatch", R"({"amount":"1","customer":"Zoë","note":"late"})");
  add("case of a value changed", "args_mismatch", R"({"amount":1,"customer":"zoë","note":"late"})");
  add("case of a name changed", "args_mismatch", R"({"Amount":1,"customer":"Zoë","note":"late"})");
  add("another Unicode normalisation", "args_mismatch", R"({"amount":1,"customer":"Zoe\u0308","note":"late"})");
  add("an extra argument", "args_mismatch", R"({"amount":1,"customer":"Zoë","note":"late","urgent":true})");
  add("an extra argument that is null", "args_mismatch",
      R"({"amount":1,"customer":"Zoë","note":"late","urgent":null})");
  add("an argument left out", "args_mismatch", R"({"amount":1,"customer":"Zoë"})");
  add("no arguments at all", "args_mismatch", "{}");
  add("an integer beyond 2^53-1", "bad_arguments", R"({"amount":9007199254740993,"customer":"Zoë","note":"late"})");
  add("an argument twice", "bad_arguments", R"({"amount":1,"amount":1,"customer":"Zoë","note":"late"})");
  add("an argument twice by an escape", "bad_arguments",
      R"({"amount":1,"\u0061mount":1,"customer":"Zoë","note":"late"})");
  add("a lone surrogate", "bad_arguments", R"({"amount":1,"customer":"Zo\ud800","note":"late"})");
  add("arguments that are null", "bad_arguments", "null");
  add("arguments that are an array", "bad_arguments", "[1]");
}

inline void add_expectations(Cases& cases) {
  cases.push_back({.name = "another issuer", .result = "wrong_issuer", .issuer = "https://other.example"});
  cases.push_back({.name = "issuer with a slash", .result = "wrong_issuer", .issuer = "https://issuer.example/"});
  cases.push_back({.name = "another server", .result = "wrong_audience", .server = "https://other.example/mcp"});
  cases.push_back({.name = "server with a slash", .result = "wrong_audience", .server = "https://crm.example/mcp/"});
  cases.push_back({.name = "another tool", .result = "wrong_tool", .tool = "lookup"});
  cases.push_back({.name = "case of the tool changed", .result = "wrong_tool", .tool = "Refund"});
  cases.push_back({.name = "server is judged before tool and arguments",
                   .result = "wrong_audience",
                   .arguments = "{}",
                   .server = "https://other.example/mcp",
                   .tool = "lookup"});
  cases.push_back({.name = "expired by 1 s beyond the skew", .result = "expired", .now = forge::issued_s + 36});
  cases.push_back({.name = "expired at the end of the skew", .result = "expired", .now = forge::issued_s + 35});
  cases.push_back({.name = "iat in the future", .result = "not_yet_valid", .now = forge::issued_s - 6});
  cases.push_back({.name = "arguments are judged before time",
                   .result = "args_mismatch",
                   .arguments = "{}",
                   .now = forge::issued_s + 3600});
}

inline void add_headers(Cases& cases) {
  add_bad(
      cases, forge::token_with_header,
      {{"alg none with a signature", R"({"alg":"none"})"},
       {"alg noNE", R"({"alg":"noNE"})"},
       {"alg ES384", R"({"alg":"ES384"})"},
       {"alg in lower case", R"({"alg":"eddsa"})"},
       {"alg left out", R"({"alg":null})"},
       {"unknown crit", R"({"crit":["exp"],"exp":1790000030})"},
       {"empty crit", R"({"crit":[]})"},
       {"b64 false", R"({"b64":false})"},
       {"zip", R"({"zip":"DEF"})"},
       {"embedded jwk", R"({"jwk":{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}})"},
       {"jku", R"({"jku":"https://evil.example/jwks"})"},
       {"x5u", R"({"x5u":"https://evil.example/cert"})"},
       {"x5c", R"({"x5c":["MA"]})"},
       {"typ left out", R"({"typ":null})"},
       {"typ JWT", R"({"typ":"JWT"})"},
       {"typ of a transaction token", R"({"typ":"txntoken+jwt"})"},
       {"kid left out", R"({"kid":null})"},
       {"kid that is not a thumbprint", R"({"kid":"key-1"})"}});
  const auto kid = forge::issuer_key().verifying_key().kid();
  cases.push_back({.name = "alg twice in the header",
                   .result = "bad_token",
                   .token = forge::signed_token(R"({"alg":"none","typ":"at+jwt","alg":"EdDSA","kid":")" + kid + "\"}",
                                                forge::payload_with())});
}

inline void add_claims(Cases& cases) {
  add_bad(cases, forge::token_with_payload,
          {{"aud array with a second server", R"({"aud":["https://crm.example/mcp","https://other.example/mcp"]})"},
           {"aud array with one server", R"({"aud":["https://crm.example/mcp"]})"},
           {"aud left out", R"({"aud":null})"},
           {"iss left out", R"({"iss":null})"},
           {"sub left out", R"({"sub":null})"},
           {"client_id left out", R"({"client_id":null})"},
           {"iat left out", R"({"iat":null})"},
           {"exp left out", R"({"exp":null})"},
           {"jti left out", R"({"jti":null})"},
           {"txn left out", R"({"txn":null})"},
           {"authorization_details left out", R"({"authorization_details":null})"},
           {"authorization_details empty", R"({"authorization_details":[]})"},
           {"exp 1 year ahead", R"({"exp":1821536000})"},
           {"lifetime of 121 s", R"({"exp":1790000121})"},
           {"exp equal to iat", R"({"exp":1790000000})"},
           {"exp as a string", R"({"exp":"1790000030"})"},
           {"exp with a fraction", R"({"exp":1790000030.5})"},
           {"iat below zero", R"({"iat":-1,"exp":1})"},
           {"jti of 15 bytes", R"({"jti":"AAECAwQFBgcICQoLDA0O"})"},
           {"jti with trailing bits", R"({"jti":"AAECAwQFBgcICQoLDA0ODx"})"},
           {"txn as a UUID", R"({"txn":"0197c2a4-0000-7000-8000-000000000000"})"},
           {"unknown claim", R"({"scope":"all"})"},
           {"cnf", R"({"cnf":{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}})"},
           {"act without sub", R"({"act":{"act":{"sub":"a"}}})"},
           {"act as a string", R"({"act":"a"})"}});
  add_bad(
      cases, forge::token_with_details,
      {{"details of another type", R"({"type":"other"})"},
       {"locations with a second server", R"({"locations":["https://crm.example/mcp","https://other.example/mcp"]})"},
       {"locations that are not the aud", R"({"locations":["https://other.example/mcp"]})"},
       {"another action", R"({"actions":["tools/list"]})"},
       {"args_digest left out", R"({"args_digest":null})"},
       {"args_digest too short", R"({"args_digest":"AAAA"})"},
       {"attempt 0", R"({"attempt":0})"},
       {"attempt left out", R"({"attempt":null})"},
       {"call_id with a space", R"({"call_id":"two words"})"},
       {"unknown member in the details", R"({"privileges":["all"]})"}});
  const auto duplicate = R"({"aud":"https://other.example/mcp",)" + forge::payload_with().substr(1);
  cases.push_back(
      {.name = "aud twice", .result = "bad_token", .token = forge::signed_token(forge::header_with(), duplicate)});
  const auto one = forge::good_claims().authorization_details()[0];
  cases.push_back(
      {.name = "two details objects",
       .result = "bad_token",
       .token = forge::token_with_payload(Json{{"authorization_details", Json::array({one, one})}}.dump())});
}

inline void add_encodings(Cases& cases) {
  const auto good = forge::good_token();
  const auto parts = forge::parts_of(good);
  const auto add = [&](std::string name, std::string token) {
    cases.push_back({.name = std::move(name), .result = "bad_token", .token = std::move(token)});
  };
  add("empty text", "");
  add("padded signature", good + "==");
  add("padded payload", parts.header + "." + parts.payload + "=." + parts.signature);
  add("newline at the end", good + "\n");
  add("newline in the payload", parts.header + "." + parts.payload + "\n." + parts.signature);
  add("space at the start", " " + good);
  add("a byte that is not ASCII", good + "\u00e9");
  add("two parts", parts.header + "." + parts.payload);
  add("alg none without a signature",
      forge::encoded(forge::header_with(R"({"alg":"none"})")) + "." + parts.payload + ".");
  add("four parts", good + "." + parts.signature);
  add("JSON serialization",
      Json{{"protected", parts.header}, {"payload", parts.payload}, {"signature", parts.signature}}.dump());
  add("payload that is not JSON", forge::signed_token(forge::header_with(), "{"));
  add("payload that is not UTF-8", forge::signed_token(forge::header_with(), "{\"iss\":\"\xff\"}"));
  add("signature of 63 bytes", parts.header + "." + parts.payload + "." + parts.signature.substr(0, 84));
  add("larger than 8 KiB", forge::token_with_payload(R"({"sub":")" + std::string(token_bytes_max, 'x') + "\"}"));
  int variant = 0;
  for (const auto& signature : forge::trailing_bit_variants(parts.signature)) {
    add("trailing bits of the signature, variant " + std::to_string(++variant),
        parts.header + "." + parts.payload + "." + signature);
  }
}

inline void add_signatures(Cases& cases) {
  const auto good = forge::good_token();
  const auto parts = forge::parts_of(good);
  const auto input = parts.header + "." + parts.payload;
  const auto add = [&](const char* name, const char* result, std::string token) {
    cases.push_back({.name = name, .result = result, .token = std::move(token)});
  };
  const auto hs256 = forge::parts_of(forge::token_with_header(R"({"alg":"HS256"})"));
  const auto hs256_input = hs256.header + "." + hs256.payload;
  const auto mac = hmac_sha256(forge::issuer_key().verifying_key().bytes(), as_bytes(hs256_input));
  add("HS256 with the public key", "bad_token", hs256_input + "." + base64url(mac));
  add("the key of another issuer with the same kid", "bad_signature",
      forge::signed_token(forge::header_with(), forge::payload_with(), forge::key_named("another")));
  add("a payload that was changed after signing", "bad_signature",
      parts.header + "." + forge::encoded(forge::payload_with(R"({"sub":"user:mallory"})")) + "." + parts.signature);
  Signature signature = forge::issuer_key().sign(input);
  add("a signature with S plus the group order", "bad_signature", input + "." + base64url(forge::malleated(signature)));
  signature[0] ^= 1U;
  add("a signature with one bit changed", "bad_signature", input + "." + base64url(signature));
  add("a signature of zeros", "bad_signature", input + "." + base64url(Signature(64)));
  add("a key that is not in the set", "unknown_key", token_of(forge::good_claims(), forge::key_named("another")));
  cases.push_back({.name = "an empty key set", .result = "unknown_key", .jwks = Json{{"keys", Json::array()}}});
}

inline Cases token_cases() {
  Cases cases;
  add_good(cases);
  add_arguments(cases);
  add_expectations(cases);
  add_headers(cases);
  add_claims(cases);
  add_encodings(cases);
  add_signatures(cases);
  add_algorithms(cases);
  return cases;
}

}  // namespace jeton::vectors
