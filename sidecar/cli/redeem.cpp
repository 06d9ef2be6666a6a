// `jeton redeem` and `jeton verify`: what a tool server does with a token, by hand.
#include <fmt/core.h>

#include "cli/commands.hpp"
#include "cli/table.hpp"
#include "jeton/verifier.hpp"

namespace jeton::cli {
namespace {

struct Inputs {
  Json arguments;
  std::string token;
};

Result<Inputs> read_inputs(const RedeemOptions& options) {
  if (options.call.args == "-" && options.token == "-")
    return refuse(Code::bad_request, "stdin can hold the arguments or the token; give the other by @FILE or in place");
  auto arguments = read_arguments(options.call.args);
  if (!arguments) return refuse(arguments.error());
  auto token = read_token(options.token);
  if (!token) return refuse(token.error());
  return Inputs{std::move(*arguments), std::move(*token)};
}

}  // namespace

int redeem(const Common& common, const RedeemOptions& options) {
  auto inputs = read_inputs(options);
  if (!inputs) return tell(common, inputs.error());
  const auto client = Client::connect(common.client());
  if (!client) return tell(common, client.error());
  const auto answer = client->post("/v1/redeem", {{"token", inputs->token},
                                                  {"server", options.call.server},
                                                  {"tool", options.call.tool},
                                                  {"arguments", std::move(inputs->arguments)},
                                                  {"redemption_id", options.redemption_id.value_or(random_id())}});
  if (!answer) return tell(common, answer.error());
  if (common.json) {
    fmt::print("{}\n", answer->dump(2));
    return 0;
  }
  fmt::print("redeemed{} attempt {} of call {} at {}, event {}\n", answer->value("repeated", false) ? " before:" : ":",
             answer->value("attempt", 0), for_terminal(answer->value("txn", "")),
             utc_time(answer->value("redeemed_at", std::int64_t{0}) * 1'000'000),
             answer->value("log_index", std::uint64_t{0}));
  return 0;
}

int verify(const Common& common, const RedeemOptions& options) {
  auto inputs = read_inputs(options);
  if (!inputs) return tell(common, inputs.error());
  const auto verifier = Verifier::connect(options.call.server, common.client());
  if (!verifier) return tell(common, verifier.error());
  const auto verified = verifier->verify(inputs->token, options.call.tool, inputs->arguments);
  if (!verified) return tell(common, verified.error());
  if (common.json) {
    auto claims = verified->claims().json();
    claims["valid"] = true;
    fmt::print("{}\n", claims.dump(2));
    return 0;
  }
  fmt::print("valid: attempt {} of call {}, expires {}; not redeemed by this\n", verified->claims().attempt,
             verified->claims().txn.text(), utc_time(verified->claims().exp * 1'000'000));
  return 0;
}

}  // namespace jeton::cli
