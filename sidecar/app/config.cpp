// What a configuration comes to: its sockets, its selectors, and the file it is read from.
#include "app/config.hpp"

#include <algorithm>
#include <system_error>

#include <fmt/format.h>

#include "ops/owned_file.hpp"

namespace jeton {

std::string_view name_of(Durability durability) { return durability == Durability::full ? "full" : "normal"; }

namespace {

std::vector<Selector> selectors_of(const Roles::Entries& roles) {
  std::vector<Selector> all;
  const auto add = [&all](const SelectorSet& match) {
    all.insert(all.end(), match.selectors().begin(), match.selectors().end());
  };
  for (const auto& agent : roles.agents) add(agent.match);
  for (const auto& server : roles.servers)
    if (server.match) add(*server.match);
  for (const auto& match : roles.operators) add(match);
  for (const auto& match : roles.reviewers) add(match);
  return all;
}

}  // namespace

std::vector<std::string> Config::own_sockets() const {
  std::vector<std::string> sockets;
  for (const auto& selector : selectors_of(roles))
    if (selector.kind == Selector::Kind::socket &&
        std::find(sockets.begin(), sockets.end(), selector.value) == sockets.end())
      sockets.push_back(selector.value);
  return sockets;
}

bool Config::fetches() const {
  return engine || std::any_of(trusted_issuers.begin(), trusted_issuers.end(),
                               [](const TrustedIssuer& entry) { return !entry.jwks.starts_with('/'); });
}

bool Config::reaches_elsewhere() const {
  const auto proves = [](const auto& entry) { return entry.proof.keys.has_value(); };
  return fetches() || tls || !trusted_issuers.empty() ||
         std::any_of(roles.agents.begin(), roles.agents.end(), proves) ||
         std::any_of(roles.servers.begin(), roles.servers.end(), proves);
}

bool Config::has_selector(Selector::Kind kind) const {
  const auto all = selectors_of(roles);
  return std::any_of(all.begin(), all.end(), [kind](const Selector& one) { return one.kind == kind; });
}

Result<Config> load_config(const std::filesystem::path& file, uid_t daemon_uid) {
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored) && ignored != std::errc::permission_denied)
    return refuse(Code::bad_request, fmt::format("{}: there is no configuration; type  jetond --dev  to try without "
                                                 "one, or write one, see examples/config/minimal.toml",
                                                 file.string()));
  return read_owned_file(file, daemon_uid).and_then([&](const std::string& text) {
    return parse_config(text, file.string(), daemon_uid);
  });
}

}  // namespace jeton
