// One name out, and of EdDSA two in.
#include "jeton/algorithm.hpp"

#include <stdexcept>

namespace jeton {

std::string_view name_of(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::eddsa: return "EdDSA";
    case Algorithm::es256: return "ES256";
    case Algorithm::rs256: return "RS256";
  }
  throw std::out_of_range("no such algorithm");
}

std::optional<Algorithm> algorithm_named(std::string_view alg) {
  if (alg == "Ed25519") return Algorithm::eddsa;
  for (const auto algorithm : all_algorithms)
    if (alg == name_of(algorithm)) return algorithm;
  return std::nullopt;
}

}  // namespace jeton
