// Three parts and two dots: every byte accounted for before any of it means something.
#include "core/compact_jws.hpp"

#include <algorithm>
#include <stdexcept>

#include "jeton/base64url.hpp"
#include "jeton/hash.hpp"

namespace jeton {
namespace {

constexpr std::size_t depth_max = 16;

tl::unexpected<Error> malformed(std::string message) { return refuse(Code::bad_token, std::move(message)); }

}  // namespace

std::optional<JwsParts> split_jws(std::string_view compact) {
  const auto first = compact.find('.');
  const auto last = compact.rfind('.');
  if (first == last) return std::nullopt;  // no dot, or one
  const JwsParts parts{compact.substr(0, first), compact.substr(first + 1, last - first - 1), compact.substr(last + 1)};
  const bool whole = !parts.header.empty() && !parts.payload.empty() && !parts.signature.empty();
  if (!whole || parts.payload.find('.') != std::string_view::npos) return std::nullopt;
  return parts;
}

Result<Json> decode_jws_part(std::string_view part, std::string_view where, JsonLimits limits) {
  const auto bytes = from_base64url(part);
  if (!bytes) return malformed(std::string(where) + " is not strict base64url");
  const std::string_view text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  auto json = parse_json_strictly(text, limits);
  if (json) return std::move(*json);
  // Not the parser's own message: its pointer could hold names of the sender's choice.
  const bool twice = json.error().fault == JsonFault::duplicate_name;
  return malformed(std::string(where) + (twice ? " has a member name twice" : " is not strict JSON"));
}

bool is_media_type(std::string_view typ, std::string_view wanted) {
  constexpr std::string_view prefix = "application/";
  const auto equals = [](std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char upper, char lower) {
      return (upper >= 'A' && upper <= 'Z' ? static_cast<char>(upper - 'A' + 'a') : upper) == lower;
    });
  };
  if (equals(typ.substr(0, prefix.size()), prefix)) typ.remove_prefix(prefix.size());
  return equals(typ, wanted);
}

Result<CompactJws> read_compact_jws(std::string_view compact, std::string_view what, std::size_t bytes_max) {
  const std::string name(what);
  if (compact.size() > bytes_max) return malformed(name + " is too large to be one");
  if (!std::all_of(compact.begin(), compact.end(), may_stand_in_a_jws))
    return malformed(name + " has a byte that none has");
  const auto parts = split_jws(compact);
  if (!parts) return malformed(name + " is not three parts with dots between them");
  auto signature = from_base64url(parts->signature);
  if (!signature) return malformed(name + "'s signature is not strict base64url");
  const JsonLimits limits{.bytes = bytes_max, .depth = depth_max};
  auto header = decode_jws_part(parts->header, name + "'s header", limits);
  if (!header) return refuse(header.error());
  auto payload = decode_jws_part(parts->payload, name + "'s payload", limits);
  if (!payload) return refuse(payload.error());
  return CompactJws{std::move(*header), std::move(*payload),
                    std::string(compact.substr(0, compact.size() - parts->signature.size() - 1)),
                    std::move(*signature)};
}

std::string write_compact_jws(std::string_view typ, const Json& payload, const SigningKey& key) {
  const auto claims = canonical_json(payload);
  if (!claims) throw std::invalid_argument("claims that cannot be written as JSON");
  std::string header(R"({"typ":")");
  header.append(typ).append(R"(","alg":")").append(name_of(key.verifying_key().algorithm()));
  header.append(R"(","kid":")").append(key.verifying_key().kid()).append(R"("})");
  auto compact = base64url(as_bytes(header)) + '.' + base64url(as_bytes(*claims));
  const auto signature = key.sign(compact);
  return std::move(compact.append(1, '.').append(base64url(signature)));
}

}  // namespace jeton
