// Equalities over the claims of somebody else's token: exact, and false for whatever is not there.
#include "identity/trusted_issuer.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include <fmt/core.h>

namespace jeton {
namespace {

constexpr std::size_t side_bytes_max = 1024;
/// They are checked already, or differ from token to token: a rule over one of them would tell nobody apart.
constexpr std::array<std::string_view, 6> of_every_token{"iss", "aud", "exp", "nbf", "iat", "jti"};

bool is_text(std::string_view text) {
  return !text.empty() && text.size() <= side_bytes_max && std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < ' ' || c == 0x7F;
  });
}

/// RFC 6901 section 3: a name as one step of a pointer.
std::string as_step(std::string_view name) {
  std::string step = "/";
  for (const char c : name) {
    if (c == '~')
      step += "~0";
    else if (c == '/')
      step += "~1";
    else
      step += c;
  }
  return step;
}

bool equals(const Json& claim, const std::string& value) {
  if (const auto* text = claim.get_ptr<const std::string*>()) return *text == value;
  return (claim.is_boolean() || claim.is_number_integer()) && claim.dump() == value;
}

}  // namespace

ClaimRule::ClaimRule(std::string claim, std::string value)
    : claim_(std::move(claim)),
      value_(std::move(value)),
      pointer_(claim_.starts_with('/') ? claim_ : as_step(claim_)) {}

Result<ClaimRule> ClaimRule::parse(std::string_view text) {
  const auto at = text.find('=');
  const auto claim = text.substr(0, at);
  const auto value = at == text.npos ? std::string_view() : text.substr(at + 1);
  if (!is_text(claim) || !is_text(value))
    return refuse(Code::bad_request,
                  "holds what is no equality; write CLAIM=VALUE, such as \"environment=production\", or a JSON Pointer "
                  "and a value, such as \"/kubernetes.io/namespace=billing\"");
  const auto name = claim.starts_with('/') ? claim.substr(1) : claim;
  if (std::find(of_every_token.begin(), of_every_token.end(), name) != of_every_token.end())
    return refuse(Code::bad_request,
                  fmt::format("asks for {}, which is checked anyway or differs in each token; write a claim that says "
                              "which workload it is",
                              name));
  try {
    return ClaimRule(std::string(claim), std::string(value));
  } catch (const Json::exception&) {
    return refuse(Code::bad_request, "holds what is no JSON Pointer; in one ~ is written ~0 and / is written ~1");
  }
}

bool ClaimRule::holds(const Json& claims) const {
  if (!claims.contains(pointer_)) return false;
  const auto& claim = claims.at(pointer_);
  if (!claim.is_array()) return equals(claim, value_);
  return std::any_of(claim.begin(), claim.end(), [&](const Json& element) { return equals(element, value_); });
}

std::optional<std::string> TrustedIssuer::claim_against(const Json& token) const {
  const auto sub = token.find("sub");
  const auto* text = sub == token.end() ? nullptr : sub->get_ptr<const std::string*>();
  if (text == nullptr || !text->starts_with(sub_prefix)) return "sub";
  for (const auto& rule : claims)
    if (!rule.holds(token)) return rule.claim();
  return std::nullopt;
}

}  // namespace jeton
