// The stage of the red team: one daemon, an agent, two tool servers and a stranger, each an account of its own.
#pragma once

#include <string>

#include <fmt/core.h>
#include <sys/stat.h>

#include "support/catch.hpp"
#include "support/daemon.hpp"
#include "support/ledger.hpp"
#include "support/other_process.hpp"
#include "support/skipped.hpp"

namespace jeton::outside {

inline constexpr uid_t agent_uid = 41001, crm_uid = 41002, files_uid = 41003, other_agent_uid = 41004;
inline const std::string crm = "https://crm.example/mcp";
inline const std::string files = "https://files.example/mcp";

/// `billing` may refund at most 100 at crm, three attempts, one redemption; `reports` may read files.
inline std::string stage_config() {
  return fmt::format(
      "trust_domain = \"acme.example\"\n"
      "[[agent]]\nname = \"billing\"\nmatch = [\"unix:uid:{}\"]\n"
      "[[agent]]\nname = \"reports\"\nmatch = [\"unix:uid:{}\"]\n"
      "[[server]]\nurl = \"{}\"\nmatch = [\"unix:uid:{}\"]\n"
      "[[server]]\nurl = \"{}\"\nmatch = [\"unix:uid:{}\"]\n"
      "[[grant]]\nname = \"refunds\"\nagent = \"billing\"\nserver = \"{}\"\ntools = [\"refund\"]\nmax_attempts = 3\n"
      "[[grant.argument]]\npointer = \"/amount\"\nmax = 100\n"
      "[[grant]]\nname = \"reading\"\nagent = \"reports\"\nserver = \"{}\"\ntools = [\"read\"]\n",
      agent_uid, other_agent_uid, crm, crm_uid, files, files_uid, crm, files);
}

/// A daemon whose socket every account can reach, as a hostile one would wish.
struct Stage {
  Daemon daemon{{.config = stage_config()}};
  Ledger ledger{daemon.state()};

  Stage() { REQUIRE(::chmod(daemon.socket().c_str(), 0666) == 0); }

  /// What an account gets for a body: the member of the answer, or the code of the refusal.
  [[nodiscard]] std::string asks(uid_t uid, const std::string& path, const Json& body, const char* member) const {
    return in_child_as(uid, [&](pid_t) {
      const auto client = Client::connect(daemon.client_options());
      if (!client) return std::string(name_of(client.error().code));
      const auto answer = client->post(path, body);
      if (!answer) return std::string(name_of(answer.error().code));
      const auto found = answer->find(member);
      if (found == answer->end()) return std::string("no ") + member;
      return found->is_string() ? found->get<std::string>() : found->dump();
    });
  }
  /// A token of the honest agent for a refund, with its txn.
  [[nodiscard]] Json refund(int amount = 40) const {
    const Json call{{"server", crm}, {"tool", "refund"}, {"arguments", {{"amount", amount}}}};
    return Json::parse(in_child_as(agent_uid, [&](pid_t) {
      const auto answer = daemon.client().post("/v1/calls", call);
      return answer ? answer->dump() : answer.error().message;
    }));
  }
  [[nodiscard]] Json redemption_of(const Json& minted, const std::string& id, int amount = 40) const {
    return {{"token", minted.at("token")},
            {"server", crm},
            {"tool", "refund"},
            {"arguments", {{"amount", amount}}},
            {"redemption_id", id}};
  }
};

}  // namespace jeton::outside
