// From a text to claims with every byte accounted for, and from claims to genuine ones.
#include "identity/foreign_jwt.hpp"

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "jeton/base64url.hpp"
#include "jeton/clock.hpp"

namespace jeton {
namespace {

constexpr JsonLimits jwt_json_limits{.bytes = jwt_bytes_max, .depth = 16};
constexpr std::size_t sub_bytes_max = 512;
constexpr std::size_t text_bytes_max = 1024;
constexpr std::size_t audiences_max = 16;
constexpr std::int64_t time_max = (std::int64_t{1} << 53) - 1;

/// RFC 8725 sections 3.1 and 3.10: what brings keys of the sender's choice, wraps another token, or changes what the
/// signature is over. Everything else that a header says and nobody here knows means nothing (RFC 7515 section 4).
constexpr std::array<std::string_view, 8> refused_in_header{"crit", "jwk", "jku", "x5c", "x5u", "b64", "zip", "cty"};

tl::unexpected<Error> malformed(std::string what) { return refuse(Code::bad_token, "the JWT " + std::move(what)); }

bool is_printable(std::string_view text, std::size_t bytes_max) {
  return !text.empty() && text.size() <= bytes_max && std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < ' ' || c == 0x7F;
  });
}

struct Parts {
  std::string_view header;
  std::string_view payload;
  std::string_view signature;
};

/// Exactly three parts, none of them empty.
std::optional<Parts> split(std::string_view compact) {
  const auto first = compact.find('.');
  const auto last = compact.rfind('.');
  if (first == last) return std::nullopt;  // no dot, or one
  const Parts parts{compact.substr(0, first), compact.substr(first + 1, last - first - 1), compact.substr(last + 1)};
  const bool whole = !parts.header.empty() && !parts.payload.empty() && !parts.signature.empty();
  if (!whole || parts.payload.find('.') != std::string_view::npos) return std::nullopt;
  return parts;
}

Result<Json> decode(std::string_view part, std::string_view where) {
  const auto bytes = from_base64url(part);
  if (!bytes) return malformed(fmt::format("has a {} that is not strict base64url", where));
  auto json = parse_json_strictly({reinterpret_cast<const char*>(bytes->data()), bytes->size()}, jwt_json_limits);
  // Not the parser's own message: its pointer could hold names of the sender's choice.
  if (!json && json.error().fault == JsonFault::duplicate_name)
    return malformed(fmt::format("has a {} with a name twice", where));
  if (!json || !json->is_object()) return malformed(fmt::format("has a {} that is no strict JSON object", where));
  return std::move(*json);
}

/// The first fault is kept; what is read after one is of the right type and without meaning.
class Claims {
 public:
  explicit Claims(const Json& object) : object_(object) {}

  std::optional<std::string> text(std::string_view name, std::size_t bytes_max) {
    const auto found = object_.find(name);
    if (found == object_.end()) return std::nullopt;
    const auto* text = found->get_ptr<const std::string*>();
    if (text != nullptr && is_printable(*text, bytes_max)) return *text;
    blame(fmt::format("has a {} that is not 1 to {} bytes of printable text", name, bytes_max));
    return std::nullopt;
  }

  std::optional<std::int64_t> time(std::string_view name) {
    const auto found = object_.find(name);
    if (found == object_.end()) return std::nullopt;
    if (found->is_number_unsigned() && found->get<std::uint64_t>() <= static_cast<std::uint64_t>(time_max))
      return found->get<std::int64_t>();
    blame(fmt::format("has an {} that is not a number of whole seconds", name));
    return std::nullopt;
  }

  /// RFC 7519 section 4.1.3: one text, or a list of them.
  std::vector<std::string> audiences() {
    std::vector<std::string> all;
    const auto found = object_.find("aud");
    if (found == object_.end()) return all;
    const auto add = [&](const Json& one) {
      const auto* text = one.get_ptr<const std::string*>();
      if (text != nullptr && is_printable(*text, text_bytes_max)) return all.push_back(*text);
      blame("has an aud that is neither a text nor a list of texts");
    };
    if (!found->is_array())
      add(*found);
    else if (found->size() > audiences_max)
      blame(fmt::format("has more than {} audiences", audiences_max));
    else
      std::for_each(found->begin(), found->end(), add);
    return all;
  }

  void blame(std::string what) {
    if (fault_.empty()) fault_ = std::move(what);
  }
  [[nodiscard]] const std::string& fault() const { return fault_; }

 private:
  const Json& object_;
  std::string fault_;
};

Result<JwtHeader> read_header(const Json& json) {
  for (const auto name : refused_in_header)
    if (json.contains(name)) return malformed(fmt::format("has {} in its header", name));
  Claims in(json);
  JwtHeader header;
  const auto alg = algorithm_named(in.text("alg", text_bytes_max).value_or(""));
  if (!alg) in.blame("has an alg that is none of EdDSA, ES256 and RS256");
  header.kid = in.text("kid", text_bytes_max);
  auto& typ = header.typ = in.text("typ", text_bytes_max).value_or("");
  if (!in.fault().empty()) return malformed(in.fault());
  header.algorithm = *alg;
  // RFC 7515 section 4.1.9: media types compare without case, and `application/` may be left out.
  std::transform(typ.begin(), typ.end(), typ.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (typ.starts_with("application/")) typ.erase(0, std::string_view("application/").size());
  header.is_plain = json.size() == 1 + std::size_t{header.kid.has_value()} + std::size_t{json.contains("typ")};
  return header;
}

/// An issuer writes one header before all its tokens, so the last few that were good are kept beside their text.
Result<std::shared_ptr<const JwtHeader>> header_of(std::string_view part) {
  struct Known {
    std::string part;
    std::shared_ptr<const JwtHeader> header;
  };
  constexpr std::size_t bytes_max = 512;
  thread_local std::array<Known, 8> known;
  thread_local std::size_t oldest = 0;
  const auto same = std::find_if(known.begin(), known.end(), [part](const Known& one) { return one.part == part; });
  if (same != known.end()) return same->header;
  const auto json = decode(part, "header");
  if (!json) return refuse(json.error());
  auto read = read_header(*json);
  if (!read) return refuse(read.error());
  auto header = std::make_shared<const JwtHeader>(std::move(*read));
  if (part.size() <= bytes_max) known[oldest++ % known.size()] = {std::string(part), header};
  return header;
}

Result<JwtClaims> read_claims(Json payload) {
  Claims in(payload);
  JwtClaims claims;
  claims.iss = in.text("iss", text_bytes_max);
  claims.jti = in.text("jti", text_bytes_max);
  claims.nbf = in.time("nbf");
  claims.iat = in.time("iat");
  const auto sub = in.text("sub", sub_bytes_max);
  if (!sub) in.blame("has no sub");
  claims.sub = sub.value_or("");
  claims.aud = in.audiences();
  if (claims.aud.empty()) in.blame("has no aud");
  const auto exp = in.time("exp");
  if (!exp) in.blame("has no exp");
  claims.exp = exp.value_or(0);
  if (claims.iat.value_or(-1) >= claims.exp || claims.nbf.value_or(-1) >= claims.exp)
    in.blame("has an exp that is not after its iat and nbf");
  if (!in.fault().empty()) return malformed(in.fault());
  claims.all = std::move(payload);
  return claims;
}

}  // namespace

bool JwtClaims::is_for(std::string_view audience, bool alone) const {
  if (alone && aud.size() != 1) return false;
  return std::find(aud.begin(), aud.end(), audience) != aud.end();
}

Result<void> JwtClaims::in_time(std::int64_t wall_us, std::int64_t age_max_s) const {
  const auto now = wall_us / us_per_s;
  if (exp <= now - jwt_skew_s)
    return refuse(Code::expired, "the JWT has expired; make a new one, and compare the clocks if that has expired too");
  if (nbf.value_or(0) > now + jwt_skew_s || iat.value_or(0) > now + jwt_skew_s)
    return refuse(Code::not_yet_valid, "the JWT is from the future; compare the clocks");
  if (exp - iat.value_or(now) > age_max_s)
    return refuse(Code::bad_token, fmt::format("the JWT lives longer than {} s; make one that ends sooner", age_max_s));
  return {};
}

Result<UnverifiedJwt> UnverifiedJwt::parse(std::string_view compact) {
  if (compact.size() > jwt_bytes_max) return malformed("is larger than 16 KiB");
  const auto parts = split(compact);
  if (!parts) return malformed("is not three parts with dots between them");
  auto signature = from_base64url(parts->signature);
  if (!signature) return malformed("has a signature that is not strict base64url");

  UnverifiedJwt jwt;
  auto header = header_of(parts->header);
  if (!header) return refuse(header.error());
  jwt.header_ = std::move(*header);
  auto payload = decode(parts->payload, "payload");
  if (!payload) return refuse(payload.error());
  auto claims = read_claims(std::move(*payload));
  if (!claims) return refuse(claims.error());
  jwt.claims_ = std::move(*claims);
  jwt.signing_input_ = compact.substr(0, compact.size() - parts->signature.size() - 1);
  jwt.signature_ = std::move(*signature);
  return jwt;
}

Result<GenuineJwt> GenuineJwt::verify(std::shared_ptr<const UnverifiedJwt> jwt, const ForeignKeySet& keys) {
  const auto candidates = keys.candidates(jwt->header().kid, jwt->header().algorithm);
  if (candidates.empty()) return refuse(Code::unknown_key, "no key of the JWT's issuer has its kid and alg");
  if (candidates.size() > 1) return refuse(Code::unknown_key, "the JWT names no kid, and its issuer has several keys");
  if (!candidates.front()->verifies(jwt->signing_input_, jwt->signature_))
    return refuse(Code::bad_signature, "the JWT's signature does not verify");
  return GenuineJwt(std::move(jwt));
}

}  // namespace jeton
