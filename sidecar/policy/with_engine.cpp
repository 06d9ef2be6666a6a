// A permit stands only beside the engine's, and whoever is refused learns which kind of no it was.
#include "policy/with_engine.hpp"

#include <fmt/core.h>

namespace jeton {
namespace {

/// Begins with the ruling's name, which a program may go by. None of it is the engine's text.
std::string_view words_for(Ruling ruling) {
  switch (ruling) {
    case Ruling::denied: return "the policy engine decided against this call; its own log says why";
    case Ruling::obligation: return "the policy engine permits it on a condition that jetond cannot keep";
    case Ruling::undefined: return "the policy engine has no rule about it; see url under [policy]";
    case Ruling::malformed: return "the policy engine's answer is no decision; jetond's log on stderr says more";
    case Ruling::timeout: return "the policy engine did not decide in time; try again";
    case Ruling::unreachable: return "the policy engine does not answer; try again when it does";
    case Ruling::busy: return "too many calls wait for the policy engine; try again";
    case Ruling::mismatch: return "the policy engine decided about another call; ask anew";
    case Ruling::permitted:
    case Ruling::unasked: break;
  }
  return "the policy engine was not asked about this call; ask anew";
}

}  // namespace

std::optional<Error> WithEngine::objection(const Question& question) const {
  const auto ruling = ruling_for(question);
  if (ruling == Ruling::permitted) return std::nullopt;
  return Error{Code::denied_by_policy, fmt::format("{}: {}", name_of(ruling), words_for(ruling))};
}

}  // namespace jeton
