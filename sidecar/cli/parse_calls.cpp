// The commands that make, check and spend a token.
#include <memory>

#include "cli/command_line.hpp"

namespace jeton::cli {
namespace {

void add_mint(CommandLine& line) {
  auto options = std::make_shared<MintOptions>();
  auto* command = line.add(line.app, "mint", "a token for one tool call, on stdout",
                           [&common = line.common, options] { return mint(common, *options); });
  add_call(command, options->call);
  command->add_option("--txn", options->txn, "the next attempt of this call, in place of a new call")->type_name("TXN");
  command->add_option("--call-id", options->call_id, "the model's id of the call")->type_name("ID");
  command->add_option("--run-id", options->run_id, "the agent's id of the run")->type_name("ID");
  command
      ->add_option("--subject-token", options->subject_token,
                   "on whose behalf: a user's or a redeemed token, or - for stdin")
      ->type_name("TOKEN");
}

void add_redeem(CommandLine& line) {
  auto options = std::make_shared<RedeemOptions>();
  auto* command = line.add(line.app, "redeem", "spend a token, as its tool server would",
                           [&common = line.common, options] { return redeem(common, *options); });
  add_call(command, options->call);
  command->add_option("--redemption-id", options->redemption_id, "ask again for the answer to an earlier redemption")
      ->type_name("ID");
  command->add_option("token", options->token, "the token, or - for stdin")->required()->type_name("TOKEN");
}

void add_verify(CommandLine& line) {
  auto options = std::make_shared<RedeemOptions>();
  auto* command = line.add(line.app, "verify", "check a token without spending it",
                           [&common = line.common, options] { return verify(common, *options); });
  add_call(command, options->call);
  command->add_option("token", options->token, "the token, or - for stdin")->required()->type_name("TOKEN");
}

void add_federate(CommandLine& line) {
  auto options = std::make_shared<FederateOptions>();
  auto* command =
      line.add(line.app, "federate", "a reusable token for a relying party that pins keys, such as a cloud, on stdout",
               [&common = line.common, options] { return federate(common, *options); });
  command->add_option("name", options->relying_party, "the [[relying_party]]")->required()->type_name("NAME");
  command->add_option("--out", options->file, "a file for it, mode 0600, in the place of stdout")->type_name("FILE");
}

}  // namespace

void add_call_commands(CommandLine& line) {
  add_mint(line);
  add_redeem(line);
  add_verify(line);
  add_federate(line);
}

}  // namespace jeton::cli
