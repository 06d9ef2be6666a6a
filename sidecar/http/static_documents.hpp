// What of the OAuth door any web server can show for a daemon that relying parties cannot reach: who it is, its keys.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "jeton/error.hpp"
#include "jeton/json.hpp"

namespace jeton {

struct StaticFile {
  std::string path;  ///< below the web server's root, without a slash at the front
  std::string text;
};

/// OpenID Connect Discovery 1.0 section 3 of an issuer that shows its keys at `jwks` below it, and nothing else.
[[nodiscard]] Json openid_document(std::string_view issuer, const Json& algorithms);

/// `jwks`, `.well-known/openid-configuration` and `.well-known/oauth-authorization-server` of this issuer and these
/// keys, in the order in which they may be put there. They name no endpoint but `jwks_uri`. bad_request for an issuer
/// that is no URL, or whose path is not the path of a file.
[[nodiscard]] Result<std::vector<StaticFile>> static_documents(std::string_view issuer, const Json& jwks);

}  // namespace jeton
