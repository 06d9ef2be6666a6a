// What an entry says, asked.
#include "identity/relying_party.hpp"

#include <algorithm>

namespace jeton {

bool RelyingParty::names(std::string_view agent) const {
  return std::find(agents.begin(), agents.end(), agent) != agents.end();
}

std::set<Algorithm> algorithms_of(const std::vector<RelyingParty>& parties) {
  std::set<Algorithm> all;
  for (const auto& party : parties) all.insert(party.algorithm);
  return all;
}

std::string federation_issuer(std::string_view issuer) {
  if (issuer.ends_with('/')) issuer.remove_suffix(1);
  return std::string(issuer) + "/federation";
}

}  // namespace jeton
