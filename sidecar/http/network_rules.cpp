// Authorities are compared without case and without the port that goes without saying, and otherwise byte by byte.
#include "http/network_rules.hpp"

#include <algorithm>

#include "http/paths.hpp"

namespace jeton {
namespace {

constexpr int misdirected = 421;  // RFC 9110 section 15.5.20

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

/// Without the port that `scheme` implies.
std::string normal(std::string_view authority, std::string_view scheme) {
  const std::string_view port = scheme == "https" ? ":443" : ":80";
  if (authority.ends_with(port)) authority.remove_suffix(port.size());
  return lower(authority);
}

/// "https://host/path" → https and the rest; nothing of what is no http URL.
std::optional<std::pair<std::string_view, std::string_view>> split(std::string_view url) {
  for (const std::string_view scheme : {"https", "http"}) {
    const auto rest = url.substr(std::min(url.size(), scheme.size()));
    if (lower(url.substr(0, scheme.size())) == scheme && rest.starts_with("://"))
      return std::pair{scheme, rest.substr(3)};
  }
  return std::nullopt;
}

std::string_view without_last_slash(std::string_view path) {
  if (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

NetworkRules::Refused bad_request(std::string what) { return {{Code::bad_request, std::move(what)}, 400}; }

}  // namespace

NetworkRules::NetworkRules(std::string_view issuer) {
  const auto url = split(issuer);
  if (!url) return;
  scheme_ = url->first;
  const auto end = std::min(url->second.find_first_of("/?#"), url->second.size());
  authority_ = normal(url->second.substr(0, end), scheme_);
  path_ = without_last_slash(url->second.substr(end));
}

bool NetworkRules::is_ours(std::string_view authority, std::string_view came_to) const {
  if (authority.empty()) return false;
  const bool by_address =
      lower(authority) == came_to || normal(came_to, "https") == authority || normal(came_to, "http") == authority;
  return by_address || (!authority_.empty() && normal(authority, scheme_) == authority_);
}

std::optional<NetworkRules::Refused> NetworkRules::screen(Request& request, std::string_view came_to) const {
  // Several fields are read as one with commas, which no authority has.
  if (request.host.empty() || request.host.find(',') != request.host.npos)
    return bad_request("a request names its host in exactly one Host field");
  if (!is_ours(request.host, came_to))
    return Refused{{Code::bad_request, "this is not that host; use the issuer's URL"}, misdirected};
  if (!request.origin.empty() && (authority_.empty() || request.origin != scheme_ + "://" + authority_))
    return bad_request("pages of other origins are not served");
  if (auto refused = leave_path(request, came_to)) return refused;
  // The endpoints of an issuer with a path lie behind it, unless a proxy took it away.
  if (!path_.empty() && !serves_network(request.target) && request.target.starts_with(path_ + '/'))
    request.target.erase(0, path_.size());
  return std::nullopt;
}

std::string NetworkRules::path_asked(std::string_view target) const {
  if (const auto absolute = split(target))
    target = absolute->second.substr(std::min(absolute->second.find('/'), absolute->second.size()));
  target = target.substr(0, target.find('?'));
  if (!path_.empty() && target.starts_with(path_ + '/')) target.remove_prefix(path_.size());
  return std::string(target);
}

std::optional<NetworkRules::Refused> NetworkRules::leave_path(Request& request, std::string_view came_to) const {
  if (request.target.starts_with('/')) return std::nullopt;
  const auto absolute = split(request.target);
  const auto rest = absolute ? absolute->second : std::string_view();
  const auto path = std::min(rest.find_first_of("/?#"), rest.size());
  if (!is_ours(rest.substr(0, path), came_to)) return bad_request("a target is a path, or a URL of the issuer's host");
  request.target = (rest.substr(path).starts_with('/') ? "" : "/") + std::string(rest.substr(path));
  return std::nullopt;
}

bool serves_network(std::string_view target) {
  const auto path = known_path(target);
  return path && path->over_network;
}

}  // namespace jeton
