// `jeton revoke`, `jeton agent disable` and `enable`: taking back what was granted, at once.
#include <fmt/core.h>

#include "cli/commands.hpp"
#include "cli/table.hpp"
#include "jeton/id.hpp"

namespace jeton::cli {
namespace {

/// The body that names what to end; none unless exactly one thing is named, in its form.
std::optional<Json> target_of(const RevokeOptions& options) {
  Json body = Json::object();
  if (options.jti) body["jti"] = *options.jti;
  if (options.txn) body["txn"] = *options.txn;
  if (options.run_id) body["run_id"] = *options.run_id;
  if (options.agent) body["agent"] = *options.agent;
  if (body.size() != 1) return std::nullopt;
  return body;
}

std::string place_of(const Json& answer) {
  const auto index = answer.find("log_index");
  return index == answer.end() ? "" : fmt::format(", event {}", index->dump());
}

}  // namespace

int revoke(const Common& common, const RevokeOptions& options) {
  const auto body = target_of(options);
  if (!body) return usage("revoke needs one of JTI, --txn, --run and --agent");
  if (options.jti && !Jti::parse(*options.jti)) return usage("JTI is 22 characters of base64url, as a mint answers it");
  if (options.txn && !Txn::parse(*options.txn))
    return usage("--txn is 22 characters of base64url, as jeton log calls prints it");
  const auto client = Client::connect(common.client());
  if (!client) return tell(common, client.error());
  const auto answer = client->post("/v1/revoke", *body);
  if (!answer) return tell(common, answer.error());
  if (common.json) {
    fmt::print("{}\n", answer->dump(2));
    return 0;
  }
  const auto revoked = answer->value("revoked", std::int64_t{0});
  fmt::print("revoked {} live token{}{}\n", revoked, revoked == 1 ? "" : "s", place_of(*answer));
  return 0;
}

int agent_switch(const Common& common, const std::string& name, bool disable) {
  if (name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") != name.npos)
    return usage("NAME is that of an [[agent]]: letters, digits and . _ -");
  const auto client = Client::connect(common.client());
  if (!client) return tell(common, client.error());
  const auto answer =
      client->post(fmt::format("/v1/agents/{}/{}", name, disable ? "disable" : "enable"), Json::object());
  if (!answer) return tell(common, answer.error());
  if (common.json)
    fmt::print("{}\n", answer->dump(2));
  else
    fmt::print("agent {} is {}{}\n", name, disable ? "disabled" : "enabled", place_of(*answer));
  return 0;
}

}  // namespace jeton::cli
