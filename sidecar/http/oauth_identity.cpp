// Who asks at the OAuth door: by what a request brought, looked at once and in one place.
#include "http/local_door.hpp"
#include "http/oauth_door.hpp"

namespace jeton {
namespace {

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

}  // namespace

bool names_us(const BroughtJwt& jwt, const std::string& issuer) {
  if (const auto& form = jwt.form(); form && (*form)->claims_before_verification().iss != issuer) return false;
  const auto token = UnverifiedToken::parse(jwt.text());
  return token && token->claims_before_verification().iss == issuer;
}

const OAuthDoor::Brought& OAuthDoor::brought_by(Job& job) const {
  if (job.brought == nullptr) {
    const bool is_form = is_form_path(job.request.target);
    auto form = is_form ? Form::of(job.request) : Result<Form>(Form());
    auto credentials =
        is_form ? form.map([](const Form& read) { return credentials_of(read); }) : credentials_of(job.request.body);
    job.brought = std::make_shared<const Brought>(Brought{std::move(form), std::move(credentials)});
  }
  return *static_cast<const Brought*>(job.brought.get());
}

OAuthDoor::Credentials OAuthDoor::credentials_of(const Form& form) {
  Credentials found;
  auto& presented = found.presented;
  presented.client_id = form.text("client_id");
  presented.assertion_type = form.text("client_assertion_type");
  presented.assertion = form.text("client_assertion");
  found.has_secret = form.has("client_secret");
  found.subject_token = form.text("subject_token");
  if (form.text("grant_type") == "urn:ietf:params:oauth:grant-type:jwt-bearer") {
    found.grant_assertion = form.text("assertion");
    found.lacks_grant = !found.grant_assertion;
  }
  return found;
}

Result<OAuthDoor::Credentials> OAuthDoor::credentials_of(const std::string& json) const {
  Credentials found;
  auto& presented = found.presented;
  auto body = parse_json(json, Code::bad_request, {parts_.limits.body_bytes, JsonLimits{}.depth + 1});
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

std::function<void()> OAuthDoor::errand(Job& job) const {
  if (parts_.clients == nullptr || job.request.method != "POST") return {};
  const bool subject_at_local_door = !job.caller.remote && job.request.target == "/v1/calls" &&
                                     job.request.body.find("subject_token") != std::string::npos;
  if (!is_form_path(job.request.target) && !job.caller.remote && !subject_at_local_door) return {};
  if (subject_at_local_door) {
    const auto request = decode_open(job.request.body, parts_.limits);
    return request && request->subject_token ? parts_.clients->errand(*request->subject_token)
                                             : std::function<void()>();
  }
  const auto& credentials = brought_by(job).credentials;
  if (!credentials || (credentials->has_secret && job.caller.remote)) return {};
  for (const auto* jwt :
       {&credentials->presented.assertion, &credentials->grant_assertion, &credentials->subject_token})
    if (*jwt)
      if (auto errand = parts_.clients->errand(**jwt)) return errand;
  return {};
}

bool OAuthDoor::identify(Job& job) {
  const bool needs_client = job.caller.remote && job.request.method == "POST";
  const bool is_grant = job.request.method == "POST" && job.request.target == "/oauth2/token";
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
  const auto& credentials = brought_by(job).credentials;
  if (!job.caller.remote) {
    // A refusal to somebody here is on record, so the tick gives it.
    if (!credentials || !credentials->grant_assertion) return true;
    if (auto agent = agent_by_grant(*credentials)) job.caller.client = std::move(*agent);
    return true;
  }
  if (!credentials) {
    if (is_form_path(job.request.target)) return deny({credentials.error()});
    return deny(
        {{Code::unattested_peer, "this path looks for a proof of who asks in a JSON body, which this is none"}});
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
  auto presented = credentials->presented;
  presented.certificate = job.caller.certificate;
  // Asked to prove itself, it would add what is then too much.
  if (credentials->lacks_grant && !presented.assertion && !presented.certificate)
    return deny(
        {{Code::bad_request, "the jwt-bearer grant needs the platform's token in assertion, and no other proof"}});
  auto client = parts_.clients->authenticate(presented);
  if (!client) return deny({client.error(), "invalid_client"});
  job.caller.client = std::move(*client);
  // Not in the middle of the transaction, which others wait for too.
  if (credentials->subject_token) parts_.clients->judge_ahead(*credentials->subject_token);
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

std::optional<OAuthRefusal> OAuthDoor::refusal_of_grant(Job& job, GrantType grant) const {
  if (grant != GrantType::jwt_bearer || job.caller.client) return std::nullopt;
  const auto& credentials = brought_by(job).credentials;
  if (!credentials) return OAuthRefusal{credentials.error()};
  auto agent = agent_by_grant(*credentials);
  if (!agent) return std::move(agent.error());
  return OAuthRefusal{{Code::unknown_key, "the keys of the assertion's issuer came a moment late; try again"},
                      "invalid_grant"};
}

bool OAuthDoor::says_who_asks_here(Job& job) const {
  if (job.caller.remote) return false;
  const auto& credentials = brought_by(job).credentials;
  return credentials && (credentials->presented.assertion || credentials->presented.assertion_type);
}

}  // namespace jeton
