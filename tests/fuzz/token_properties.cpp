// Takes an accepted token apart a second time, by hand, and compares.
#include "fuzz/token_properties.hpp"

namespace jeton::fuzz {
namespace {

const SigningKey& strangers_key() {
  static const SigningKey key = forge::key_named("a fuzzer's own key");
  return key;
}

/// The one value this part of a token stands for; its text is the part's only encoding.
Json decoded(const std::string& part) {
  const auto bytes = from_base64url(part);
  hold(bytes.has_value(), "each part is base64url");
  hold(base64url(*bytes) == part, "a part is the only encoding of its bytes");
  const auto json = parse_json_strictly(text_of(*bytes));
  hold(json.has_value(), "header and payload are strict JSON");
  return *json;
}

}  // namespace

std::optional<UnverifiedToken> hold_for_token(std::string_view compact) {
  auto token = UnverifiedToken::parse(compact);
  if (!token) {
    hold(token.error().code == Code::bad_token, "what is no token is bad_token");
    return std::nullopt;
  }
  const auto parts = forge::parts_of(std::string(compact));
  const auto header = decoded(parts.header), payload = decoded(parts.payload);
  hold(parts.joined() == compact, "nothing stands beside the three parts");
  hold(token->sha256() == sha256(compact), "the hash is over the whole text");
  hold(header.size() == 3 && header.at("kid") == token->kid(), "the header is typ, alg and kid");
  const auto& claims = token->claims_before_verification();
  // As canonical text: the same number may be an int on one side and an unsigned on the other.
  hold(canonical_json(claims.json()).value_or("") == canonical_json(payload).value_or("-"),
       "every member of the payload is a claim that was read");

  hold(!GenuineToken::verify(*token, KeySet({strangers_key().verifying_key()})),
       "a stranger's key makes no token genuine");
  hold(!GenuineToken::verify(*token, KeySet()), "no key makes no token genuine");
  hold(!GenuineToken::recognise(*token, Sha256{}), "a token is not recognised by another's hash");

  const auto signed_anew = sign_token(claims, strangers_key());
  const auto again = UnverifiedToken::parse(signed_anew.expose_for_transport());
  // What was read may be longer when it is written by us: then there is no second token to compare.
  hold(again || signed_anew.expose_for_transport().size() > token_bytes_max, "claims that were read can be signed");
  if (again) hold(again->claims_before_verification().json() == claims.json(), "signed anew they read the same");
  return std::move(*token);
}

}  // namespace jeton::fuzz
