// Who is believed over the network: an assertion, a certificate or a token is held against the configuration.
#include "identity/trusted_clients.hpp"

#include <algorithm>
#include <array>

#include <fmt/core.h>

namespace jeton {
namespace {

constexpr std::string_view by_jwt = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
constexpr std::string_view by_svid = "urn:ietf:params:oauth:client-assertion-type:jwt-spiffe";

/// What `typ` may be. An access token, of ours or of anybody, is no proof of who sends it.
constexpr std::array<std::string_view, 3> identity_types{"", "jwt", "jose"};
constexpr std::array<std::string_view, 4> assertion_types{"", "jwt", "jose", "client-authentication+jwt"};
constexpr std::array<std::string_view, 4> subject_types{"", "jwt", "jose", "at+jwt"};

template <std::size_t size>
bool is_one_of(const std::array<std::string_view, size>& all, std::string_view one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

bool contains(const std::vector<std::string>& all, std::string_view one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

/// The authority of a SPIFFE ID as an issuer: "spiffe://acme.example" of "spiffe://acme.example/ns/billing".
std::optional<std::string_view> trust_domain_of(std::string_view spiffe_id) {
  constexpr std::string_view scheme = "spiffe://";
  if (!spiffe_id.starts_with(scheme)) return std::nullopt;
  const auto path = spiffe_id.find('/', scheme.size());
  if (path == spiffe_id.npos || path == scheme.size()) return std::nullopt;
  return spiffe_id.substr(0, path);
}

/// A JWT-SVID may have no `iss`: its keys are those of its trust domain (SPIFFE JWT-SVID section 3).
std::string_view issuer_of(const JwtClaims& claims) {
  if (claims.iss) return *claims.iss;
  return trust_domain_of(claims.sub).value_or("");
}

tl::unexpected<Error> unproved(const std::string& why) {
  return refuse(Code::unattested_peer, "the client did not prove itself: " + why);
}

tl::unexpected<Error> not_of_whom_it_says() { return unproved("client_id is not whom the assertion is of"); }

/// What a client is told of its proof is one code, but for who is genuine and nobody here.
Error as_unproved(Error error) {
  if (error.code == Code::unknown_agent || error.code == Code::rate_limited || error.code == Code::unattested_peer)
    return error;
  return unproved(error.message).value();
}

ProvenClient client_of(const TrustedClient& trusted, std::string_view method) {
  return {trusted.part, trusted.name, std::string(method)};
}

}  // namespace

TrustedClients::TrustedClients(Parts parts) : parts_(std::move(parts)), started_boot_us_(parts_.clock.boot_us()) {}

Result<TrustedClients::Prepared> TrustedClients::prepare(Trust trust) const {
  Prepared prepared{std::move(trust), {}};
  for (const auto& entry : prepared.trust.issuers) {
    auto& keys = prepared.keys[entry.issuer];
    if (keys) continue;
    const IssuerKeys::Source source{entry.issuer, entry.jwks, entry.authorities};
    const auto known = keys_.find(entry.issuer);
    const bool at_hand = known != keys_.end() && known->second->source() == source;
    keys = at_hand ? known->second : std::make_shared<IssuerKeys>(source, parts_.fetch, parts_.clock, parts_.owner);
    if (!keys->is_file()) continue;
    if (auto read = keys->read_now(); !read) return refuse(read.error());
  }
  return prepared;
}

void TrustedClients::adopt(Prepared prepared) {
  trust_ = std::move(prepared.trust);
  keys_ = std::move(prepared.keys);
  for (const auto& [issuer, keys] : keys_)
    if (!keys->is_file()) keys->expire();
}

std::shared_ptr<IssuerKeys> TrustedClients::keys_of(const UnverifiedJwt& jwt) const {
  const auto found = keys_.find(issuer_of(jwt.claims_before_verification()));
  return found == keys_.end() ? nullptr : found->second;
}

std::function<void()> TrustedClients::errand(const BroughtJwt& brought) {
  if (keys_.empty() || !brought.form()) return {};
  const auto& jwt = **brought.form();
  const auto keys = keys_of(jwt);
  const auto& header = jwt.header();
  if (!keys || !keys->worth_refreshing(header.kid, header.algorithm)) return {};
  return [keys, lacking = keys->lacks(header.kid, header.algorithm)] { keys->refresh(lacking); };
}

void TrustedClients::judge_ahead(const BroughtJwt& brought) {
  if (!brought.form()) return;
  const auto source = keys_of(**brought.form());
  const auto keys = source ? source->current() : nullptr;
  if (keys) (void)brought.judged_by(keys);
}

Result<TrustedClients::Accepted> TrustedClients::accept(const BroughtJwt& brought, Use use) const {
  if (!brought.form()) return refuse(brought.form().error());
  const auto& jwt = *brought.form();
  const bool fits =
      use == Use::identity ? is_one_of(identity_types, jwt->header().typ) : is_one_of(subject_types, jwt->header().typ);
  if (!fits) return refuse(Code::bad_token, "the JWT has a typ that says it is for something else");
  const auto issuer = issuer_of(jwt->claims_before_verification());
  const auto source = keys_of(*jwt);
  if (!source) return refuse(Code::wrong_issuer, "no [[trusted_issuer]] has the JWT's iss");
  const auto keys = source->current();
  if (!keys)
    return refuse(Code::unknown_key,
                  "the keys of the JWT's issuer are not at hand; try again, and if it stays so ask for jeton doctor");
  const auto& genuine = brought.judged_by(keys);
  if (!genuine) return refuse(genuine.error());
  const auto entry = entry_for(*genuine, issuer, use);
  if (!entry) return refuse(entry.error());
  return Accepted{*genuine, *entry};
}

Result<const TrustedIssuer*> TrustedClients::entry_for(const GenuineJwt& jwt, std::string_view issuer, Use use) const {
  const auto& claims = jwt.claims();
  // Of several entries that do not take it, the one it came furthest with says why.
  int furthest = 0;
  Error nearest{Code::wrong_role, "no [[trusted_issuer]] with the JWT's iss is for this use"};
  const auto no = [&](int far, Code code, std::string why) {
    if (far <= furthest) return;
    furthest = far;
    nearest = {code, std::move(why)};
  };
  for (const auto& entry : trust_.issuers) {
    if (entry.issuer != issuer || (use == Use::identity ? !entry.agent.has_value() : entry.delegates_to.empty()))
      continue;
    const auto usual = use == Use::identity ? TrustedIssuer::identity_age_max_s : TrustedIssuer::subject_age_max_s;
    const auto in_time = claims.in_time(parts_.clock.wall_us(), entry.max_age_s.value_or(usual));
    if (std::find(entry.algs.begin(), entry.algs.end(), jwt.form().header().algorithm) == entry.algs.end()) {
      no(1, Code::bad_token, fmt::format("[[trusted_issuer]] {} does not take the JWT's alg", entry.name));
    } else if (!in_time) {
      no(2, in_time.error().code, in_time.error().message);
    } else if (!claims.is_for(entry.audience ? *entry.audience : parts_.issuer, use == Use::identity)) {
      no(3, Code::wrong_audience,
         fmt::format("the JWT's aud is not {} for [[trusted_issuer]] {}",
                     use == Use::identity ? "this issuer alone" : "this issuer", entry.name));
    } else if (const auto other = entry.claim_against(claims.all)) {
      no(4, use == Use::identity ? Code::unknown_agent : Code::wrong_role,
         fmt::format("the JWT's {} is not what [[trusted_issuer]] {} asks for", *other, entry.name));
    } else {
      return &entry;
    }
  }
  return refuse(std::move(nearest));
}

Result<ProvenClient> TrustedClients::agent_of_assertion(const BroughtJwt& jwt) {
  const auto accepted = accept(jwt, Use::identity);
  if (!accepted) {
    const auto& form = jwt.form();
    if (accepted.error().code == Code::wrong_issuer &&
        with_keys(form.value()->claims_before_verification().iss.value_or("")))
      return refuse(Code::wrong_issuer,
                    "the JWT's iss is a client that signs for itself: send it as client_assertion, of type jwt-bearer");
    // Genuine, and of an issuer that vouches for users alone: nobody here.
    if (accepted.error().code == Code::wrong_role) return refuse(Code::unknown_agent, accepted.error().message);
    return refuse(accepted.error());
  }
  return ProvenClient{ProvenClient::Part::agent, *accepted->entry->agent, "federated_jwt", accepted->entry->issuer,
                      accepted->jwt.claims().sub};
}

Result<Subject> TrustedClients::subject_of(const BroughtJwt& jwt, std::string_view agent_spiffe_id) {
  const auto accepted = accept(jwt, Use::subject);
  if (!accepted) return refuse(accepted.error());
  if (!contains(accepted->entry->delegates_to, agent_spiffe_id))
    return refuse(Code::wrong_role, fmt::format("[[trusted_issuer]] {} does not let this agent act for its users",
                                                accepted->entry->name));
  return Subject{accepted->jwt.claims().sub, accepted->entry->issuer, accepted->jwt.claims().exp};
}

Result<ProvenClient> TrustedClients::authenticate(const Presented& presented) {
  if (presented.assertion.has_value() != presented.assertion_type.has_value())
    return unproved("client_assertion and client_assertion_type belong together");
  const auto certified = presented.certificate ? by_certificate(*presented.certificate) : std::vector<ProvenClient>{};
  if (presented.assertion) {
    if (!certified.empty()) return unproved("one request uses one method, an assertion or a certificate");
    auto client = by_assertion(presented);
    return client ? client : refuse(as_unproved(client.error()));
  }
  if (!presented.certificate) return unproved("send a client_assertion, or show a client certificate");
  std::vector<ProvenClient> meant;
  std::copy_if(certified.begin(), certified.end(), std::back_inserter(meant),
               [&](const ProvenClient& client) { return !presented.client_id || *presented.client_id == client.name; });
  if (meant.size() == 1) return meant.front();
  if (meant.size() > 1) return unproved("the certificate is that of several clients; send client_id");
  if (!certified.empty()) return unproved("the certificate is not that of the client_id");
  return refuse(Code::unknown_agent, "the certificate is that of no [[agent]] and no [[server]]");
}

std::vector<ProvenClient> TrustedClients::by_certificate(const PeerCertificate& certificate) const {
  std::vector<ProvenClient> found;
  for (const auto& client : trust_.clients) {
    const auto named = [&](const std::string& name) { return contains(client.certificates, name); };
    // RFC 8705 section 2.2: a certificate that is written down needs nobody to vouch for it.
    if (named("sha256:" + certificate.sha256))
      found.push_back(client_of(client, "self_signed_tls_client_auth"));
    else if (certificate.trusted && std::any_of(certificate.names.begin(), certificate.names.end(), named))
      found.push_back(client_of(client, "tls_client_auth"));
  }
  return found;
}

Result<ProvenClient> TrustedClients::by_assertion(const Presented& presented) {
  const bool svid = *presented.assertion_type == by_svid;
  if (!svid && *presented.assertion_type != by_jwt)
    return unproved("client_assertion_type is neither jwt-bearer nor jwt-spiffe");
  const auto& form = presented.assertion->form();
  if (!form) return refuse(form.error());
  const auto& jwt = *form;
  const auto& claims = jwt->claims_before_verification();
  if (svid && (!trust_domain_of(claims.sub) || !jwt->header().is_plain))
    return unproved("a JWT-SVID has a SPIFFE ID as its sub, and alg, kid and typ alone in its header");
  const auto* own = svid ? nullptr : with_keys(claims.iss.value_or(""));
  const auto& said = presented.client_id;
  // Before anything is verified: such a request uses up no assertion, and nobody learns by one what an assertion is.
  if (own != nullptr && said && *said != own->name) return not_of_whom_it_says();
  auto client = own != nullptr ? by_own_key(*own, jwt) : agent_of_assertion(*presented.assertion);
  if (!client && !svid && client.error().code == Code::wrong_issuer)
    return unproved(
        "the JWT's iss is neither a client with keys here, an agent's SPIFFE ID or a server's url, nor a "
        "[[trusted_issuer]]");
  if (!client) return refuse(client.error());
  if (said && *said != client->name && *said != claims.sub) return not_of_whom_it_says();
  return client;
}

Result<ProvenClient> TrustedClients::by_own_key(const TrustedClient& client, std::shared_ptr<const UnverifiedJwt> jwt) {
  if (!is_one_of(assertion_types, jwt->header().typ))
    return unproved("the JWT has a typ that says it is for something else");
  const auto genuine = GenuineJwt::verify(std::move(jwt), client.keys);
  if (!genuine) return refuse(genuine.error());
  const auto& claims = genuine->claims();
  if (claims.sub != client.name) return unproved("iss and sub are both the client_id");
  if (!is_us(claims))
    return unproved(
        fmt::format("aud is this issuer, {}, or its token endpoint, alone and byte for byte", parts_.issuer));
  if (!claims.jti || !claims.iat) return unproved("an assertion has jti and iat");
  // Libraries write an exp of an hour (RFC 7523 section 3 lets us mind a nearer one), and none asks for one.
  JwtClaims times;
  times.exp = std::min(claims.exp, *claims.iat + assertion_age_max_s);
  times.nbf = claims.nbf;
  times.iat = claims.iat;
  const auto now_us = parts_.clock.wall_us();
  if (auto in_time = times.in_time(now_us, assertion_age_max_s); !in_time) return refuse(in_time.error());
  // What was used before the start is forgotten, and a client's clock may have been ahead.
  const auto started_s = (now_us - (parts_.clock.boot_us() - started_boot_us_)) / us_per_s;
  if (*claims.iat <= started_s + jwt_skew_s)
    return unproved(
        fmt::format("it was made before this jetond started or in the {} s after, and may have been used "
                    "then; make a new one",
                    jwt_skew_s));
  const auto spent = used_.spend(client.name, *claims.jti, times.exp + jwt_skew_s, now_us / us_per_s);
  if (!spent) return refuse(spent.error());
  return client_of(client, "private_key_jwt");
}

const TrustedClient* TrustedClients::with_keys(std::string_view name) const {
  const auto found = std::find_if(trust_.clients.begin(), trust_.clients.end(), [&](const TrustedClient& client) {
    return client.name == name && !client.keys.keys().empty();
  });
  return found == trust_.clients.end() ? nullptr : &*found;
}

/// The token endpoint is what clients sent before RFC 7523 was corrected; no other server's is spelled like ours.
bool TrustedClients::is_us(const JwtClaims& claims) const {
  const auto endpoint = parts_.issuer + (parts_.issuer.ends_with('/') ? "oauth2/token" : "/oauth2/token");
  return claims.is_for(parts_.issuer, true) || claims.is_for(endpoint, true);
}

Json TrustedClients::status() const {
  Json all = Json::array();
  for (const auto& [issuer, keys] : keys_) {
    const auto status = keys->status();
    Json one{{"issuer", issuer}, {"jwks", keys->source().jwks}, {"keys", status.keys}};
    if (status.age_s) one["age_s"] = *status.age_s;
    if (!status.fault.empty()) one["fault"] = status.fault;
    all.push_back(std::move(one));
  }
  return all;
}

TrustedClients::Count TrustedClients::count() const {
  Count count;
  for (const auto& [issuer, keys] : keys_) {
    const auto status = keys->status();
    if (!status.fault.empty()) ++count.failing;
    if (!status.fault.empty() && !keys->current()) ++count.without;
  }
  return count;
}

}  // namespace jeton
