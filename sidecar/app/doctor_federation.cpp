// What tokens cost that are good more than once, and how well the keys behind them are kept.
#include <fmt/core.h>

#include "app/doctor.hpp"

namespace jeton {

Diagnoses examine_federation(const Json& status) {
  Diagnoses found;
  const auto parties = status.value("federation", Json::array());
  if (!parties.is_array() || parties.empty()) return found;
  std::string names, algs;
  for (const auto& party : parties) {
    const auto name = party.value("name", std::string());
    names += (names.empty() ? "" : ", ") + name;
    const auto alg = party.value("alg", std::string());
    const bool sealed = party.value("key_storage", std::string()).starts_with("systemd");
    if (sealed || algs.find(alg) != std::string::npos) continue;
    algs += (algs.empty() ? "" : ", ") + alg;
  }
  found.push_back({Urgency::note, fmt::format("federation is on, with reusable tokens for {}", names),
                   "whoever copies one is its agent there until it ends; disabling the agent does not reach it",
                   "jeton status; keep ttl_s of [[relying_party]] short"});
  if (!algs.empty())
    found.push_back({Urgency::warning, fmt::format("the federation key for {} lies unsealed in STATE", algs),
                     "whoever copies that file is every agent at the relying party until it pins another key",
                     "systemd-creds encrypt and LoadCredentialEncrypted=, as in jetond.service"});
  return found;
}

}  // namespace jeton
