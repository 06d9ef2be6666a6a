// Taking back, on a real daemon: across kill -9, and while others race for the token.
#include <atomic>
#include <thread>

#include "support/catch.hpp"
#include "support/daemon.hpp"
#include "support/ledger.hpp"

namespace jeton::outside {
namespace {

const Json call{{"server", "mcp:stdio:x"}, {"tool", "t"}, {"arguments", Json::object()}, {"run_id", "r"}};

Json redemption(const Json& minted, const std::string& id) {
  return {{"server", "mcp:stdio:x"},
          {"tool", "t"},
          {"arguments", Json::object()},
          {"token", minted.at("token")},
          {"redemption_id", id}};
}

std::string code_of(const Result<Json>& answer) { return answer ? "ok" : std::string(name_of(answer.error().code)); }

}  // namespace

TEST_CASE("the kill switch and what was revoked for good survive kill -9") {
  Daemon daemon;
  const auto other_run = [] {
    auto body = call;
    body["run_id"] = "s";
    return body;
  }();
  const auto early = daemon.client().post("/v1/calls", other_run);
  REQUIRE(early);
  CHECK(daemon.client().revoke_run("r") == 0);
  CHECK(daemon.client().revoke(Txn::parse(early->at("txn").get<std::string>()).value()) == 1);
  REQUIRE(daemon.client().post("/v1/agents/dev/disable", Json::object()));

  daemon.kill9();
  daemon.restart();
  const auto client = daemon.client();
  CHECK(code_of(client.post("/v1/calls", other_run)) == "agent_disabled");
  CHECK(client.status()->at("disabled_agents").size() == 1);
  REQUIRE(client.post("/v1/agents/dev/enable", Json::object()));

  daemon.kill9();
  daemon.restart();
  const auto again = daemon.client();
  CHECK(code_of(again.post("/v1/calls", other_run)) == "ok");
  CHECK(code_of(again.post("/v1/calls", call)) == "revoked");
  auto next = other_run;
  next.erase("run_id");
  CHECK(code_of(again.post("/v1/calls/" + early->at("txn").get<std::string>() + "/tokens", next)) == "revoked");
}

TEST_CASE("after a disable is answered no token of that agent is redeemed or minted however many try") {
  Daemon daemon;
  const auto client = daemon.client();
  std::atomic<bool> disabled = false;
  std::atomic<int> late = 0, refused = 0;
  std::vector<std::thread> agents;
  for (int i = 0; i < 8; ++i)
    agents.emplace_back([&, i] {
      for (int n = 0; refused < 8 && n < 5000; ++n) {
        const auto minted = client.post("/v1/calls", call);
        const bool was_disabled = disabled;
        if (!minted) {
          if (code_of(minted) == "agent_disabled") ++refused;
          return;
        }
        const auto redeemed = client.post("/v1/redeem", redemption(*minted, std::to_string(i)));
        if (was_disabled && redeemed) ++late;
      }
    });
  REQUIRE(eventually([&] { return Ledger(daemon.state()).count("event = 'token.redeemed'") > 20; }));
  REQUIRE(client.post("/v1/agents/dev/disable", Json::object()));
  disabled = true;
  for (auto& agent : agents) agent.join();
  CHECK(refused == 8);
  CHECK(late == 0);
  const Ledger ledger(daemon.state());
  const auto at = ledger.one("SELECT log_index FROM events WHERE event = 'agent.disabled'");
  CHECK(ledger.count("event IN ('token.minted', 'token.redeemed') AND log_index > " + at) == 0);
}

}  // namespace jeton::outside
