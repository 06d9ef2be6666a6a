// The gate in front of every tool: no token, no run.
#pragma once

#include <functional>
#include <string_view>

#include "jeton/call_scope.hpp"
#include "jeton/error.hpp"
#include "jeton/json.hpp"

namespace example {

/// The right to run one call, once.
struct Permit {
  jeton::Json arguments;                             ///< run the tool with these and no others
  jeton::Json receipt;                               ///< for the result's _meta["dev.jeton/receipt"]
  std::function<void(const jeton::Report&)> report;  ///< how the tool went
};

/// Burns tokens. In the tool server it is the SDK's verifier; in the tests a fake.
class Gate {
 public:
  virtual ~Gate() = default;
  [[nodiscard]] virtual jeton::Result<Permit> redeem(std::string_view token, std::string_view tool,
                                                     const jeton::Json& arguments) = 0;
};

}  // namespace example
