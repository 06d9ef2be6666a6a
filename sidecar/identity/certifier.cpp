// One certificate a key, made when it is first shown and kept until the key is gone.
#include "identity/certifier.hpp"

#include <algorithm>

#include "identity/key_file.hpp"

namespace jeton {
namespace {

constexpr std::size_t seed_bytes = 32;
constexpr KeyFileKind kind{"jeton identity 1\n", "identity key", "jeton-identity-key", seed_bytes, seed_bytes};

/// What a certificate says that this daemon is not.
std::string difference(const DaemonIdentity& said, const DaemonIdentity& self) {
  if (said.key.kid() != self.key.kid())
    return "the certificate is for another daemon's key; type  jeton domain request  and have that signed";
  if (said.trust_domain != self.trust_domain)
    return "the certificate is of another trust domain than the configuration's";
  if (said.issuer != self.issuer)
    return "the certificate is for another issuer than this daemon's; type  jeton domain request  and have that signed";
  return "";
}

}  // namespace

Result<SigningKey> Certifier::load_or_make_key(const std::filesystem::path& file) {
  auto found = read_key_file(file, kind);
  if (!found) return refuse(found.error());
  if (*found) return SigningKey::from_seed(**found);
  const auto seed = Secret::random(seed_bytes);
  if (auto written = write_key_file(file, kind, seed); !written) return refuse(written.error());
  return SigningKey::from_seed(seed);
}

bool Certifier::is_credential() { return jeton::is_credential(kind); }

Certifier::Certifier(SigningKey identity, std::string trust_domain, std::string issuer, const Clock& clock)
    : identity_(std::move(identity)),
      self_{std::move(trust_domain), std::move(issuer), identity_.verifying_key()},
      clock_(clock) {}

void Certifier::install(std::string_view certificate) {
  install_none();
  auto read = read_daemon_certificate(certificate);
  if (!read) {
    fault_ = read.error().message;
    return;
  }
  fault_ = difference(read->daemon, self_);
  certificate_ = std::move(*read);
  text_ = certificate;
}

void Certifier::install_none(std::string fault) {
  text_.clear();
  certificate_.reset();
  made_.clear();
  fault_ = std::move(fault);
}

std::string Certifier::fault() const {
  if (!fault_.empty() || !certificate_) return fault_;
  if (now_s() >= certificate_->validity.until_s) return "the certificate has ended; have the request signed anew";
  if (now_s() < certificate_->validity.from_s - certificate_skew_s)
    return "the certificate is from the future; compare the clocks";
  return "";
}

bool Certifier::is_certified() const { return certificate_ && fault().empty(); }

Certifier::KeyCertificate Certifier::certificate_of(const VerifyingKey& key) {
  const auto now = now_s();
  const auto end = certificate_->validity.until_s;
  const auto known = made_.find(key.kid());
  if (known != made_.end()) {
    const auto& [from, until] = known->second.validity;
    const bool long_enough = until - now >= renewed_before_end_s || until == end;
    if (long_enough && from <= now) return known->second;
  }
  const Validity validity{now, std::min(now + key_certificate_s, end)};
  return {certify_key(key, self_, identity_, validity), validity};
}

void Certifier::certify(const KeySet& keys, Json& jwks) {
  if (!is_certified()) return;
  std::map<std::string, KeyCertificate> shown;
  std::size_t place = 0;
  for (const auto& key : keys.keys()) {
    auto certificate = certificate_of(key);
    jwks.at("keys").at(place++)[std::string(chain_member)] = Json::array({certificate.text, text_});
    shown.emplace(key.kid(), std::move(certificate));
  }
  made_ = std::move(shown);
}

Json Certifier::status() const {
  Json status{{"daemon", self_.id()}};
  if (certificate_) {
    status["root"] = certificate_->root_kid;
    status["certificate_ends_at"] = certificate_->validity.until_s;
  }
  if (auto what = fault(); !what.empty()) status["fault"] = std::move(what);
  return status;
}

}  // namespace jeton
