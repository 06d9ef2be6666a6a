// A new private key as bytes, for whoever keeps one in a file; SigningKey makes keys that are kept nowhere.
#pragma once

#include <functional>
#include <optional>

#include "jeton/algorithm.hpp"
#include "jeton/secret.hpp"

namespace jeton {

/// An ES256 or RS256 key, the latter of 2048 bits, as the DER of a PKCS #8 PrivateKeyInfo (RFC 5208 section 5), which
/// `SigningKey::from_pkcs8` reads. Nothing once `go_on`, which is asked every few milliseconds while an RSA key is
/// made, says no. Throws for EdDSA, whose keys are seeds.
[[nodiscard]] std::optional<Secret> generate_pkcs8(
    Algorithm algorithm, const std::function<bool()>& go_on = [] { return true; });

}  // namespace jeton
