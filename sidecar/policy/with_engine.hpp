// Two policies in one: the grants bound what may be permitted, and an engine has to permit it as well.
#pragma once

#include "policy/engine.hpp"
#include "policy/policy.hpp"

namespace jeton {

/// What the grants refuse is refused with their words, and nobody is asked. What they permit needs the engine's verdict
/// about exactly this call, which the question brings along: denied_by_policy without.
class WithEngine final : public Policy {
 public:
  explicit WithEngine(const Policy& grants) : grants_(grants) {}
  [[nodiscard]] Result<Permit> decide(const Question& question) const override { return grants_.decide(question); }
  [[nodiscard]] std::optional<Error> objection(const Question& question) const override;

 private:
  const Policy& grants_;
};

}  // namespace jeton
