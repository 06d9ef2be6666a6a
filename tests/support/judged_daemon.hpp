// A daemon with an engine beside its grants, and two agents that are told apart by their sockets.
#pragma once

#include <chrono>
#include <csignal>
#include <string>
#include <vector>

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include "support/catch.hpp"
#include "support/daemon.hpp"
#include "support/ledger.hpp"
#include "support/pdp.hpp"

namespace jeton::outside {

inline const std::string judged_server = "https://crm.example/mcp";

/// An engine of others, as a process that ends with its owner and says nothing.
class EngineProcess {
 public:
  explicit EngineProcess(const std::vector<std::string>& command) {
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    pid_ = spawn(command, {}, null, null, null);
    ::close(null);
  }
  ~EngineProcess() {
    ::kill(pid_, SIGKILL);
    (void)wait_for_exit(pid_, std::chrono::seconds(10));
  }
  EngineProcess(const EngineProcess&) = delete;
  EngineProcess& operator=(const EngineProcess&) = delete;

 private:
  pid_t pid_;
};

class JudgedDaemon {
 public:
  /// `policy`: the keys of [policy]; `more`: what stands above it.
  explicit JudgedDaemon(const std::string& policy, const std::string& more = "")
      : daemon_({.config = config(policy, more)}), ledger_(daemon_.state()) {}

  [[nodiscard]] const Daemon& daemon() const { return daemon_; }
  [[nodiscard]] Daemon& daemon() { return daemon_; }
  [[nodiscard]] const Ledger& ledger() const { return ledger_; }
  [[nodiscard]] const std::filesystem::path& slow_agents_socket() const { return slow_; }
  [[nodiscard]] const std::filesystem::path& quick_agents_socket() const { return quick_; }

  [[nodiscard]] static Json refund(int amount) {
    return {{"server", judged_server}, {"tool", "refund"}, {"arguments", {{"amount", amount}}}};
  }
  /// One refund asked for by an agent: "ok", or the code and the first word of its message.
  [[nodiscard]] std::string asked(const std::filesystem::path& socket, int amount = 1) const {
    const auto client = Client::connect({socket, std::chrono::seconds(10)});
    if (!client) return client.error().message;
    const auto answer = client->post("/v1/calls", refund(amount));
    if (answer) return answer->contains("token") ? "ok" : "no token";
    return fmt::format("{} {}", name_of(answer.error().code),
                       answer.error().message.substr(0, answer.error().message.find(':')));
  }
  [[nodiscard]] std::string asked(int amount = 1) const { return asked(quick_, amount); }
  /// decision_reason and decision_id of the newest event of a kind.
  [[nodiscard]] std::vector<std::string> newest(const std::string& event) const {
    return ledger_
        .rows("SELECT decision_reason, decision_id FROM events WHERE event = " + sql_text(event) +
              " ORDER BY log_index DESC LIMIT 1")
        .at(0);
  }

 private:
  [[nodiscard]] std::string config(const std::string& policy, const std::string& more) const {
    const auto agent = [](const std::string& name, const std::filesystem::path& socket) {
      return fmt::format("[[agent]]\nname = \"{0}\"\nmatch = [\"jeton:socket:{1}\"]\n", name, socket.string());
    };
    const auto grant = [](const std::string& name) {
      return fmt::format("[[grant]]\nname = \"{0}s\"\nagent = \"{0}\"\nserver = \"{1}\"\ntools = [\"refund\"]\n", name,
                         judged_server);
    };
    // Times are looked at: the disk's are no part of them.
    return "trust_domain = \"acme.example\"\ndurability = \"normal\"\n" + more + "[policy]\n" + policy +
           agent("slow", slow_) + agent("quick", quick_) + fmt::format("[[server]]\nurl = \"{}\"\n", judged_server) +
           grant("slow") + grant("quick");
  }

  TempDir home_;
  const std::filesystem::path slow_ = home_.path() / "slow.sock";
  const std::filesystem::path quick_ = home_.path() / "quick.sock";
  Daemon daemon_;
  Ledger ledger_;
};

[[nodiscard]] inline std::string authzen_at(const Pdp& pdp) {
  return fmt::format("engine = \"authzen\"\nurl = \"{}\"\n", pdp.url("/access/v1/evaluation"));
}

}  // namespace jeton::outside
