// What is asked, put to the same functions that the local door calls.
#include "http/oauth_door.hpp"

#include <set>

#include <fmt/core.h>

#include "http/local_door.hpp"
#include "http/openapi.hpp"
#include "http/paths.hpp"
#include "http/static_documents.hpp"

namespace jeton {
namespace {

constexpr std::string_view authorize_path = "/oauth2/authorize", token_path = "/oauth2/token",
                           introspect_path = "/oauth2/introspect", revoke_path = "/oauth2/revoke",
                           jwks_path = "/oauth2/jwks", metadata_path = "/.well-known/oauth-authorization-server",
                           openid_path = "/.well-known/openid-configuration", openapi_path = "/openapi.json",
                           federation_jwks_path = "/federation/jwks",
                           federation_openid_path = "/federation/.well-known/openid-configuration";

bool is_url(std::string_view issuer) { return issuer.starts_with("https://") || issuer.starts_with("http://"); }

/// The path of an issuer that has one: it stands behind the well-known name of RFC 8414 and before that of OpenID,
/// without a slash at its end (RFC 8414 section 3).
std::string_view path_of(std::string_view issuer) {
  if (issuer.ends_with('/')) issuer.remove_suffix(1);
  const auto host = issuer.find("://");
  const auto slash = host == issuer.npos ? issuer.npos : issuer.find('/', host + 3);
  return slash == issuer.npos ? std::string_view() : issuer.substr(slash);
}

/// What most requests are answered with is written without a tree of it; but for the names in the details, nothing in
/// it needs escaping.
Response answer_with(const Minted& minted, const TokenRequest& request) {
  TokenClaims granted;
  granted.aud = *request.open.server;
  granted.tool = request.open.call.tool;
  granted.digest = request.open.call.digest;
  granted.call_id = minted.call_id;
  granted.attempt = minted.attempt;
  const auto issued = request.grant == GrantType::token_exchange
                          ? fmt::format(R"("issued_token_type":"{}",)", token_type_access)
                          : std::string();
  return {200, "application/json",
          fmt::format(R"({{"access_token":"{}","authorization_details":{},"expires_in":{},{}"log_index":{},)"
                      R"("token_type":"Bearer","txn":"{}"}})",
                      minted.token.expose_for_transport(), granted.authorization_details_text(), minted.expires_in,
                      issued, minted.log_index, minted.txn.text())};
}

/// RFC 8693 section 2.2.2: whatever is wrong with a token that was brought, the request is invalid.
OAuthRefusal of_token_endpoint(Error error) {
  const bool of_token = facts(error.code).oauth == "invalid_token";
  return {std::move(error), of_token ? std::string_view("invalid_request") : std::string_view()};
}

}  // namespace

bool is_form_path(std::string_view target) {
  return target == token_path || target == introspect_path || target == revoke_path;
}

Response problem_at(std::string_view target, const Error& error) {
  return is_form_path(target) ? oauth_problem({error}) : problem(error);
}

bool OAuthDoor::answer_from_memory(Job& job) const {
  if (job.request.method != "GET" || !job.request.body.empty()) return false;
  const auto& target = job.request.target;
  if (target == jwks_path) {
    job.response = answer_with(parts_.keys.jwks());
    job.response.content_type = "application/jwk-set+json";
    job.response.may_cache = true;
    return true;
  }
  // RFC 6749 section 4.1.2.1, but for sending a browser on: nobody is registered, so there is nowhere to send it.
  if (target.substr(0, target.find('?')) == authorize_path) {
    job.response = oauth_problem({{Code::bad_request,
                                   "nobody signs in here; tokens come from the token endpoint, by client_credentials, "
                                   "token exchange or jwt-bearer"},
                                  "unsupported_response_type"});
    return true;
  }
  if (target == openapi_path) {
    job.response.body = openapi_document();
    job.response.may_cache = true;
    return true;
  }
  const auto& issuer = parts_.issuer;
  if (!is_url(issuer)) return false;
  if (answer_about_federation(job)) return true;
  const Metadata about{issuer, parts_.keys.algorithms(), job.caller.remote.has_value()};
  const auto path = path_of(issuer);
  const bool is_oauth = target == metadata_path || target == fmt::format("{}{}", metadata_path, path);
  const bool is_openid = target == openid_path || target == fmt::format("{}{}", path, openid_path);
  if (!is_oauth && !is_openid) return false;
  job.response = answer_with(is_oauth ? authorization_server_metadata(about) : openid_configuration(about));
  job.response.may_cache = true;
  return true;
}

bool OAuthDoor::answer_about_federation(Job& job) const {
  const auto& parties = parts_.roles.entries().relying_parties;
  if (parts_.federation == nullptr || parties.empty()) return false;
  const auto& target = job.request.target;
  const bool is_keys = target == federation_jwks_path;
  const bool is_openid =
      target == federation_openid_path || target == fmt::format("{}{}", path_of(parts_.issuer), federation_openid_path);
  if (!is_keys && !is_openid) return false;
  if (is_keys) {
    job.response = answer_with(parts_.federation->jwks());
    job.response.content_type = "application/jwk-set+json";
  } else {
    std::set<std::string> names;
    for (const auto algorithm : algorithms_of(parties)) names.emplace(name_of(algorithm));
    job.response = answer_with(openid_document(federation_issuer(parts_.issuer), Json(names)));
  }
  job.response.may_cache = true;
  return true;
}

std::optional<Response> OAuthDoor::route(Job& job) {
  const auto& request = job.request;
  const auto& caller = job.caller;
  if (!is_form_path(request.target)) return std::nullopt;
  if (const auto method = method_instead(request.method, request.target)) {
    auto response = refused(caller, {takes_only(*method)}, Verb::request);
    response.status = method_not_allowed;
    response.allow = std::string(*method);
    return response;
  }
  if (request.authorization.size() > 1)
    return refused(caller, {{Code::bad_request, "more than one Authorization header"}}, Verb::request);
  if (says_who_asks_here(job))
    return refused(caller, {{Code::bad_request, "on the socket the kernel says who asks; leave client_assertion out"}},
                   Verb::request);
  if (request.target == token_path) return token(job);
  return request.target == introspect_path ? introspect(job) : revoke(job);
}

Response OAuthDoor::refused(const Caller& caller, OAuthRefusal refusal, Verb verb) {
  refusal.error = parts_.exchange.refused(caller, std::move(refusal.error), Refusal{verb});
  return oauth_problem(refusal);
}

Result<Delegation> OAuthDoor::delegation_of(const std::optional<BroughtJwt>& subject_token,
                                            const Caller& caller) const {
  if (!subject_token) return Delegation{};
  if (names_us(*subject_token, parts_.issuer)) return Delegation{.parent_token = subject_token->text()};
  const auto* agent = parts_.roles.agent_of(caller);
  if (agent == nullptr) return Delegation{};  // refused for that anyway, and told so
  if (parts_.clients == nullptr)
    return refuse(Code::wrong_issuer, "no [[trusted_issuer]] is configured, so no user's token is taken");
  auto user = parts_.clients->subject_of(*subject_token, agent->spiffe_id);
  if (!user) return refuse(user.error());
  return Delegation{.user = std::move(*user)};
}

Result<Delegation> OAuthDoor::delegation_of(Job& job, GrantType grant) const {
  if (grant != GrantType::token_exchange) return Delegation{};
  return delegation_of(brought_by(job).credentials->subject_token, job.caller);
}

std::function<void()> OAuthDoor::engine_errand(Job& job, EngineErrands& engine) const {
  const auto& form = brought_by(job).form;
  if (!form) return {};
  auto asked = decode_token_request(*form, parts_.limits);
  if (!asked || refusal_of_grant(job, asked->grant)) return {};
  auto delegation = delegation_of(job, asked->grant);
  if (!delegation) return {};
  if (asked->txn)
    return engine.errand(
        job, MintRequest{*asked->txn, *asked->open.server, std::move(asked->open.call), std::move(*delegation)});
  asked->open.delegation = std::move(*delegation);
  return engine.errand(job, asked->open);
}

Response OAuthDoor::token(Job& job) {
  const auto& caller = job.caller;
  if (job.stalled) return oauth_problem({unasked()});
  const auto& form = brought_by(job).form;
  if (!form) return refused(caller, {form.error()}, Verb::open);
  auto asked = decode_token_request(*form, parts_.limits);
  if (!asked) return refused(caller, asked.error(), Verb::open);
  if (auto no = refusal_of_grant(job, asked->grant)) return refused(caller, std::move(*no), Verb::open);
  asked->open.call.verdict = job.verdict;
  auto delegation = delegation_of(job, asked->grant);
  if (!delegation) return refused(caller, of_token_endpoint(delegation.error()), Verb::open);
  if (asked->txn) {
    const auto minted =
        parts_.exchange.mint(caller, {*asked->txn, *asked->open.server, asked->open.call, std::move(*delegation)});
    return minted ? answer_with(*minted, *asked) : oauth_problem(of_token_endpoint(minted.error()));
  }
  asked->open.delegation = std::move(*delegation);
  const auto opened = parts_.exchange.open(caller, asked->open);
  return opened ? answer_with(*opened->minted, *asked) : oauth_problem(of_token_endpoint(opened.error()));
}

bool OAuthDoor::answer_query(Job& job) const {
  const auto& request = job.request;
  if (request.method != "POST" || request.target != introspect_path) return false;
  if (request.authorization.size() > 1 || says_who_asks_here(job)) return false;
  const auto& form = brought_by(job).form;
  const auto token = form ? form->text("token") : std::nullopt;
  if (!token) return false;
  job.response = description_of(*token, job.caller);
  return true;
}

Response OAuthDoor::introspect(Job& job) {
  const auto& form = brought_by(job).form;
  if (!form) return refused(job.caller, {form.error()}, Verb::request);
  const auto token = form->text("token");
  if (!token) return refused(job.caller, {{Code::bad_request, "token is needed"}}, Verb::request);
  return description_of(*token, job.caller);
}

Response OAuthDoor::description_of(std::string_view token, const Caller& caller) const {
  const auto claims = parts_.exchange.introspect(caller, token);
  if (!claims) return answer_with({{"active", false}});
  // RFC 7662 section 2.2: the members of the claims, and two in front of them.
  return {200, "application/json", R"({"active":true,"token_type":"Bearer",)" + claims->substr(1), false};
}

std::optional<RevokeRequest> OAuthDoor::revocation_of(const Request& request) const {
  if (request.method != "POST" || request.target != revoke_path) return std::nullopt;
  const auto form = Form::of(request);
  const auto token = form ? form->text("token") : std::nullopt;
  const auto jti = token ? parts_.exchange.live_token(*token) : std::nullopt;
  return jti ? std::optional(RevokeRequest{.jti = jti}) : std::nullopt;
}

Response OAuthDoor::revoke(Job& job) {
  const auto& caller = job.caller;
  const auto& form = brought_by(job).form;
  if (!form) return refused(caller, {form.error()}, Verb::revoke);
  if (!form->has("token")) return refused(caller, {{Code::bad_request, "token is needed"}}, Verb::revoke);
  const auto asked = revocation_of(job.request);
  // RFC 7009 section 2.2: an invalid token is ended already, and saying so helps nobody.
  if (!asked) return answer_with(Json::object());
  const auto revoked = parts_.exchange.revoke(caller, *asked);
  return revoked ? answer_with(Json::object()) : oauth_problem({revoked.error()});
}

}  // namespace jeton
