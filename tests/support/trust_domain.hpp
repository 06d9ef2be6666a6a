// A trust domain with one daemon in it, whose certificates a test can make in any shape.
#pragma once

#include <string>
#include <string_view>

#include "jeton/domain.hpp"
#include "support/forge.hpp"

namespace jeton::testing {

/// The second at which `forge::good_token` is issued, and at which everything here is good.
inline constexpr std::int64_t domain_now_s = forge::issued_s;
inline constexpr std::int64_t domain_now_us = domain_now_s * 1'000'000;

/// Root, daemon and token key, each the same in every run.
struct TrustDomain {
  std::string name = "acme.example";
  SigningKey root_key = forge::key_named("the root of acme.example");
  SigningKey identity = forge::key_named("a daemon of acme.example");
  DaemonIdentity daemon{name, std::string(forge::issuer), identity.verifying_key()};
  Validity of_daemon{domain_now_s - 1000, domain_now_s + 90 * 86'400};
  Validity of_key{domain_now_s - 100, domain_now_s + 7000};

  [[nodiscard]] DomainRoot root() const { return {name, root_key.verifying_key()}; }
  [[nodiscard]] std::string daemon_certificate() const { return certify_daemon(daemon, root_key, of_daemon); }
  [[nodiscard]] std::string key_certificate(const SigningKey& key = forge::issuer_key()) const {
    return certify_key(key.verifying_key(), daemon, identity, of_key);
  }
  [[nodiscard]] Json chain(const SigningKey& key = forge::issuer_key()) const {
    return Json::array({key_certificate(key), daemon_certificate()});
  }
};

/// The entry of a key set with this chain.
inline Json entry_of(const SigningKey& key, Json chain) {
  auto entry = key.verifying_key().jwk();
  entry[std::string(chain_member)] = std::move(chain);
  return entry;
}
inline Json jwks_with(std::vector<Json> entries) { return {{"keys", std::move(entries)}}; }
/// A set of the good token's key alone.
inline Json certified_jwks(const Json& chain) { return jwks_with({entry_of(forge::issuer_key(), chain)}); }

/// A certificate with header and claims after RFC 7396 merge patches, properly signed by any key.
inline std::string patched_certificate(const std::string& certificate, const SigningKey& key,
                                       std::string_view claims_patch, std::string_view header_patch = "{}") {
  const auto parts = forge::parts_of(certificate);
  const auto json_of = [](const std::string& part) {
    const auto bytes = from_base64url(part).value();
    return Json::parse(bytes.begin(), bytes.end());
  };
  return forge::signed_token(forge::patched(json_of(parts.header), header_patch),
                             forge::patched(json_of(parts.payload), claims_patch), key);
}

}  // namespace jeton::testing
