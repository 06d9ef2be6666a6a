// A hostile local user without a role: it reaches the socket and the process table, and gets nothing out of them.
#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <unistd.h>

#include "redteam/stage.hpp"

using namespace jeton::outside;
using jeton::Json;

namespace {

std::string opens(uid_t uid, const std::filesystem::path& file) {
  return in_child_as(uid, [&](pid_t) -> std::string {
    const int fd = ::open(file.c_str(), O_RDONLY);
    return fd < 0 ? "no" : "yes";
  });
}

}  // namespace

TEST_CASE("red team: a stranger gets no token, no call and no log out of the daemon") {
  if (!is_root()) return skipped("only root can become other accounts");
  const Stage stage;
  const auto minted = stage.refund();
  const Json call{{"server", crm}, {"tool", "refund"}, {"arguments", {{"amount", 40}}}};
  const auto txn = minted.at("txn").get<std::string>();
  CHECK(stage.asks(nobody, "/v1/calls", call, "token") == "unknown_agent");
  CHECK(stage.asks(nobody, "/v1/calls/" + txn + "/tokens", call, "token") == "unknown_agent");
  CHECK(stage.asks(nobody, "/v1/calls/" + txn + "/outcome", {{"outcome", "ok"}}, "log_index") == "unknown_agent");
  CHECK(stage.asks(nobody, "/v1/redeem", stage.redemption_of(minted, "r"), "active") == "unknown_agent");
  CHECK(stage.asks(crm_uid, "/v1/redeem", stage.redemption_of(minted, "r"), "active") == "true");
}

TEST_CASE("red team: another account reads neither the state nor the memory of the daemon") {
  if (!is_root()) return skipped("only root can become other accounts");
  // Whoever starts the daemon may well allow core dumps.
  const rlimit dumps{RLIM_INFINITY, RLIM_INFINITY};
  REQUIRE(::setrlimit(RLIMIT_CORE, &dumps) == 0);
  const Stage stage;
  for (const char* name : {"jeton.db", "log.key", "checkpoint", "lock"})
    CHECK(opens(nobody, stage.daemon.state() / name) == "no");
  // Also where the directory's mode was widened; the checkpoint alone is meant to be read.
  for (const char* name : {"jeton.db", "log.key", "lock"}) {
    const auto mode = std::filesystem::status(stage.daemon.state() / name).permissions();
    CHECK((mode & std::filesystem::perms(077)) == std::filesystem::perms::none);
  }
  const std::filesystem::path proc = "/proc/" + std::to_string(stage.daemon.pid());
  for (const char* name : {"mem", "maps", "environ", "stack"}) CHECK(opens(nobody, proc / name) == "no");
  const auto traced = in_child_as(nobody, [&](pid_t) -> std::string {
    return ::ptrace(PTRACE_ATTACH, stage.daemon.pid(), nullptr, nullptr) == 0 ? "yes" : "no";
  });
  CHECK(traced == "no");
  // A dump would hold the keys: there is none to be had, not even for the daemon's own account.
  const auto limits = read_file(proc / "limits");
  const auto core = limits.find("Max core file size");
  REQUIRE(core != limits.npos);
  CHECK_THAT(limits.substr(core, 50), Catch::Contains(" 0 "));
}

TEST_CASE("red team: a stranger who floods the daemon keeps no agent from its token") {
  if (!is_root()) return skipped("only root can become other accounts");
  const Stage stage;
  const std::string megabyte(1 << 20, 'x');
  Child flood(
      [&](pid_t) -> std::string {
        std::vector<RawClient> clients;
        for (int i = 0; i < 128; ++i) {
          clients.emplace_back(stage.daemon.socket());
          clients.back().send("POST /v1/calls HTTP/1.1\r\nContent-Length: 1048576\r\n\r\n" +
                              megabyte.substr(0, 60'000));
        }
        return "flooded";
      },
      nobody);
  for (int i = 0; i < 20; ++i) CHECK(stage.refund().contains("token"));
  CHECK(flood.text() == "flooded");
}
