// What OAuth clients are told: errors in their words, and documents to find us by.
#include "http/oauth_door.hpp"

namespace jeton {
namespace {

/// RFC 6749 section 5.2 leaves out quotes and backslashes.
std::string description_of(std::string text) {
  for (auto& c : text)
    if (c < ' ' || c > '~' || c == '"' || c == '\\') c = '\'';
  return text;
}

int status_of(const CodeFacts& row, std::string_view name) {
  if (name == "invalid_client") return 401;
  return row.http == 429 || row.http >= 500 ? row.http : 400;
}

}  // namespace

Response oauth_problem(const OAuthRefusal& refusal) {
  const auto& error = refusal.error;
  const auto& row = facts(error.code);
  const auto name = refusal.name.empty() ? row.oauth : refusal.name;
  Json body{{"error", name}, {"error_description", description_of(error.message)}, {"code", row.name}};
  if (error.txn) body["txn"] = *error.txn;
  if (error.log_index) body["log_index"] = *error.log_index;
  Response response{status_of(row, name), "application/json", body.dump(), false, error.code};
  return response;
}

Json authorization_server_metadata(const Metadata& about) {
  const auto base = about.issuer.substr(0, about.issuer.size() - (about.issuer.ends_with('/') ? 1 : 0));
  const auto at = [&base](std::string_view path) { return base + std::string(path); };
  Json methods = Json::array({"private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth"});
  const Json algs = Json::array({"EdDSA", "ES256", "RS256"});
  if (!about.over_network) methods = Json::array({"none"});
  Json document{{"issuer", about.issuer},
                // Needed by none of these grants; but clients that know others refuse metadata without it.
                {"authorization_endpoint", at("/oauth2/authorize")},
                {"token_endpoint", at("/oauth2/token")},
                {"introspection_endpoint", at("/oauth2/introspect")},
                {"revocation_endpoint", at("/oauth2/revoke")},
                {"jwks_uri", at("/oauth2/jwks")},
                // Needed, and no list may be empty (sections 2 and 3.2).
                {"response_types_supported", Json::array({"none"})},
                {"grant_types_supported",
                 {"client_credentials", "urn:ietf:params:oauth:grant-type:token-exchange",
                  "urn:ietf:params:oauth:grant-type:jwt-bearer"}},
                {"token_endpoint_auth_methods_supported", methods},
                {"introspection_endpoint_auth_methods_supported", methods},
                {"revocation_endpoint_auth_methods_supported", methods},
                {"authorization_details_types_supported", Json::array({authorization_type})},
                {"service_documentation", at("/openapi.json")}};
  if (about.over_network)
    for (const char* endpoint : {"token", "introspection", "revocation"})
      document[std::string(endpoint) + "_endpoint_auth_signing_alg_values_supported"] = algs;
  return document;
}

Json openid_configuration(const Metadata& about) {
  auto document = authorization_server_metadata(about);
  // No person signs in here. Readers of keys want the document all the same, with the members it must have.
  document["subject_types_supported"] = Json::array({"public"});
  document["id_token_signing_alg_values_supported"] = about.token_algs;
  return document;
}

}  // namespace jeton
