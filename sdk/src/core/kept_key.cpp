// Made by OpenSSL, written once into guarded memory, and gone from OpenSSL's own with the key.
#include "jeton/kept_key.hpp"

#include <stdexcept>

#include "core/openssl_key.hpp"

namespace jeton {

std::optional<Secret> generate_pkcs8(Algorithm algorithm, const std::function<bool()>& go_on) {
  if (algorithm == Algorithm::es256) return OpensslKey::generate_p256().pkcs8();
  if (algorithm != Algorithm::rs256) throw std::logic_error("an Ed25519 key is kept as its seed");
  const auto key = OpensslKey::generate_rsa(go_on);
  return key ? std::optional(key->pkcs8()) : std::nullopt;
}

}  // namespace jeton
