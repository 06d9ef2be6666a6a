// The well-known paths of OpenID Connect Discovery 1.0 section 4 and RFC 8414 section 3.1 as files.
#include "http/static_documents.hpp"

#include <set>

#include <fmt/core.h>

#include "identity/roles.hpp"

namespace jeton {
namespace {

/// "/a/b" of https://host/a/b; nothing where a step of it is empty or leads elsewhere.
std::optional<std::string> path_of(std::string_view issuer) {
  const auto slash = issuer.find('/', issuer.find("://") + 3);
  std::string path(slash == issuer.npos ? std::string_view() : issuer.substr(slash));
  if (path == "/") return "";
  for (std::size_t at = 0; at < path.size();) {
    const auto end = std::min(path.find('/', at + 1), path.size());
    const auto step = path.substr(at + 1, end - at - 1);
    if (step.empty() || step.starts_with('.') || step.find_first_of("%?") != step.npos) return std::nullopt;
    at = end;
  }
  return path;
}

std::string text_of(const Json& document) {
  return document.dump(1, ' ', false, Json::error_handler_t::replace) + '\n';
}

Json algorithms_of(const Json& jwks) {
  std::set<std::string> names;
  for (const auto& key : jwks.value("keys", Json::array()))
    if (key.is_object() && key.value("alg", Json()).is_string()) names.insert(key.at("alg").get<std::string>());
  return names;
}

Json server_document(std::string_view issuer) {
  auto base = std::string(issuer);
  if (base.ends_with('/')) base.pop_back();
  return {{"issuer", issuer}, {"jwks_uri", base + "/jwks"}, {"response_types_supported", Json::array({"none"})}};
}

}  // namespace

Json openid_document(std::string_view issuer, const Json& algorithms) {
  auto document = server_document(issuer);
  // No person signs in here. Readers of keys want these members all the same.
  document["authorization_endpoint"] = "urn:jeton:no-authorization-endpoint";
  document["response_types_supported"] = Json::array({"id_token"});
  document["subject_types_supported"] = Json::array({"public"});
  document["id_token_signing_alg_values_supported"] = algorithms;
  return document;
}

Result<std::vector<StaticFile>> static_documents(std::string_view issuer, const Json& jwks) {
  const bool is_url = (issuer.starts_with("https://") || issuer.starts_with("http://")) && is_server_name(issuer);
  const auto path = is_url ? path_of(issuer) : std::nullopt;
  if (!path)
    return refuse(Code::bad_request, fmt::format("{} is no issuer that files can be fetched from; write issuer = "
                                                 "\"https://...\" in jeton.toml and restart jetond",
                                                 issuer));
  const auto server = text_of(server_document(issuer));
  const auto document = openid_document(issuer, algorithms_of(jwks));
  const auto below = path->empty() ? "" : path->substr(1) + '/';
  return std::vector<StaticFile>{{below + "jwks", text_of(jwks)},
                                 {below + ".well-known/openid-configuration", text_of(document)},
                                 {".well-known/oauth-authorization-server" + *path, server}};
}

}  // namespace jeton
