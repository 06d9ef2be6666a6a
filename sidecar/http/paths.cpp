// One table, read from its top.
#include "http/paths.hpp"

namespace jeton {
namespace {

constexpr std::string_view get = "GET", post = "POST";
/// OpenID Connect Discovery 1.0 section 4 and RFC 8414 section 3.
constexpr std::string_view metadata[] = {"/.well-known/openid-configuration",
                                         "/.well-known/oauth-authorization-server"};

/// What stands between a row's two ends.
enum class Between { nothing, one_step, anything };

struct Row {
  KnownPath is;
  std::string_view begin;
  Between between = Between::nothing;
  std::string_view end = {};
};

constexpr Row rows[] = {
    {{get, true}, "/oauth2/authorize"},
    {{get, true}, "/oauth2/authorize?", Between::anything},
    {{post, true}, "/oauth2/token"},
    {{post, true}, "/oauth2/introspect"},
    {{post, true}, "/oauth2/revoke"},
    {{get, true}, "/oauth2/jwks"},
    {{get, true}, "/openapi.json"},
    {{get, true}, "/healthz"},
    {{get, true}, "/readyz"},
    {{get, false}, "/metrics"},
    {{post, false}, "/v1/calls"},
    {{post, false}, "/v1/calls/", Between::one_step, "/tokens"},
    {{post, true}, "/v1/calls/", Between::one_step, "/outcome"},
    {{post, true}, "/v1/redeem"},
    {{post, false}, "/v1/revoke"},
    {{post, false}, "/v1/federation"},
    {{post, false}, "/v1/log/archive"},
    {{get, true}, "/federation/jwks"},
    {{post, false}, "/v1/agents/", Between::one_step, "/disable"},
    {{post, false}, "/v1/agents/", Between::one_step, "/enable"},
    {{get, true}, "/v1/jwks"},
    {{get, false}, "/v1/status"},
    {{get, true}, "/tlog/checkpoint"},
    // Whoever can fetch the entries reads the log: for reviewers, whom only the Unix socket can tell.
    {{get, false}, "/tlog/tile/entries", Between::anything},
    {{get, true}, "/tlog/tile/", Between::anything},
};

bool fits(const Row& row, std::string_view target) {
  if (row.between == Between::nothing) return target == row.begin;
  if (!target.starts_with(row.begin)) return false;
  target.remove_prefix(row.begin.size());
  if (!target.ends_with(row.end)) return false;
  target.remove_suffix(row.end.size());
  return row.between == Between::anything || (!target.empty() && target.find('/') == target.npos);
}

}  // namespace

std::optional<KnownPath> known_path(std::string_view target) {
  for (const auto& row : rows)
    if (fits(row, target)) return row.is;
  if (target.find('?') != target.npos) return std::nullopt;
  // Behind the path of an issuer that has one, or, by RFC 8414, before it.
  for (const auto document : metadata) {
    const auto at = target.find(document);
    if (at == target.npos) continue;
    const auto rest = target.substr(at + document.size());
    if (rest.empty() || (at == 0 && rest.front() == '/')) return KnownPath{get, true};
  }
  return std::nullopt;
}

std::optional<std::string_view> method_instead(std::string_view method, std::string_view target) {
  const auto path = known_path(target);
  return path && path->method != method ? std::optional(path->method) : std::nullopt;
}

}  // namespace jeton
