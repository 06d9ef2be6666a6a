// Does a text have exactly the form of a token? Every byte and every member is accounted for before any key is tried.
#include <algorithm>

#include "core/compact_jws.hpp"
#include "core/strict_members.hpp"
#include "jeton/base64url.hpp"
#include "jeton/token.hpp"

namespace jeton {
namespace {

constexpr JsonLimits token_json_limits{.bytes = token_bytes_max, .depth = 16};
constexpr int actors_max = 8;

tl::unexpected<Error> malformed(std::string message) { return refuse(Code::bad_token, std::move(message)); }

using Members = StrictMembers;

bool is_access_token_type(std::string_view typ) { return is_media_type(typ, "at+jwt"); }

struct Header {
  std::string kid;
  Algorithm algorithm = Algorithm::eddsa;
};

/// One that is exactly {typ, alg, kid}.
Header read_header(const Json& json, std::string& fault) {
  Members header(json, "the token header", fault);
  header.allow_only({"typ", "alg", "kid"});
  if (!is_access_token_type(header.text("typ"))) header.blame_member("typ", "is not at+jwt");
  const auto algorithm = algorithm_named(header.text("alg"));
  if (!algorithm) header.blame_member("alg", "is not EdDSA, ES256 or RS256");
  auto kid = header.text("kid");
  Sha256 thumbprint{};
  if (!from_base64url(kid, thumbprint)) header.blame_member("kid", "is not a thumbprint");
  return {std::move(kid), algorithm.value_or(Algorithm::eddsa)};
}

/// As long as some key of the algorithm makes them. How long this one must be, the key says.
bool has_length_for(Algorithm algorithm, const Signature& signature) {
  if (algorithm == Algorithm::rs256)
    return signature.size() >= rsa_bits_min / 8 && signature.size() <= rsa_bits_max / 8;
  constexpr std::size_t of_two_numbers = 64;
  return signature.size() == of_two_numbers;
}

/// RFC 8693 section 4.1, nested no deeper than `actors_max`.
void check_actors(const Json& outermost, std::string& fault) {
  const Json* actor = &outermost;
  for (int depth = 1; fault.empty(); ++depth) {
    Members members(*actor, "the act claim", fault);
    members.allow_only({"sub", "act"});
    (void)members.text("sub");
    if (!members.has("act")) return;
    if (depth == actors_max) return members.blame_member("act", "is nested too deep");
    actor = &members.at("act");
  }
}

/// Ids enter the log, so they are printable and short.
bool is_id(std::string_view text) {
  return text.size() <= 128 && std::all_of(text.begin(), text.end(), [](char c) { return c >= '!' && c <= '~'; });
}

/// Fills in what the one RFC 9396 object says.
void read_details(const Json& json, TokenClaims& claims, std::string& fault) {
  static const Json nothing;
  const bool one = json.is_array() && json.size() == 1;
  Members detail(one ? json.front() : nothing, "the one object of authorization_details", fault);
  detail.allow_only({"type", "locations", "actions", "identifier", "args_digest", "call_id", "attempt"});
  if (detail.text("type") != authorization_type) detail.blame_member("type", "is not jeton_tool_call");
  if (detail.at("locations") != Json::array({claims.aud}))
    detail.blame_member("locations", "is not the audience alone");
  if (detail.at("actions") != Json::array({"tools/call"})) detail.blame_member("actions", "is not tools/call alone");
  claims.tool = detail.text("identifier");
  claims.digest = detail.parsed<ArgsDigest>("args_digest");
  claims.attempt = detail.integer("attempt", 1);
  if (!detail.has("call_id")) return;
  claims.call_id = detail.text("call_id");
  if (!is_id(*claims.call_id)) detail.blame_member("call_id", "is not 1 to 128 printable characters");
}

TokenClaims read_claims(const Json& json, std::string& fault) {
  TokenClaims claims;
  Members payload(json, "the token payload", fault);
  if (payload.has("cnf")) payload.blame_member("cnf", "binds it to a key and bound tokens are not supported");
  payload.allow_only({"iss", "aud", "sub", "client_id", "iat", "exp", "jti", "txn", "authorization_details", "act"});
  claims.iss = payload.text("iss");
  claims.aud = payload.text("aud");
  claims.sub = payload.text("sub");
  claims.client_id = payload.text("client_id");
  claims.iat = payload.integer("iat", 0);
  claims.exp = payload.integer("exp", 0);
  if (claims.exp <= claims.iat) payload.blame_member("exp", "is not after iat");
  if (claims.exp - claims.iat > token_lifetime_max_s) payload.blame_member("exp", "is more than 120 s after iat");
  claims.jti = payload.parsed<Jti>("jti");
  claims.txn = payload.parsed<Txn>("txn");
  read_details(payload.at("authorization_details"), claims, fault);
  if (payload.has("act")) {
    claims.act = payload.at("act");
    check_actors(*claims.act, fault);
  }
  return claims;
}

}  // namespace

Result<TokenClaims> TokenClaims::from_json(const Json& payload) {
  std::string fault;
  auto claims = read_claims(payload, fault);
  if (!fault.empty()) return malformed(std::move(fault));
  return claims;
}

Result<UnverifiedToken> UnverifiedToken::parse(std::string_view compact) {
  if (compact.size() > token_bytes_max) return malformed("the token is larger than 8 KiB");
  if (!std::all_of(compact.begin(), compact.end(), may_stand_in_a_jws)) {
    return malformed("the token has a byte that no token has; send it as it was minted");
  }
  const auto parts = split_jws(compact);
  if (!parts) return malformed("the token is not three parts with dots between them");

  UnverifiedToken token;
  auto signature = from_base64url(parts->signature);
  if (!signature) return malformed("the token signature is not strict base64url");
  token.signature_ = std::move(*signature);
  const auto header = decode_jws_part(parts->header, "the token header", token_json_limits);
  if (!header) return refuse(header.error());
  std::string fault;
  auto [kid, algorithm] = read_header(*header, fault);
  if (!fault.empty()) return malformed(std::move(fault));
  if (!has_length_for(algorithm, token.signature_)) return malformed("the token signature has another length");
  token.kid_ = std::move(kid);
  token.algorithm_ = algorithm;

  const auto payload = decode_jws_part(parts->payload, "the token payload", token_json_limits);
  if (!payload) return refuse(payload.error());
  auto claims = TokenClaims::from_json(*payload);
  if (!claims) return refuse(claims.error());
  token.claims_ = std::move(*claims);

  token.signing_input_ = compact.substr(0, compact.size() - parts->signature.size() - 1);
  token.sha256_ = jeton::sha256(compact);
  return token;
}

}  // namespace jeton
