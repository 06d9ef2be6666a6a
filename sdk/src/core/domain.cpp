// Three small documents, read by one strict reader: a request, a daemon certificate, a key certificate.
#include "jeton/domain.hpp"

#include <algorithm>
#include <stdexcept>

#include "core/compact_jws.hpp"
#include "core/jwk.hpp"
#include "core/strict_members.hpp"
#include "jeton/base64url.hpp"

namespace jeton {
namespace {

constexpr std::string_view certificate_type = "wit+jwt", request_type = "jeton-daemon-request+jwt";
constexpr std::string_view for_keys = "daemon", for_tokens = "call-token";
constexpr std::string_view root_prefix = "jeton-domain";

std::string domain_uri(std::string_view trust_domain) { return "spiffe://" + std::string(trust_domain); }

/// RFC 7800 section 3.2, with the `alg` that a WIT must have.
Json confirmation_of(const VerifyingKey& key) {
  auto jwk = key.jwk();
  jwk.erase("kid");
  jwk.erase("use");
  return {{"jwk", std::move(jwk)}};
}

tl::unexpected<Error> malformed(std::string what) { return refuse(Code::bad_token, std::move(what)); }

/// A document of ours in its form; nothing of it is proved.
struct Document {
  std::string kid;
  std::string signing_input;
  Signature signature;
  Json claims;
  std::string_view name;  ///< in messages

  [[nodiscard]] Result<void> verify(const VerifyingKey& key) const {
    if (kid != key.kid())
      return refuse(Code::unknown_key, std::string(name) + " was signed by another key than the one it must be");
    if (!key.verifies(signing_input, signature))
      return refuse(Code::bad_signature, "the signature does not fit " + std::string(name));
    return {};
  }
};

Result<Document> read_document(std::string_view text, std::string_view name, std::string_view type) {
  auto jws = read_compact_jws(text, name, certificate_bytes_max);
  if (!jws) return refuse(jws.error());
  std::string fault;
  const auto where = std::string(name) + "'s header";
  StrictMembers header(jws->header, where, fault);
  header.allow_only({"typ", "alg", "kid"});
  if (!is_media_type(header.text("typ"), type)) header.blame_member("typ", "is another document's");
  if (header.text("alg") != name_of(Algorithm::eddsa)) header.blame_member("alg", "is not EdDSA");
  auto kid = header.text("kid");
  if (!fault.empty()) return malformed(std::move(fault));
  return Document{std::move(kid), std::move(jws->signing_input), std::move(jws->signature), std::move(jws->payload),
                  name};
}

/// The key of `cnf`, which is exactly a JWK with its alg.
Result<VerifyingKey> read_confirmation(StrictMembers& members) {
  std::string fault;
  StrictMembers confirmation(members.at("cnf"), "the member cnf", fault);
  confirmation.allow_only({"jwk"});
  const auto& jwk = confirmation.at("jwk");
  if (!fault.empty()) return malformed(std::move(fault));
  auto key = VerifyingKey::from_jwk(jwk);
  if (!key) return malformed("the member cnf: " + key.error().message);
  if (confirmation_of(*key).at("jwk") != jwk)
    return malformed("the member cnf has a jwk with other members than those of its key, or without alg");
  return key;
}

Validity read_validity(StrictMembers& members, std::int64_t longest_s) {
  const Validity validity{members.integer("nbf", 0), members.integer("exp", 0)};
  (void)members.integer("iat", 0);
  if (validity.until_s <= validity.from_s) members.blame_member("exp", "is not after nbf");
  if (validity.until_s - validity.from_s > longest_s) members.blame_member("exp", "is too long after nbf");
  return validity;
}

Result<void> in_time(const Validity& validity, std::int64_t wall_us, std::string_view name) {
  constexpr std::int64_t us_per_second = 1'000'000;
  const auto now_s = wall_us / us_per_second;
  if (now_s >= validity.until_s + certificate_skew_s)
    return refuse(Code::expired, std::string(name) + " has ended; the key set is old, or the daemon needs a new one");
  if (validity.from_s - certificate_skew_s > now_s)
    return refuse(Code::not_yet_valid, std::string(name) + " is from the future; compare the clocks");
  return {};
}

/// The trust domain of "spiffe://acme.example".
std::string trust_domain_of(const std::string& uri) {
  const auto prefix = domain_uri("");
  return uri.starts_with(prefix) && is_trust_domain(uri.substr(prefix.size())) ? uri.substr(prefix.size())
                                                                               : std::string();
}

Result<DaemonCertificate> claims_of_daemon(const Document& document) {
  std::string fault;
  StrictMembers claims(document.claims, "the daemon certificate", fault);
  claims.allow_only({"iss", "sub", "iat", "nbf", "exp", "cnf", "jeton_use", "jeton_issuer"});
  if (claims.text("jeton_use") != for_keys) claims.blame_member("jeton_use", "is not daemon");
  auto trust_domain = trust_domain_of(claims.text("iss"));
  if (trust_domain.empty()) claims.blame_member("iss", "is no trust domain");
  const auto sub = claims.text("sub");
  auto issuer = claims.text("jeton_issuer");
  const auto validity = read_validity(claims, daemon_certificate_max_s);
  if (!fault.empty()) return malformed(std::move(fault));
  auto identity = read_confirmation(claims);
  if (!identity) return refuse(identity.error());
  if (identity->algorithm() != Algorithm::eddsa) return malformed("a daemon's identity key is an Ed25519 key");
  DaemonCertificate certificate{
      {std::move(trust_domain), std::move(issuer), std::move(*identity)}, validity, document.kid};
  if (sub != certificate.daemon.id())
    return refuse(Code::wrong_issuer, "the daemon certificate is for another daemon than that of its key");
  return certificate;
}

struct KeyClaims {
  std::string issuer;
  std::string subject;
  VerifyingKey key;
  Validity validity;
};

Result<KeyClaims> claims_of_key(const Document& document) {
  std::string fault;
  StrictMembers claims(document.claims, "the key certificate", fault);
  claims.allow_only({"iss", "sub", "iat", "nbf", "exp", "cnf", "jeton_use"});
  if (claims.text("jeton_use") != for_tokens) claims.blame_member("jeton_use", "is not call-token");
  auto issuer = claims.text("iss");
  auto subject = claims.text("sub");
  const auto validity = read_validity(claims, key_certificate_max_s);
  if (!fault.empty()) return malformed(std::move(fault));
  auto key = read_confirmation(claims);
  if (!key) return refuse(key.error());
  return KeyClaims{std::move(issuer), std::move(subject), std::move(*key), validity};
}

const std::string* text_at(const Json& chain, std::size_t place) { return chain[place].get_ptr<const std::string*>(); }

Json dated(Json claims, const Validity& validity) {
  claims["iat"] = validity.from_s;
  claims["nbf"] = validity.from_s;
  claims["exp"] = validity.until_s;
  return claims;
}

}  // namespace

bool is_trust_domain(std::string_view text) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789._-";
  return !text.empty() && text.size() <= 255 && text.find_first_not_of(allowed) == std::string_view::npos;
}

DomainRoot::DomainRoot(std::string trust_domain, VerifyingKey key)
    : trust_domain_(std::move(trust_domain)), key_(std::move(key)) {
  if (!is_trust_domain(trust_domain_) || key_.algorithm() != Algorithm::eddsa)
    throw std::invalid_argument("a domain's root is an Ed25519 key under the name of a trust domain");
}

Result<DomainRoot> DomainRoot::parse(std::string_view text) {
  const auto first = text.find('+'), last = text.rfind('+');
  std::array<unsigned char, 32> bytes{};
  if (first == text.npos || first == last || text.substr(0, first) != root_prefix ||
      !is_trust_domain(text.substr(first + 1, last - first - 1)) || !from_base64url(text.substr(last + 1), bytes))
    return refuse(Code::bad_request, "not a domain's key; write what  jeton domain vkey  prints: jeton-domain+...");
  return DomainRoot(std::string(text.substr(first + 1, last - first - 1)), VerifyingKey(bytes));
}

std::string DomainRoot::text() const {
  return std::string(root_prefix) + '+' + trust_domain_ + '+' + base64url(key_.bytes());
}

std::string DaemonIdentity::id() const { return domain_uri(trust_domain) + "/jetond/" + key.kid(); }

std::string sign_daemon_request(const DaemonIdentity& daemon, const SigningKey& identity) {
  return write_compact_jws(
      request_type, {{"sub", daemon.id()}, {"cnf", confirmation_of(daemon.key)}, {"jeton_issuer", daemon.issuer}},
      identity);
}

Result<DaemonIdentity> read_daemon_request(std::string_view request) {
  const auto document = read_document(request, "the request", request_type);
  if (!document) return refuse(document.error());
  std::string fault;
  StrictMembers claims(document->claims, "the request", fault);
  claims.allow_only({"sub", "cnf", "jeton_issuer"});
  const auto sub = claims.text("sub");
  auto issuer = claims.text("jeton_issuer");
  if (!fault.empty()) return malformed(std::move(fault));
  auto identity = read_confirmation(claims);
  if (!identity) return refuse(identity.error());
  if (identity->algorithm() != Algorithm::eddsa) return malformed("a daemon's identity key is an Ed25519 key");
  if (auto holds = document->verify(*identity); !holds) return refuse(Code::bad_signature, holds.error().message);
  const auto prefix = domain_uri("");
  const auto slash = sub.find('/', prefix.size());
  DaemonIdentity daemon{trust_domain_of(sub.substr(0, slash)), std::move(issuer), std::move(*identity)};
  if (daemon.trust_domain.empty() || sub != daemon.id())
    return malformed("the request's sub is not the id of a daemon with this key");
  return daemon;
}

std::string certify_daemon(const DaemonIdentity& daemon, const SigningKey& root, const Validity& validity) {
  return write_compact_jws(certificate_type,
                           dated({{"iss", domain_uri(daemon.trust_domain)},
                                  {"sub", daemon.id()},
                                  {"cnf", confirmation_of(daemon.key)},
                                  {"jeton_use", for_keys},
                                  {"jeton_issuer", daemon.issuer}},
                                 validity),
                           root);
}

std::string certify_key(const VerifyingKey& key, const DaemonIdentity& daemon, const SigningKey& identity,
                        const Validity& validity) {
  return write_compact_jws(
      certificate_type,
      dated({{"iss", daemon.id()}, {"sub", daemon.id()}, {"cnf", confirmation_of(key)}, {"jeton_use", for_tokens}},
            validity),
      identity);
}

Result<DaemonCertificate> read_daemon_certificate(std::string_view certificate) {
  const auto document = read_document(certificate, "the daemon certificate", certificate_type);
  if (!document) return refuse(document.error());
  return claims_of_daemon(*document);
}

Result<DaemonCertificate> open_daemon_certificate(std::string_view certificate, const DomainRoot& root) {
  const auto document = read_document(certificate, "the daemon certificate", certificate_type);
  if (!document) return refuse(document.error());
  if (auto holds = document->verify(root.key()); !holds) return refuse(holds.error());
  auto read = claims_of_daemon(*document);
  if (read && read->daemon.trust_domain != root.trust_domain())
    return refuse(Code::wrong_issuer, "the daemon certificate is of another trust domain than the pinned key");
  return read;
}

Result<Certified> verify_chain(const VerifyingKey& key, const Json& chain, const DomainRoot& root,
                               std::int64_t wall_us) {
  if (!chain.is_array() || chain.size() != 2 || text_at(chain, 0) == nullptr || text_at(chain, 1) == nullptr)
    return malformed("a chain is a key certificate and a daemon certificate");
  const auto above = open_daemon_certificate(*text_at(chain, 1), root);
  if (!above) return refuse(above.error());
  const auto document = read_document(*text_at(chain, 0), "the key certificate", certificate_type);
  if (!document) return refuse(document.error());
  if (auto holds = document->verify(above->daemon.key); !holds) return refuse(holds.error());
  const auto own = claims_of_key(*document);
  if (!own) return refuse(own.error());
  if (own->issuer != above->daemon.id() || own->subject != above->daemon.id())
    return refuse(Code::wrong_issuer, "the key certificate is of another daemon");
  if (own->key.kid() != key.kid()) return refuse(Code::unknown_key, "the key certificate is for another key");
  if (auto good = in_time(above->validity, wall_us, "the daemon certificate"); !good) return refuse(good.error());
  if (auto good = in_time(own->validity, wall_us, "the key certificate"); !good) return refuse(good.error());
  return Certified{above->daemon.trust_domain, above->daemon.issuer,
                   std::max(own->validity.from_s, above->validity.from_s),
                   std::min(own->validity.until_s, above->validity.until_s)};
}

}  // namespace jeton
