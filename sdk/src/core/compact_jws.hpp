// A JWS in compact serialisation (RFC 7515 section 3.1): its parts, each in its one spelling, and how one is written.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "jeton/key.hpp"

namespace jeton {

/// A byte of base64url, or a dot.
[[nodiscard]] inline bool may_stand_in_a_jws(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

struct JwsParts {
  std::string_view header;
  std::string_view payload;
  std::string_view signature;
};
/// Exactly three parts, none of them empty.
[[nodiscard]] std::optional<JwsParts> split_jws(std::string_view compact);

/// The JSON of one part. bad_token, naming it as `where`, for lax base64url, lax JSON and a name twice.
[[nodiscard]] Result<Json> decode_jws_part(std::string_view part, std::string_view where, JsonLimits limits);

/// RFC 7515 section 4.1.9: media types compare without case, and `application/` may be left out. `wanted` is in lower
/// case and without it.
[[nodiscard]] bool is_media_type(std::string_view typ, std::string_view wanted);

/// One that was read and not verified.
struct CompactJws {
  Json header;
  Json payload;
  std::string signing_input;
  Signature signature;
};
/// bad_token for a text that is larger than `bytes_max`, or that is not three parts of strict base64url with two JSON
/// objects; messages name it as `what` ("the certificate").
[[nodiscard]] Result<CompactJws> read_compact_jws(std::string_view compact, std::string_view what,
                                                  std::size_t bytes_max);

/// Header exactly {typ, alg, kid}, in this order; throws for a payload that no strict text could hold.
[[nodiscard]] std::string write_compact_jws(std::string_view typ, const Json& payload, const SigningKey& key);

}  // namespace jeton
