// Who asks, and then the same functions that the local door calls.
#include "http/oauth_door.hpp"

#include <set>

#include <fmt/core.h>

#include "http/local_door.hpp"
#include "http/members.hpp"
#include "http/openapi.hpp"
#include "http/paths.hpp"
#include "http/static_documents.hpp"

namespace jeton {
namespace {

constexpr std::string_view token_path = "/oauth2/token", introspect_path = "/oauth2/introspect",
                           revoke_path = "/oauth2/revoke", jwks_path = "/oauth2/jwks",
                           metadata_path = "/.well-known/oauth-authorization-server",
                           openid_path = "/.well-known/openid-configuration", openapi_path = "/openapi.json",
                           federation_jwks_path = "/federation/jwks",
                           federation_openid_path = "/federation/.well-known/openid-configuration";

bool is_form_path(std::string_view target) {
  return target == token_path || target == introspect_path || target == revoke_path;
}

bool is_url(std::string_view issuer) { return issuer.starts_with("https://") || issuer.starts_with("http://"); }

/// The path of an issuer that has one: it stands behind the well-known name of RFC 8414 and before that of OpenID,
/// without a slash at its end (RFC 8414 section 3).
std::string_view path_of(std::string_view issuer) {
  if (issuer.ends_with('/')) issuer.remove_suffix(1);
  const auto host = issuer.find("://");
  const auto slash = host == issuer.npos ? issuer.npos : issuer.find('/', host + 3);
  return slash == issuer.npos ? std::string_view() : issuer.substr(slash);
}

/// RFC 6749 section 5.2: a client that tried a header is told the scheme. None of them is one of ours.
std::string challenge_for(const std::string& authorization) {
  const auto scheme = authorization.substr(0, authorization.find(' '));
  return scheme == "Bearer" || scheme == "DPoP" ? scheme : "Basic realm=\"jeton\"";
}

/// Only what a request can be refused for before anybody looks at its body.
std::optional<Response> refusal_of_header(const Request& request) {
  if (request.authorization.empty()) return std::nullopt;
  if (request.authorization.size() > 1)
    return oauth_problem({{Code::bad_request, "more than one Authorization header"}});
  auto response = oauth_problem(
      {{Code::unattested_peer, "clients authenticate by private_key_jwt or a certificate, not by a header"}});
  response.challenge = challenge_for(request.authorization.front());
  return response;
}

Json answer_of(const Minted& minted, const TokenRequest& request) {
  TokenClaims granted;
  granted.aud = *request.open.server;
  granted.tool = request.open.call.tool;
  granted.digest = request.open.call.digest;
  granted.call_id = minted.call_id;
  granted.attempt = minted.attempt;
  Json body{{"access_token", minted.token.expose_for_transport()},
            {"token_type", "Bearer"},
            {"expires_in", minted.expires_in},
            {"authorization_details", granted.authorization_details()},
            {"txn", minted.txn.text()},
            {"log_index", minted.log_index}};
  if (request.grant == GrantType::token_exchange) body["issued_token_type"] = token_type_access;
  return body;
}

/// RFC 7521 section 4.1: what proves a client beside a grant would have to be looked at, and the grant says already who
/// it is. A name beside it is that of the agent, or what its issuer calls it.
std::optional<OAuthRefusal> refusal_of_beside(const Presented& presented, const ProvenClient& agent) {
  if (presented.assertion || presented.assertion_type)
    return OAuthRefusal{{Code::bad_request, "the assertion says who asks; leave client_assertion out"}};
  const auto& said = presented.client_id;
  if (said && *said != agent.name && *said != agent.subject)
    return OAuthRefusal{{Code::unattested_peer, "client_id is not whom the assertion is of"}, "invalid_grant"};
  return std::nullopt;
}

/// RFC 8693 section 2.2.2: whatever is wrong with a token that was brought, the request is invalid.
OAuthRefusal of_token_endpoint(Error error) {
  const bool of_token = facts(error.code).oauth == "invalid_token";
  return {std::move(error), of_token ? std::string_view("invalid_request") : std::string_view()};
}

}  // namespace

Response problem_at(std::string_view target, const Error& error) {
  return is_form_path(target) ? oauth_problem({error}) : problem(error);
}

bool names_us(std::string_view text, const std::string& issuer) {
  const auto token = UnverifiedToken::parse(text);
  return token && token->claims_before_verification().iss == issuer;
}

Result<OAuthDoor::Credentials> OAuthDoor::credentials_of(const Request& request) const {
  Credentials found;
  auto& presented = found.presented;
  if (is_form_path(request.target)) {
    const auto form = Form::of(request);
    if (!form) return refuse(form.error());
    presented.client_id = form->text("client_id");
    presented.assertion_type = form->text("client_assertion_type");
    presented.assertion = form->text("client_assertion");
    found.has_secret = form->has("client_secret");
    found.subject_token = form->text("subject_token");
    if (form->text("grant_type") == "urn:ietf:params:oauth:grant-type:jwt-bearer")
      found.grant_assertion = form->text("assertion");
    return found;
  }
  auto body = parse_json(request.body, Code::bad_request, {parts_.limits.body_bytes, JsonLimits{}.depth + 1});
  if (!body) return refuse(body.error());
  if (!body->is_object()) return refuse(Code::bad_request, "the body must be a JSON object");
  const auto text = [&body](const char* name) {
    const auto member = body->find(name);
    return member != body->end() && member->is_string() ? std::optional(member->get<std::string>()) : std::nullopt;
  };
  presented.client_id = text("client_id");
  presented.assertion_type = text("client_assertion_type");
  presented.assertion = text("client_assertion");
  return found;
}

std::function<void()> OAuthDoor::errand(const Job& job) const {
  if (parts_.clients == nullptr || job.request.method != "POST") return {};
  const bool subject_at_local_door = !job.caller.remote && job.request.target == "/v1/calls" &&
                                     job.request.body.find("subject_token") != std::string::npos;
  if (!is_form_path(job.request.target) && !job.caller.remote && !subject_at_local_door) return {};
  if (subject_at_local_door) {
    const auto request = decode_open(job.request.body, parts_.limits);
    return request && request->subject_token ? parts_.clients->errand(*request->subject_token)
                                             : std::function<void()>();
  }
  const auto credentials = credentials_of(job.request);
  if (!credentials || (credentials->has_secret && job.caller.remote)) return {};
  for (const auto& jwt : {credentials->presented.assertion, credentials->grant_assertion, credentials->subject_token}) {
    if (!jwt || names_us(*jwt, parts_.issuer)) continue;
    if (auto errand = parts_.clients->errand(*jwt)) return errand;
  }
  return {};
}

bool OAuthDoor::identify(Job& job) {
  const bool needs_client = job.caller.remote && job.request.method == "POST";
  const bool is_grant = job.request.method == "POST" && job.request.target == token_path;
  if (job.fault || job.caller.client || (!needs_client && !is_grant)) return true;
  const auto deny = [&job](OAuthRefusal refusal) {
    job.response = is_form_path(job.request.target) ? oauth_problem(refusal) : problem(refusal.error);
    return false;
  };
  if (job.caller.remote)
    if (auto refusal = refusal_of_header(job.request)) {
      job.response = std::move(*refusal);
      return false;
    }
  auto credentials = credentials_of(job.request);
  if (!job.caller.remote) {
    // A refusal to somebody here is on record, so the tick gives it.
    if (!credentials || !credentials->grant_assertion) return true;
    if (auto agent = agent_by_grant(*credentials)) job.caller.client = std::move(*agent);
    return true;
  }
  if (!credentials) {
    if (is_form_path(job.request.target)) return deny({credentials.error()});
    return deny({{Code::unattested_peer, "nothing in this body proves who asks"}});
  }
  if (credentials->has_secret)
    return deny({{Code::unattested_peer, "a secret that works for months is what this replaces; use private_key_jwt"}});
  if (credentials->grant_assertion) {
    auto agent = agent_by_grant(*credentials);
    if (!agent) return deny(std::move(agent.error()));
    job.caller.client = std::move(*agent);
    return true;
  }
  if (parts_.clients == nullptr)
    return deny({{Code::unattested_peer, "no client over the network is configured; see keys of [[agent]]"}});
  credentials->presented.certificate = job.caller.certificate;
  auto client = parts_.clients->authenticate(credentials->presented);
  if (!client) return deny({client.error(), "invalid_client"});
  job.caller.client = std::move(*client);
  return true;
}

tl::expected<ProvenClient, OAuthRefusal> OAuthDoor::agent_by_grant(const Credentials& credentials) const {
  if (parts_.clients == nullptr)
    return tl::unexpected(OAuthRefusal{{Code::unknown_agent, "no [[trusted_issuer]] is configured"}, "invalid_grant"});
  auto agent = parts_.clients->agent_of_assertion(*credentials.grant_assertion);
  if (!agent) return tl::unexpected(OAuthRefusal{agent.error(), "invalid_grant"});
  if (auto no = refusal_of_beside(credentials.presented, *agent)) return tl::unexpected(std::move(*no));
  return std::move(*agent);
}

std::optional<OAuthRefusal> OAuthDoor::refusal_of_grant(const Job& job, GrantType grant) const {
  if (grant != GrantType::jwt_bearer || job.caller.client) return std::nullopt;
  const auto credentials = credentials_of(job.request);
  if (!credentials) return OAuthRefusal{credentials.error()};
  auto agent = agent_by_grant(*credentials);
  if (!agent) return std::move(agent.error());
  return OAuthRefusal{{Code::unknown_key, "the keys of the assertion's issuer came a moment late; try again"},
                      "invalid_grant"};
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

std::optional<Response> OAuthDoor::route(const Job& job) {
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
  if (const auto said = caller.remote ? Credentials{} : credentials_of(request).value_or(Credentials{});
      said.presented.assertion || said.presented.assertion_type)
    return refused(caller, {{Code::bad_request, "on the socket the kernel says who asks; leave client_assertion out"}},
                   Verb::request);
  if (request.target == token_path) return token(job);
  return request.target == introspect_path ? introspect(request, caller) : revoke(request, caller);
}

Response OAuthDoor::refused(const Caller& caller, OAuthRefusal refusal, Verb verb) {
  refusal.error = parts_.exchange.refused(caller, std::move(refusal.error), Refusal{verb});
  return oauth_problem(refusal);
}

Result<Delegation> OAuthDoor::delegation_of(const std::optional<std::string>& subject_token,
                                            const Caller& caller) const {
  if (!subject_token) return Delegation{};
  if (names_us(*subject_token, parts_.issuer)) return Delegation{.parent_token = subject_token};
  const auto* agent = parts_.roles.agent_of(caller);
  if (agent == nullptr) return Delegation{};  // refused for that anyway, and told so
  if (parts_.clients == nullptr)
    return refuse(Code::wrong_issuer, "no [[trusted_issuer]] is configured, so no user's token is taken");
  auto user = parts_.clients->subject_of(*subject_token, agent->spiffe_id);
  if (!user) return refuse(user.error());
  return Delegation{.user = std::move(*user)};
}

std::function<void()> OAuthDoor::engine_errand(Job& job, EngineErrands& engine) const {
  const auto form = Form::of(job.request);
  if (!form) return {};
  auto asked = decode_token_request(*form, parts_.limits);
  if (!asked || refusal_of_grant(job, asked->grant)) return {};
  auto delegation = delegation_of(asked->subject_token, job.caller);
  if (!delegation) return {};
  if (asked->txn)
    return engine.errand(
        job, MintRequest{*asked->txn, *asked->open.server, std::move(asked->open.call), std::move(*delegation)});
  asked->open.delegation = std::move(*delegation);
  return engine.errand(job, asked->open);
}

Response OAuthDoor::token(const Job& job) {
  const auto& caller = job.caller;
  if (job.stalled) return oauth_problem({unasked()});
  const auto form = Form::of(job.request);
  if (!form) return refused(caller, {form.error()}, Verb::open);
  auto asked = decode_token_request(*form, parts_.limits);
  if (!asked) return refused(caller, asked.error(), Verb::open);
  if (auto no = refusal_of_grant(job, asked->grant)) return refused(caller, std::move(*no), Verb::open);
  asked->open.call.verdict = job.verdict;
  auto delegation = delegation_of(asked->subject_token, caller);
  if (!delegation) return refused(caller, of_token_endpoint(delegation.error()), Verb::open);
  if (asked->txn) {
    const auto minted =
        parts_.exchange.mint(caller, {*asked->txn, *asked->open.server, asked->open.call, std::move(*delegation)});
    return minted ? answer_with(answer_of(*minted, *asked)) : oauth_problem(of_token_endpoint(minted.error()));
  }
  asked->open.delegation = std::move(*delegation);
  const auto opened = parts_.exchange.open(caller, asked->open);
  return opened ? answer_with(answer_of(*opened->minted, *asked)) : oauth_problem(of_token_endpoint(opened.error()));
}

Response OAuthDoor::introspect(const Request& request, const Caller& caller) {
  const auto form = Form::of(request);
  if (!form) return refused(caller, {form.error()}, Verb::request);
  const auto token = form->text("token");
  if (!token) return refused(caller, {{Code::bad_request, "token is needed"}}, Verb::request);
  const auto claims = parts_.exchange.introspect(caller, *token);
  if (!claims) return answer_with({{"active", false}});
  auto body = claims->json();
  body["active"] = true;
  body["token_type"] = "Bearer";
  return answer_with(body);
}

std::optional<RevokeRequest> OAuthDoor::revocation_of(const Request& request) const {
  if (request.method != "POST" || request.target != revoke_path) return std::nullopt;
  const auto form = Form::of(request);
  const auto token = form ? form->text("token") : std::nullopt;
  const auto jti = token ? parts_.exchange.live_token(*token) : std::nullopt;
  return jti ? std::optional(RevokeRequest{.jti = jti}) : std::nullopt;
}

Response OAuthDoor::revoke(const Request& request, const Caller& caller) {
  const auto form = Form::of(request);
  if (!form) return refused(caller, {form.error()}, Verb::revoke);
  if (!form->has("token")) return refused(caller, {{Code::bad_request, "token is needed"}}, Verb::revoke);
  const auto asked = revocation_of(request);
  // RFC 7009 section 2.2: an invalid token is ended already, and saying so helps nobody.
  if (!asked) return answer_with(Json::object());
  const auto revoked = parts_.exchange.revoke(caller, *asked);
  return revoked ? answer_with(Json::object()) : oauth_problem({revoked.error()});
}

}  // namespace jeton
