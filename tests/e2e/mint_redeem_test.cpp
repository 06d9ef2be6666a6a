// One call from the open to the outcome, through the sdk and a real daemon.
#include <atomic>
#include <stdexcept>
#include <thread>

#include <fmt/core.h>

#include "jeton/verifier.hpp"
#include "support/catch.hpp"
#include "support/daemon.hpp"
#include "support/ledger.hpp"

namespace jeton::outside {
namespace {

const std::string server = "https://crm.example/mcp";

ToolCall refund(int amount = 100) {
  ToolCall call;
  call.tool = "refund";
  call.arguments = {{"amount", amount}, {"customer", "Zoë"}};
  call.server = server;
  call.call_id = "call_1";
  call.run_id = "run_1";
  return call;
}

Verifier verifier_of(const Daemon& daemon) {
  auto verifier = Verifier::connect(server, daemon.client_options());
  if (!verifier) throw std::runtime_error(verifier.error().message);
  return *verifier;
}

std::string of_txn(const Txn& txn, const std::string& event) {
  return fmt::format("txn = {} AND event = '{}'", sql_text(txn.text()), event);
}

}  // namespace

TEST_CASE("the verifier refuses other arguments and another tool and a token twice and the log has each refusal") {
  // given: one call with its token
  const Daemon daemon;
  const auto client = daemon.client();
  const auto verifier = verifier_of(daemon);
  auto scope = client.open(refund());
  REQUIRE(scope);
  const auto minted = scope->mint(server);
  REQUIRE(minted);
  const auto token = minted->token.expose_for_transport();

  // when, then: whatever is not the call is refused, and burns nothing
  CHECK(verifier.redeem(token, "refund", refund(101).arguments).error().code == Code::args_mismatch);
  CHECK(verifier.redeem(token, "delete_customer", refund().arguments).error().code == Code::wrong_tool);
  auto tampered = token;
  tampered[tampered.size() - 10] = tampered[tampered.size() - 10] == 'A' ? 'B' : 'A';
  CHECK(verifier.redeem(tampered, "refund", refund().arguments).error().code == Code::bad_signature);
  const auto elsewhere = Verifier::connect("https://other.example/mcp", daemon.client_options());
  REQUIRE(elsewhere);
  CHECK(elsewhere->redeem(token, "refund", refund().arguments).error().code == Code::wrong_audience);

  // then: the token is still good, once
  const auto redeemed = verifier.redeem(token, "refund", refund().arguments);
  REQUIRE(redeemed);
  const auto again = verifier.redeem(token, "refund", refund().arguments);
  REQUIRE_FALSE(again);
  CHECK(again.error().code == Code::already_redeemed);
  CHECK(again.error().log_index);
  for (const char* code : {"args_mismatch", "wrong_tool", "bad_signature", "wrong_audience", "already_redeemed"})
    CHECK(Ledger(daemon.state())
              .count(fmt::format("event = 'request.refused' AND verb = 'redeem' AND code = '{}'", code)) == 1);
  CHECK(Ledger(daemon.state())
            .count(fmt::format("event = 'request.refused' AND code = 'already_redeemed' AND cites = {}",
                               redeemed->log_index)) == 1);
  CHECK(scope->finish(Outcome::ok));
}

TEST_CASE("one call goes from the open to both outcomes under one txn") {
  const Daemon daemon;
  const auto client = daemon.client();
  const auto verifier = verifier_of(daemon);

  auto scope = client.open(refund());
  REQUIRE(scope);
  const auto minted = scope->mint(server);
  REQUIRE(minted);
  const auto redeemed = verifier.redeem(minted->token.expose_for_transport(), "refund", refund().arguments);
  REQUIRE(redeemed);
  CHECK(redeemed->prior_redemptions == 0);
  CHECK_FALSE(redeemed->repeated);
  REQUIRE(verifier.report(*redeemed, Report{Outcome::ok}));
  REQUIRE(scope->finish(Report{Outcome::ok, std::nullopt, std::nullopt, redeemed->receipt()}));

  const Ledger ledger(daemon.state());
  const auto story =
      ledger.rows("SELECT event, role, call_id, tool FROM events WHERE txn = " + sql_text(scope->txn().text()) +
                  " ORDER BY log_index");
  REQUIRE(story.size() == 4);
  CHECK(story[0] == std::vector<std::string>{"token.minted", "agent", "call_1", "refund"});
  CHECK(story[1][0] == "token.redeemed");
  CHECK(story[2] == std::vector<std::string>{"call.outcome", "server", "", ""});
  CHECK(story[3] == std::vector<std::string>{"call.outcome", "agent", "", ""});
  CHECK(ledger.count(of_txn(scope->txn(), "call.outcome") + " AND receipt = 'match'") == 1);
  // The log holds no token: not even a part of one that is not a hash.
  const auto token = minted->token.expose_for_transport();
  for (const char* file : {"jeton.db", "jeton.db-wal"})
    CHECK(read_file(daemon.state() / file).find(token.substr(token.rfind('.') + 1)) == std::string::npos);
}

TEST_CASE("a retry supersedes the token before it and the old one is refused") {
  const Daemon daemon;
  const auto client = daemon.client();
  const auto verifier = verifier_of(daemon);
  auto scope = client.open(refund());
  REQUIRE(scope);

  const auto first = scope->mint(server);
  const auto second = scope->mint(server);
  REQUIRE(first);
  REQUIRE(second);
  CHECK(second->attempt == 2);
  CHECK(second->previous == "unredeemed");
  const auto stale = verifier.redeem(first->token.expose_for_transport(), "refund", refund().arguments);
  REQUIRE_FALSE(stale);
  CHECK(stale.error().code == Code::superseded);
  CHECK(verifier.redeem(second->token.expose_for_transport(), "refund", refund().arguments));
  CHECK(Ledger(daemon.state()).count(of_txn(scope->txn(), "token.superseded")) == 1);
  CHECK(scope->mint("https://other.example/mcp").error().code == Code::call_mismatch);
}

TEST_CASE("the same redemption asked again gets the same answer and another one is refused") {
  const Daemon daemon;
  const auto client = daemon.client();
  const auto verifier = verifier_of(daemon);
  auto scope = client.open(refund());
  REQUIRE(scope);
  const auto token = scope->mint(server)->token.expose_for_transport();

  const auto first = verifier.redeem(token, "refund", refund().arguments, "redemption-1");
  const auto again = verifier.redeem(token, "refund", refund().arguments, "redemption-1");
  REQUIRE(first);
  REQUIRE(again);
  CHECK(again->repeated);
  CHECK(again->redeemed_at == first->redeemed_at);
  CHECK(again->log_index == first->log_index);
  CHECK(verifier.redeem(token, "refund", refund().arguments, "redemption-2").error().code == Code::already_redeemed);
  CHECK(Ledger(daemon.state()).count(of_txn(scope->txn(), "token.redeemed")) == 1);
}

TEST_CASE("a scope that nobody finished reports unknown and after that the call is over") {
  const Daemon daemon;
  const auto client = daemon.client();
  std::string txn;
  {
    const auto scope = client.open(refund());
    REQUIRE(scope);
    txn = scope->txn().text();
  }
  CHECK(Ledger(daemon.state())
            .count("event = 'call.outcome' AND outcome = 'unknown' AND detail = 'abandoned' AND txn = " +
                   sql_text(txn)) == 1);
  const auto late = client.post("/v1/calls/" + txn + "/tokens",
                                {{"server", server}, {"tool", "refund"}, {"arguments", refund().arguments}});
  REQUIRE_FALSE(late);
  CHECK(late.error().code == Code::unknown_call);
}

TEST_CASE("an attempt is minted once more when the daemon restarted in between") {
  Daemon daemon;
  const auto client = daemon.client();
  auto scope = client.open(refund());
  REQUIRE(scope);

  int sends = 0;
  const auto sent = scope->attempt(server, [&](const MintedToken& minted) {
    if (++sends == 1) {
      daemon.kill9();
      daemon.restart();
    }
    return verifier_of(daemon).redeem(minted.token.expose_for_transport(), "refund", refund().arguments);
  });
  REQUIRE(sent);
  CHECK(sends == 2);
  CHECK(sent->attempt == 2);
  CHECK(scope->finish(Outcome::ok));
  const Ledger ledger(daemon.state());
  CHECK(ledger.count(of_txn(scope->txn(), "token.minted")) == 2);
  CHECK(ledger.count(of_txn(scope->txn(), "token.redeemed")) == 1);
  CHECK(ledger.count("event = 'request.refused' AND code = 'unknown_key'") == 1);
}

TEST_CASE("a redemption answered before a crash gets the same answer after it") {
  Daemon daemon;
  const auto client = daemon.client();
  auto scope = client.open(refund());
  REQUIRE(scope);
  const auto token = scope->mint(server)->token.expose_for_transport();
  const Json body{{"token", token},
                  {"server", server},
                  {"tool", "refund"},
                  {"arguments", refund().arguments},
                  {"redemption_id", "once"}};
  const auto first = client.post("/v1/redeem", body);
  REQUIRE(first);

  daemon.kill9();
  daemon.restart();
  const auto again = client.post("/v1/redeem", body);
  REQUIRE(again);
  CHECK(again->at("repeated") == true);
  for (const char* same : {"jti", "txn", "redeemed_at", "log_index", "exp"}) CHECK(again->at(same) == first->at(same));
  auto other = body;
  other["redemption_id"] = "twice";
  CHECK(client.post("/v1/redeem", other).error().code == Code::already_redeemed);
  // A repeat, too, is only for who presents all of the call.
  auto misdirected = body;
  misdirected["tool"] = "delete";
  CHECK(client.post("/v1/redeem", misdirected).error().code == Code::wrong_tool);
  CHECK(scope->finish(Outcome::ok));
}

TEST_CASE("many threads share one client and get a call each", "[threads]") {
  const Daemon daemon;
  const auto client = daemon.client();
  const auto verifier = verifier_of(daemon);
  constexpr int threads = 16, calls = 10;
  std::atomic<int> done = 0;
  std::vector<std::thread> workers;
  for (int t = 0; t < threads; ++t)
    workers.emplace_back([&, t] {
      for (int i = 0; i < calls; ++i) {
        auto scope = client.open(refund(t * 1000 + i));
        if (!scope) continue;
        const auto minted = scope->mint(server);
        if (minted && verifier.redeem(minted->token.expose_for_transport(), "refund", refund(t * 1000 + i).arguments) &&
            scope->finish(Outcome::ok))
          ++done;
      }
    });
  for (auto& worker : workers) worker.join();
  CHECK(done == threads * calls);
  const Ledger ledger(daemon.state());
  CHECK(ledger.one("SELECT count(DISTINCT txn) FROM events WHERE event = 'token.redeemed'") ==
        std::to_string(threads * calls));
  CHECK(ledger.count("event = 'request.refused'") == 0);
}

}  // namespace jeton::outside
