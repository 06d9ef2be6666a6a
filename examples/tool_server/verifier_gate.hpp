// The real gate: jeton::Verifier.
#pragma once

#include "jeton/verifier.hpp"
#include "tool_server/gate.hpp"

namespace example {

class VerifierGate final : public Gate {
 public:
  explicit VerifierGate(jeton::Verifier verifier) : verifier_(std::move(verifier)) {}
  [[nodiscard]] jeton::Result<Permit> redeem(std::string_view token, std::string_view tool,
                                             const jeton::Json& arguments) override;

 private:
  jeton::Verifier verifier_;
};

}  // namespace example
