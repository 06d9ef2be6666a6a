// Writing a token, and each step from "has the form" to "meant for exactly this call": genuine, expected, in time.
#include "jeton/token.hpp"

#include <stdexcept>

#include "core/json_rules.hpp"
#include "core/openssl_key.hpp"
#include "jeton/base64url.hpp"

namespace jeton {
namespace {

/// Whole seconds, rounded down also before 1970. Comparing in seconds keeps claims near 2^53 from overflowing.
std::int64_t whole_seconds(std::int64_t us) {
  constexpr std::int64_t us_per_second = 1'000'000;
  return us / us_per_second - (us % us_per_second < 0 ? 1 : 0);
}

/// The exact bytes of the protocol: this order of members, so that two issuers write one header.
std::string header_text(const VerifyingKey& key) {
  std::string out;
  out.reserve(96);
  out.append(R"({"typ":"at+jwt","alg":")").append(name_of(key.algorithm()));
  return std::move(out.append(R"(","kid":")").append(key.kid()).append(R"("})"));
}

void put(std::string& out, std::string_view before, std::string_view text) {
  if (!is_clean_text(text)) throw std::invalid_argument("the claims of a token cannot be written as JSON");
  out += before;
  append_quoted(out, text);
}

void put(std::string& out, std::string_view before, std::int64_t number) {
  if (!is_clean_number(number)) throw std::invalid_argument("the claims of a token cannot be written as JSON");
  (out += before) += std::to_string(number);
}

void put_details(std::string& out, const TokenClaims& claims) {
  put(out, R"([{"actions":["tools/call"],"args_digest":)", claims.digest.text());
  put(out, R"(,"attempt":)", claims.attempt);
  if (claims.call_id) put(out, R"(,"call_id":)", *claims.call_id);
  put(out, R"(,"identifier":)", claims.tool);
  put(out, R"(,"locations":[)", claims.aud);
  put(out, R"(],"type":)", authorization_type);
  out += "}]";
}

/// The RFC 8785 bytes of `claims.json()`, written without making a tree of them, but for `act`, which is any JSON:
/// every mint does it.
std::string canonical_claims(const TokenClaims& claims) {
  std::string out = "{";
  out.reserve(960);
  if (claims.act) {
    const auto act = canonical_json(*claims.act);
    if (!act) throw std::invalid_argument("the claims of a token cannot be written as JSON");
    out.append(R"("act":)").append(*act).append(1, ',');
  }
  put(out, R"("aud":)", claims.aud);
  put_details(out += R"(,"authorization_details":)", claims);
  put(out, R"(,"client_id":)", claims.client_id);
  put(out, R"(,"exp":)", claims.exp);
  put(out, R"(,"iat":)", claims.iat);
  put(out, R"(,"iss":)", claims.iss);
  put(out, R"(,"jti":)", claims.jti.text());
  put(out, R"(,"sub":)", claims.sub);
  put(out, R"(,"txn":)", claims.txn.text());
  return out + '}';
}

/// A certified key signs for its own daemon's issuer and for agents of its trust domain.
Result<void> fits_certificate(const TokenClaims& claims, const Certified& certified) {
  if (claims.iss != certified.issuer)
    return refuse(Code::wrong_issuer, "the token names another issuer than its key is certified for");
  if (!claims.client_id.starts_with("spiffe://" + certified.trust_domain + "/"))
    return refuse(Code::wrong_issuer, "the token is of an agent of another trust domain than its key");
  return {};
}

}  // namespace

Json TokenClaims::authorization_details() const {
  Json detail = Json::object();
  detail["type"] = authorization_type;
  detail["locations"] = Json::array({aud});
  detail["actions"] = Json::array({"tools/call"});
  detail["identifier"] = tool;
  detail["args_digest"] = digest.text();
  if (call_id) detail["call_id"] = *call_id;
  detail["attempt"] = attempt;
  Json details = Json::array();
  details.push_back(std::move(detail));
  return details;
}

std::string TokenClaims::authorization_details_text() const {
  std::string out;
  out.reserve(384);
  put_details(out, *this);
  return out;
}

Json TokenClaims::json() const {
  Json claims = Json::object();
  claims["iss"] = iss;
  claims["aud"] = aud;
  claims["sub"] = sub;
  claims["client_id"] = client_id;
  claims["iat"] = iat;
  claims["exp"] = exp;
  claims["jti"] = jti.text();
  claims["txn"] = txn.text();
  claims["authorization_details"] = authorization_details();
  if (act) claims["act"] = *act;
  return claims;
}

Token sign_token(const TokenClaims& claims, const SigningKey& key) {
  const std::size_t signature_size = key.verifying_key().algorithm() == Algorithm::rs256 ? 256 : 64;
  const auto header = header_text(key.verifying_key());
  const auto payload = canonical_claims(claims);
  std::string compact;
  compact.reserve((header.size() + payload.size() + signature_size) / 3 * 4 + 16);
  append_base64url(compact, as_bytes(header));
  compact += '.';
  append_base64url(compact, as_bytes(payload));
  const auto signature = key.sign(compact);
  compact += '.';
  append_base64url(compact, signature);
  return Token(std::move(compact));
}

Result<GenuineToken> GenuineToken::verify(UnverifiedToken token, const KeySet& keys) {
  const auto* key = keys.find(token.kid_);
  if (key == nullptr) {
    return refuse(Code::unknown_key, "no key of the issuer has the kid of this token; mint a new token");
  }
  if (key->algorithm() != token.algorithm_)
    return refuse(Code::bad_signature, "the token names another algorithm than its key has");
  if (!key->verifies(token.signing_input_, token.signature_)) {
    return refuse(Code::bad_signature, "the signature does not fit the token");
  }
  if (key->algorithm() == Algorithm::es256 && !is_lower_es256(token.signature_))
    return refuse(Code::bad_signature, "the signature is the higher of the two that fit; send the token as minted");
  if (const auto* certified = keys.certified(token.kid_))
    if (auto fits = fits_certificate(token.claims_, *certified); !fits) return refuse(fits.error());
  return GenuineToken(std::move(token.claims_), token.sha256_);
}

std::optional<GenuineToken> GenuineToken::recognise(const UnverifiedToken& token, const Sha256& of_known) {
  if (!equal_in_constant_time(token.sha256_, of_known)) return std::nullopt;
  return GenuineToken(token.claims_, token.sha256_);
}

Result<VerifiedToken> VerifiedToken::check(GenuineToken token, const Expectation& expected) {
  const auto& claims = token.claims();
  if (claims.iss != expected.issuer) return refuse(Code::wrong_issuer, "the token is from another issuer");
  if (claims.aud != expected.server) {
    return refuse(Code::wrong_audience, "the token is for another tool server; mint one for the server that is called");
  }
  if (claims.tool != expected.tool) {
    return refuse(Code::wrong_tool, "the token is for another tool; mint one for the tool that is called");
  }
  if (!claims.digest.equals(expected.digest)) {
    return refuse(Code::args_mismatch, "the arguments are not those the token was minted for");
  }
  return VerifiedToken(std::move(token));
}

Result<void> VerifiedToken::in_time(std::int64_t wall_us) const {
  const auto now_s = whole_seconds(wall_us);
  if (now_s >= claims().exp + token_skew_s) return refuse(Code::expired, "the token has expired; mint a new one");
  if (claims().iat - token_skew_s > now_s) {
    return refuse(Code::not_yet_valid, "the token was issued in the future; compare the clocks of issuer and verifier");
  }
  return {};
}

}  // namespace jeton
