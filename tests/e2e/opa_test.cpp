// Open Policy Agent itself, as foreign/opa.sh builds it, decides beside a real daemon.
#include <cstdlib>

#include "support/free_port.hpp"
#include "support/judged_daemon.hpp"
#include "support/places.hpp"

namespace jeton::outside {
namespace {

std::string policy(const char* name) {
  return fmt::format("{}/tests/foreign/opa/{}.rego", jeton::testing::source_dir, name);
}

/// One server with the policy of docs/policy.md; it asks nobody for a newer version of itself.
std::vector<std::string> opa_on(int port) {
  const char* program = std::getenv("JETON_OPA");
  REQUIRE(program != nullptr);
  return {program,
          "run",
          "--server",
          "--addr",
          fmt::format("127.0.0.1:{}", port),
          "--skip-version-check",
          "--log-level",
          "error",
          "--set",
          "decision_logs.console=true",
          policy("refunds"),
          policy("authzen")};
}

std::string opa_at(int port, const std::string& rule) {
  return fmt::format(
      "engine = \"opa\"\nurl = \"http://127.0.0.1:{}/v1/data/jeton/{}\"\ntimeout_ms = 1000\nsend_arguments = true\n",
      port, rule);
}

}  // namespace

TEST_CASE("a real opa permits a refund up to a hundred and refuses a larger one and its decision is found again",
          "[.opa]") {
  const auto port = free_port();
  std::optional<EngineProcess> opa(opa_on(port));
  const JudgedDaemon jetond(opa_at(port, "decision"));
  REQUIRE(eventually([&] { return jetond.asked(100) == "ok"; }, std::chrono::seconds(30)));
  const auto permitted = jetond.newest("token.minted");
  CHECK(permitted[0] == "permitted:small");
  CHECK(permitted[1].size() == 36);  // a UUID of OPA's, and no name of ours

  CHECK(jetond.asked(101) == "denied_by_policy denied");
  const auto denied = jetond.newest("request.refused");
  CHECK(denied[0] == "denied:over_limit");
  CHECK(denied[1].size() == 36);
  CHECK(denied[1] != permitted[1]);

  // when: it is gone, and comes back
  opa.reset();
  CHECK(jetond.asked(100) == "denied_by_policy unreachable");
  opa.emplace(opa_on(port));
  CHECK(eventually([&] { return jetond.asked(100) == "ok"; }, std::chrono::seconds(30)));
}

TEST_CASE("a real decision point that takes only well-formed authzen requests permits and denies by them", "[.opa]") {
  const auto port = free_port();
  const EngineProcess opa(opa_on(port));
  const JudgedDaemon jetond(
      fmt::format("engine = \"authzen\"\nurl = \"http://127.0.0.1:{}/v0/data/jeton/authzen/decision\"\n"
                  "timeout_ms = 1000\nsend_arguments = true\n",
                  port));
  REQUIRE(eventually([&] { return jetond.asked(100) == "ok"; }, std::chrono::seconds(30)));
  const auto permitted = jetond.newest("token.minted");
  CHECK(permitted[0] == "permitted:200");
  CHECK(permitted[1].size() == 43);  // the id in its context
  CHECK(jetond.asked(101) == "denied_by_policy denied");
  CHECK(jetond.newest("request.refused")[0] == "denied:403");
}

TEST_CASE("a rule that a real opa does not have denies as undefined", "[.opa]") {
  const auto port = free_port();
  const EngineProcess opa(opa_on(port));
  const JudgedDaemon jetond(opa_at(port, "decisoin"));
  CHECK(eventually([&] { return jetond.asked(100) == "denied_by_policy undefined"; }, std::chrono::seconds(30)));
}

}  // namespace jeton::outside
