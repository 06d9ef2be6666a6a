// The daemon as others can know it: its persistent identity key, and what that certifies while the domain's root does.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "identity/keyring.hpp"
#include "jeton/clock.hpp"
#include "jeton/domain.hpp"

namespace jeton {

/// Signs a certificate for each token key, once, as long as a daemon certificate is installed and good. Nothing here
/// can tell whether the right root signed that one: whoever pins a root can. One thread, no I/O.
class Certifier {
 public:
  /// A key is shown for three hours at most, and its certificate ends soon after.
  static constexpr std::int64_t key_certificate_s = 3 * (Keyring::rotation_us / us_per_s) + 600;
  /// Where a key goes on for longer, or the wall clock was set, it gets another.
  static constexpr std::int64_t renewed_before_end_s = 300;

  /// STATE/identity.key, or what systemd hands over in its place: persistent, 0600, made where there is none.
  /// log_unavailable for one that cannot be used, as for the log's.
  [[nodiscard]] static Result<SigningKey> load_or_make_key(const std::filesystem::path& file);
  [[nodiscard]] static bool is_credential();

  Certifier(SigningKey identity, std::string trust_domain, std::string issuer, const Clock& clock);

  [[nodiscard]] const DaemonIdentity& self() const { return self_; }
  /// What the domain's operator signs.
  [[nodiscard]] std::string request() const { return sign_daemon_request(self_, identity_); }

  /// From now on this daemon certificate; one that is none, or that is for another daemon, trust domain or issuer, is a
  /// fault that `status` names, and certifies nothing.
  void install(std::string_view certificate);
  /// None: with why it could not be read, if it is there.
  void install_none(std::string fault = "");
  /// Whether one is installed, fits and is good now.
  [[nodiscard]] bool is_certified() const;
  /// Puts into each entry of the document, which is that of these keys, its chain. Nothing while not certified.
  void certify(const KeySet& keys, Json& jwks);

  /// `daemon`, and where there is a certificate `root` (thumbprint of the key that signed it) and
  /// `certificate_ends_at`; `fault` where it certifies nothing.
  [[nodiscard]] Json status() const;
  [[nodiscard]] bool memory_locked() const { return identity_.memory_locked(); }

 private:
  struct KeyCertificate {
    std::string text;
    Validity validity;
  };
  [[nodiscard]] std::int64_t now_s() const { return clock_.wall_us() / us_per_s; }
  [[nodiscard]] std::string fault() const;
  [[nodiscard]] KeyCertificate certificate_of(const VerifyingKey& key);

  SigningKey identity_;
  DaemonIdentity self_;
  const Clock& clock_;
  std::string text_;  ///< of the certificate; empty: none
  std::optional<DaemonCertificate> certificate_;
  std::string fault_;
  std::map<std::string, KeyCertificate> made_;  ///< by kid
};

}  // namespace jeton
