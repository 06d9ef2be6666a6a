// Cerbos itself, as foreign/cerbos.sh fetches it, is the AuthZEN decision point beside a real daemon.
#include <cstdlib>
#include <optional>

#include "support/free_port.hpp"
#include "support/judged_daemon.hpp"
#include "support/places.hpp"

namespace jeton::outside {
namespace {

/// One server with the policy of foreign/cerbos, which permits refunds of one of two agents; it tells nobody of itself.
class Cerbos {
 public:
  explicit Cerbos(int port) {
    const char* program = std::getenv("JETON_CERBOS");
    REQUIRE(program != nullptr);
    const auto settings = fmt::format(
        "server: {{httpListenAddr: \"127.0.0.1:{}\", grpcListenAddr: \"unix:{}\"}}\n"
        "storage: {{driver: disk, disk: {{directory: {}/tests/foreign/cerbos/policies}}}}\ntelemetry: {{disabled: "
        "true}}\n",
        port, (home_.path() / "grpc").string(), jeton::testing::source_dir);
    write_file(home_.path() / "settings.yaml", settings);
    process_.emplace(std::vector<std::string>{program, "server", "--config", home_.path() / "settings.yaml",
                                              "--debug-listen-addr=", "--log-level=error"});
  }

 private:
  TempDir home_;
  std::optional<EngineProcess> process_;
};

}  // namespace

TEST_CASE("an authzen decision point of others takes what is asked and its permit and its denial hold", "[.cerbos]") {
  const auto port = free_port();
  std::optional<Cerbos> cerbos(port);
  // Both may be told of everything: a member that the published schema does not have is an error there.
  const JudgedDaemon jetond(
      fmt::format("engine = \"authzen\"\nurl = \"http://127.0.0.1:{}/access/v1/evaluation\"\ntimeout_ms = 1000\n"
                  "send_arguments = true\n",
                  port));
  const auto asked_by = [&](const std::filesystem::path& agent) { return jetond.asked(agent, 40); };
  const auto &quick = jetond.quick_agents_socket(), &slow = jetond.slow_agents_socket();
  REQUIRE(eventually([&] { return asked_by(quick) == "ok"; }, std::chrono::seconds(60)));
  CHECK(jetond.newest("token.minted")[0] == "permitted");
  CHECK(asked_by(slow) == "denied_by_policy denied");
  CHECK(jetond.newest("request.refused")[0] == "denied");
  CHECK(asked_by(quick) == "ok");

  // when: it is gone
  cerbos.reset();
  CHECK(asked_by(quick) == "denied_by_policy unreachable");
}

}  // namespace jeton::outside
