// What is wrong or weak with those who are believed without a kernel.
#include <cctype>

#include <fmt/core.h>

#include "app/doctor.hpp"
#include "app/trust.hpp"

namespace jeton {
namespace {

/// "system:serviceaccount:prod:billing" begins "system:serviceaccount:prod:billing-evil" as well.
bool ends_within_a_name(const std::string& prefix) {
  return !prefix.empty() && std::isalnum(static_cast<unsigned char>(prefix.back())) != 0;
}

}  // namespace

Diagnoses examine_trust(const Config& config, uid_t daemon_uid) {
  Diagnoses found;
  if (const auto trust = trust_of(config, daemon_uid); !trust)
    found.push_back({Urgency::error, trust.error().message,
                     "jetond does not start with it, and keeps what it had at a reload",
                     "mend that file, or remove keys from the entry that names it"});
  for (const auto& agent : config.roles.agents)
    if (agent.proof.keys)
      found.push_back({Urgency::warning, fmt::format("agent {} proves itself by a key that it keeps", agent.name),
                       "who copies that key is this agent until somebody notices; tokens of its platform end by "
                       "themselves",
                       fmt::format("a [[trusted_issuer]] with agent = \"{}\" in the place of keys, where its platform "
                                   "issues tokens",
                                   agent.name)});
  for (const auto& entry : config.trusted_issuers)
    if (entry.agent && ends_within_a_name(entry.sub_prefix))
      found.push_back(
          {Urgency::warning, fmt::format("sub_prefix of trusted_issuer {} ends within a name", entry.name),
           "whoever may have a longer name there is this agent too",
           fmt::format("claims = [\"sub={}\"], or let the prefix end with its separator", entry.sub_prefix)});
  return found;
}

Diagnoses examine_issuers(const Json& status) {
  Diagnoses found;
  const auto issuers = status.value("trusted_issuers", Json::array());
  for (const auto& one : issuers) {
    if (!one.is_object() || !one.contains("fault")) continue;
    const bool none = one.value("keys", 0) == 0;
    const auto jwks = one.value("jwks", std::string());
    const bool is_path = jwks.starts_with("/");
    found.push_back({none ? Urgency::error : Urgency::warning,
                     fmt::format("{} keys of {}: {}", none ? "no" : "no newer", one.value("issuer", std::string()),
                                 one.value("fault", std::string())),
                     none ? "its tokens are refused" : "a key that its issuer took back is believed for up to 24 h",
                     fmt::format("{} {}", is_path ? "ls -l" : "curl -sS", jwks)});
  }
  return found;
}

}  // namespace jeton
