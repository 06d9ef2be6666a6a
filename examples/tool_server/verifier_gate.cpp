// Redeems through the SDK, and asks again with the same id while the answer is unknown.
#include "tool_server/verifier_gate.hpp"

#include <utility>

#include <fmt/core.h>

namespace example {
namespace {

constexpr int tries = 3;

bool is_unknown(const jeton::Error& error) {
  return error.code == jeton::Code::sidecar_unavailable || error.code == jeton::Code::log_unavailable;
}

}  // namespace

jeton::Result<Permit> VerifierGate::redeem(std::string_view token, std::string_view tool,
                                           const jeton::Json& arguments) {
  const std::string redemption_id = jeton::random_id();
  auto redeemed = verifier_.redeem(token, tool, arguments, redemption_id);
  for (int i = 1; i < tries && !redeemed && is_unknown(redeemed.error()); ++i) {
    redeemed = verifier_.redeem(token, tool, arguments, redemption_id);
  }
  if (!redeemed) return jeton::refuse(redeemed.error());

  Permit permit{redeemed->arguments, redeemed->receipt(), nullptr};
  permit.report = [verifier = verifier_, redemption = std::move(*redeemed)](const jeton::Report& how) {
    if (const auto told = verifier.report(redemption, how); !told) {
      fmt::print(stderr, "tool server: outcome not reported: {}\n", told.error().message);
    }
  };
  return permit;
}

}  // namespace example
