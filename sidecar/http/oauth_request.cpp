// One resource, one authorization_details object, and nothing that could widen what they say.
#include "http/oauth_request.hpp"

#include <fmt/core.h>

#include "http/members.hpp"
#include "identity/roles.hpp"

namespace jeton {
namespace {

constexpr std::string_view token_type_jwt = "urn:ietf:params:oauth:token-type:jwt";
constexpr std::string_view token_type_id = "urn:ietf:params:oauth:token-type:id_token";

tl::unexpected<OAuthRefusal> deny(Code code, std::string message, std::string_view name = {}) {
  return tl::unexpected(OAuthRefusal{{code, std::move(message)}, name});
}

std::optional<GrantType> grant_of(std::string_view name) {
  if (name == "client_credentials") return GrantType::client_credentials;
  if (name == "urn:ietf:params:oauth:grant-type:token-exchange") return GrantType::token_exchange;
  if (name == "urn:ietf:params:oauth:grant-type:jwt-bearer") return GrantType::jwt_bearer;
  return std::nullopt;
}

/// The array as text; faults in the arguments are told as the tool's arguments' own.
Result<Json> parse_details(std::string_view text, const DecodeLimits& limits) {
  // The arguments may be 64 deep, and stand inside an object inside the array.
  auto parsed = parse_json_strictly(text, {limits.body_bytes, JsonLimits{}.depth + 2});
  if (!parsed && parsed.error().fault == JsonFault::syntax)
    return refuse(Code::bad_arguments,
                  "authorization_details is not JSON; serialize it, by JSON.stringify or json.dumps");
  if (!parsed) return refuse(Code::bad_arguments, "authorization_details: " + parsed.error().message);
  if (!parsed->is_array() || parsed->size() != 1 || !parsed->front().is_object())
    return refuse(Code::bad_arguments, "authorization_details must be an array of exactly one object");
  return std::move(parsed->front());
}

bool is_one(const Json* list, std::string_view value) {
  return list != nullptr && list->is_array() && list->size() == 1 && list->front().is_string() &&
         list->front().get_ref<const std::string&>() == value;
}

/// RFC 9396 section 2.2, with the members of the protocol.
Result<TokenRequest> read_details(Json object, std::string_view resource, const DecodeLimits& limits) {
  Members in(object);
  TokenRequest request;
  request.open.server = std::string(resource);
  const auto type = in.optional_text(
      "type", [](std::string_view text) { return text == authorization_type; }, "\"jeton_tool_call\"");
  if (!type) in.wrong("type", "\"jeton_tool_call\"");
  if (!is_one(in.find("actions"), "tools/call")) in.wrong("actions", "[\"tools/call\"]");
  if (const auto* locations = in.find("locations"); locations != nullptr && !is_one(locations, resource))
    in.wrong("locations", "the one resource, or left out");
  request.open.call = read_binding(in, "identifier", limits);
  request.open.call_id = in.optional_id("call_id");
  request.open.open_id = in.optional_id("open_id");
  request.open.run_id = in.optional_id("run_id");
  request.open.session_id = in.optional_id("session_id");
  request.open.parent_txn = in.optional_id128<TxnTag>("parent_txn");
  request.txn = in.optional_id128<TxnTag>("txn");
  if (auto mistake = in.mistake()) return refuse(Code::bad_arguments, "authorization_details: " + mistake->message);
  const auto& open = request.open;
  if (request.txn && (open.call_id || open.open_id || open.run_id || open.session_id || open.parent_txn))
    return refuse(Code::bad_arguments, "authorization_details: with txn the call has its ids already; leave them out");
  return request;
}

tl::expected<void, OAuthRefusal> check_exchange(const Form& form) {
  const auto type = form.text("subject_token_type");
  if (!form.has("subject_token") || !type)
    return deny(Code::bad_request, "token exchange needs subject_token and subject_token_type");
  if (*type != token_type_access && *type != token_type_jwt && *type != token_type_id)
    return deny(Code::bad_request, "subject_token_type must be access_token, jwt or id_token of RFC 8693");
  if (form.has("actor_token") || form.has("actor_token_type"))
    return deny(Code::bad_request, "the client is the actor; leave actor_token out");
  const auto requested = form.text("requested_token_type");
  if (requested && *requested != token_type_access)
    return deny(Code::bad_request, "only tokens of type access_token are issued");
  return {};
}

}  // namespace

tl::expected<TokenRequest, OAuthRefusal> decode_token_request(const Form& form, const DecodeLimits& limits) {
  const auto name = form.text("grant_type");
  if (!name) return deny(Code::bad_request, "grant_type is needed");
  const auto grant = grant_of(*name);
  if (!grant)
    return deny(Code::bad_request, "grant_type must be client_credentials, token-exchange or jwt-bearer",
                "unsupported_grant_type");
  if (form.has("scope")) return deny(Code::bad_request, "there are no scopes; leave scope out", "invalid_scope");
  if (form.has("audience")) return deny(Code::unknown_server, "name the tool server by resource, not by audience");
  if (*grant == GrantType::token_exchange)
    if (auto fits = check_exchange(form); !fits) return tl::unexpected(fits.error());
  if (*grant == GrantType::jwt_bearer && !form.has("assertion"))
    return deny(Code::bad_request, "the jwt-bearer grant needs an assertion");

  const auto resource = form.text("resource");
  if (!resource || !is_server_name(*resource))
    return deny(Code::unknown_server, "resource is needed: the url of one [[server]]");
  const auto details = form.text("authorization_details");
  if (!details)
    return deny(Code::bad_arguments,
                "authorization_details is needed: a JSON array of one object with type "
                "jeton_tool_call, actions, identifier and arguments");
  auto request = parse_details(*details, limits).and_then([&](Json object) {
    return read_details(std::move(object), *resource, limits);
  });
  if (!request) return tl::unexpected(OAuthRefusal{request.error()});
  request->grant = *grant;
  return std::move(*request);
}

}  // namespace jeton
