// A trust domain that others can pin: its root key vouches for daemons, and each daemon for its token keys. Both
// certificates have the shape of a WIMSE Workload Identity Token (draft-ietf-wimse-workload-creds-02, section 3.1).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "jeton/key.hpp"

namespace jeton {

/// Where a JWK carries its chain: [key certificate, daemon certificate].
inline constexpr std::string_view chain_member = "jeton_chain";
/// What a certificate or a token of ours that is no call token is for.
inline constexpr std::string_view use_member = "jeton_use";
inline constexpr std::size_t certificate_bytes_max = 4096;
inline constexpr std::int64_t certificate_skew_s = 5;
/// Longer ones are refused.
inline constexpr std::int64_t daemon_certificate_max_s = 400 * 86'400;
inline constexpr std::int64_t key_certificate_max_s = 86'400;

/// SPIFFE ID section 2.1: up to 255 of a-z 0-9 . _ -
[[nodiscard]] bool is_trust_domain(std::string_view text);

/// The public key that a verifier pins, under the name of its trust domain.
class DomainRoot {
 public:
  /// Throws for another key than an Ed25519 one and for what is no trust domain.
  DomainRoot(std::string trust_domain, VerifyingKey key);
  /// "jeton-domain+acme.example+<43 characters of base64url>". bad_request for everything else.
  [[nodiscard]] static Result<DomainRoot> parse(std::string_view text);
  [[nodiscard]] std::string text() const;

  [[nodiscard]] const std::string& trust_domain() const { return trust_domain_; }
  [[nodiscard]] const VerifyingKey& key() const { return key_; }

 private:
  std::string trust_domain_;
  VerifyingKey key_;
};

/// Who a daemon is, whatever it signs with: an Ed25519 key that lives as long as its state directory.
struct DaemonIdentity {
  std::string trust_domain;
  std::string issuer;  ///< `iss` of the tokens that it mints
  VerifyingKey key;

  /// spiffe://<trust domain>/jetond/<thumbprint of the identity key>
  [[nodiscard]] std::string id() const;
};

/// When a certificate is good: from `from_s` on and before `until_s`. NumericDate.
struct Validity {
  std::int64_t from_s = 0;
  std::int64_t until_s = 0;
};

/// What a daemon asks to be certified for, signed by its identity key.
[[nodiscard]] std::string sign_daemon_request(const DaemonIdentity& daemon, const SigningKey& identity);
/// bad_token for another form, bad_signature where the key it is about did not sign it.
[[nodiscard]] Result<DaemonIdentity> read_daemon_request(std::string_view request);

/// A daemon certificate and, signed with the key that one names, a key certificate.
[[nodiscard]] std::string certify_daemon(const DaemonIdentity& daemon, const SigningKey& root,
                                         const Validity& validity);
[[nodiscard]] std::string certify_key(const VerifyingKey& key, const DaemonIdentity& daemon, const SigningKey& identity,
                                      const Validity& validity);

/// What a daemon certificate says.
struct DaemonCertificate {
  DaemonIdentity daemon;
  Validity validity;
  std::string root_kid;  ///< thumbprint of the key that is said to have signed it
};
/// bad_token for another form. Who signed it is not looked at: good for showing, never for a decision.
[[nodiscard]] Result<DaemonCertificate> read_daemon_certificate(std::string_view certificate);
/// The same where `root` signed it for its own trust domain. unknown_key for another root, bad_signature, wrong_issuer.
/// Whether it is in time is not looked at.
[[nodiscard]] Result<DaemonCertificate> open_daemon_certificate(std::string_view certificate, const DomainRoot& root);
/// What an entry of a key set may sign by its chain. Besides these unknown_key where the chain is of another key,
/// expired and not_yet_valid by a wall clock that may be off by `certificate_skew_s`, and bad_token for another chain
/// than one of two, the key certificate first.
[[nodiscard]] Result<Certified> verify_chain(const VerifyingKey& key, const Json& chain, const DomainRoot& root,
                                             std::int64_t wall_us);

}  // namespace jeton
