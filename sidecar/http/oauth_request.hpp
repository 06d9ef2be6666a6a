// From a form at the token endpoint to a request of the exchange.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/decode.hpp"
#include "http/form.hpp"

namespace jeton {

/// A refusal of an OAuth endpoint: `name` where the code's own OAuth word is not the one the standard asks for here.
struct OAuthRefusal {
  Error error;
  std::string_view name = {};
};

enum class GrantType { client_credentials, token_exchange, jwt_bearer };

/// One request for one token of one call.
struct TokenRequest {
  GrantType grant = GrantType::client_credentials;
  OpenRequest open;                       ///< always with a server
  std::optional<Txn> txn = std::nullopt;  ///< the next attempt of this call
};

inline constexpr std::string_view token_type_access = "urn:ietf:params:oauth:token-type:access_token";

/// Everything but who asks. RFC 6749 sections 4.4.2 and 3.2, RFC 8693 section 2.1, RFC 8707 section 2, RFC 9396
/// section 5.
[[nodiscard]] tl::expected<TokenRequest, OAuthRefusal> decode_token_request(const Form& form,
                                                                            const DecodeLimits& limits);

}  // namespace jeton
