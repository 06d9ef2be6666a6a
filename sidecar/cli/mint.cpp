// `jeton mint`: a token on stdout, and nothing else.
#include <fmt/core.h>

#include "cli/commands.hpp"
#include "jeton/id.hpp"

namespace jeton::cli {

int mint(const Common& common, const MintOptions& options) {
  if (options.txn && !Txn::parse(*options.txn))
    return usage("--txn is 22 characters of base64url, as jeton log calls prints it");
  if (options.txn && options.subject_token)
    return usage("a call keeps its subject; give --subject-token without --txn");
  auto arguments = read_arguments(options.call.args);
  if (!arguments) return tell(common, arguments.error());
  const auto client = Client::connect(common.client());
  if (!client) return tell(common, client.error());

  Json body{{"server", options.call.server}, {"tool", options.call.tool}, {"arguments", std::move(*arguments)}};
  std::string path = "/v1/calls";
  if (options.txn) {
    path += fmt::format("/{}/tokens", *options.txn);
  } else {
    body["open_id"] = random_id();
    if (options.call_id) body["call_id"] = *options.call_id;
    if (options.run_id) body["run_id"] = *options.run_id;
    if (options.subject_token) {
      auto subject = read_token(*options.subject_token);
      if (!subject) return tell(common, subject.error());
      body["subject_token"] = std::move(*subject);
    }
  }
  const auto answer = client->post(path, body);
  if (!answer) return tell(common, answer.error());
  fmt::print("{}\n", common.json ? answer->dump(2) : answer->value("token", ""));
  return 0;
}

}  // namespace jeton::cli
