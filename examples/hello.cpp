// One token, one call: mint it, redeem it, and see the second use refused. Needs a running `jetond --dev`.
#include <cstdlib>
#include <string>

#include <fmt/core.h>

#include "jeton/client.hpp"
#include "jeton/verifier.hpp"

namespace {

/// The value, or the end of the program with the reason.
template <class T>
T must(jeton::Result<T> result) {
  if (result) return std::move(*result);
  fmt::print(stderr, "hello: {}: {}\n", jeton::name_of(result.error().code), result.error().message);
  std::exit(jeton::facts(result.error().code).exit);
}

}  // namespace

int main() {
  // [snippet]
  // The agent, right before the call goes out: one scope per call, one token per attempt.
  jeton::ToolCall call{"refund", {{"order", "A-17"}, {"amount", 40}}, "mcp:stdio:hello"};
  jeton::Client client = must(jeton::Client::connect());
  jeton::CallScope scope = must(client.open(call));
  jeton::MintedToken minted = must(scope.mint("mcp:stdio:hello"));
  const std::string& token = minted.token.expose_for_transport();

  // The tool server: burn the token against the call that really arrived, then run it.
  jeton::Verifier verifier = must(jeton::Verifier::connect("mcp:stdio:hello"));
  jeton::Redemption redeemed = must(verifier.redeem(token, "refund", call.arguments));
  fmt::print("first use:   runs with {}\n", redeemed.arguments.dump());

  // Anybody, ever after: the same token again.
  auto again = verifier.redeem(token, "refund", call.arguments);
  fmt::print("second use:  {}\n", again ? "runs" : jeton::name_of(again.error().code));  // already_redeemed
  must(scope.finish({.outcome = jeton::Outcome::ok, .receipt = redeemed.receipt()}));
  // [/snippet]
  fmt::print("the story:   jeton log show {}\n", scope.txn().text());
  return again ? 1 : 0;
}
