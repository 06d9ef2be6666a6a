// A hostile agent under its own account: it gets what its grants allow, once, and no more.
#include "redteam/stage.hpp"

using namespace jeton::outside;
using jeton::Json;

TEST_CASE("red team: an agent gets no other tool, server, argument or account by asking in other words") {
  if (!is_root()) return skipped("only root can become other accounts");
  const Stage stage;
  const Json call{{"server", crm}, {"tool", "refund"}, {"arguments", {{"amount", 40}}}};
  const auto with = [&](const char* name, const Json& value) {
    auto changed = call;
    changed[name] = value;
    return stage.asks(agent_uid, "/v1/calls", changed, "token");
  };
  CHECK(with("tool", "delete_customer") == "no_grant");
  CHECK(with("tool", "Refund") == "no_grant");
  CHECK(with("tool", "refund\n") == "no_grant");
  CHECK(with("server", files) == "no_grant");
  CHECK(with("server", crm + "/") == "unknown_server");
  CHECK(with("arguments", {{"amount", 101}}) == "no_grant");
  CHECK(with("arguments", {{"amount", "40"}}) == "no_grant");
  CHECK(with("arguments", {{"Amount", 40}}) == "no_grant");
  CHECK(with("arguments", {{"amount", 1e300}}) == "no_grant");
  for (const char* name : {"agent", "uid", "role", "sub", "max_attempts", "ttl_s", "grant"})
    CHECK(with(name, "reports") == "bad_request");
  // A digest in the arguments' place hides them from the rules, so no rule is fulfilled.
  auto hidden = call;
  hidden.erase("arguments");
  hidden["args_digest"] = jeton::args_digest("refund", {{"amount", 5000}})->text();
  CHECK(stage.asks(agent_uid, "/v1/calls", hidden, "token") == "no_grant");
  CHECK(stage.ledger.one("SELECT count(*) FROM events WHERE event = 'token.minted'") == "0");
}

TEST_CASE("red team: an agent cannot run a call twice by retrying, reopening or redeeming it itself") {
  if (!is_root()) return skipped("only root can become other accounts");
  const Stage stage;
  const auto minted = stage.refund();
  CHECK(stage.asks(agent_uid, "/v1/redeem", stage.redemption_of(minted, "mine"), "active") == "wrong_role");
  REQUIRE(stage.asks(crm_uid, "/v1/redeem", stage.redemption_of(minted, "first"), "active") == "true");
  const auto again = "/v1/calls/" + minted.at("txn").get<std::string>() + "/tokens";
  const Json body{{"server", crm}, {"tool", "refund"}, {"arguments", {{"amount", 40}}}};
  CHECK(stage.asks(agent_uid, again, body, "token") == "too_many_attempts");
  // The same token through a second redemption, a second server process and the first one's id.
  CHECK(stage.asks(crm_uid, "/v1/redeem", stage.redemption_of(minted, "second"), "active") == "already_redeemed");
  CHECK(stage.asks(agent_uid, "/v1/redeem", stage.redemption_of(minted, "first"), "active") == "wrong_role");
  CHECK(stage.ledger.one("SELECT count(*) FROM events WHERE event = 'token.redeemed'") == "1");
  CHECK(stage.ledger.one("SELECT count(*) FROM events WHERE code = 'already_redeemed' AND first_uid = " +
                         std::to_string(crm_uid)) == "1");
}

TEST_CASE("red team: an agent holds one live token of a call and cannot hoard more") {
  if (!is_root()) return skipped("only root can become other accounts");
  const Stage stage;
  const auto first = stage.refund();
  const auto path = "/v1/calls/" + first.at("txn").get<std::string>() + "/tokens";
  const Json body{{"server", crm}, {"tool", "refund"}, {"arguments", {{"amount", 40}}}};
  CHECK(stage.asks(agent_uid, path, body, "attempt") == "2");
  CHECK(stage.asks(agent_uid, path, body, "attempt") == "3");
  CHECK(stage.asks(agent_uid, path, body, "attempt") == "too_many_attempts");
  CHECK(stage.asks(crm_uid, "/v1/redeem", stage.redemption_of(first, "r"), "active") == "superseded");
}

TEST_CASE("red team: an agent that is refused a thousand times writes twenty events and a count") {
  if (!is_root()) return skipped("only root can become other accounts");
  Stage stage;
  const auto text = in_child_as(agent_uid, [&](pid_t) {
    const auto client = stage.daemon.client();
    for (int i = 0; i < 1000; ++i)
      if (client.post("/v1/calls", {{"server", crm}, {"tool", "x"}, {"arguments", Json::object()}})) return "granted";
    return "refused";
  });
  CHECK(text == "refused");
  CHECK(stage.ledger.one("SELECT count(*) FROM events WHERE event = 'request.refused'") == "20");
  REQUIRE(stage.daemon.stop() == 0);
  CHECK(stage.ledger.one("SELECT sum(count) FROM events WHERE event = 'refusals.suppressed'") == "980");
}

TEST_CASE("known limit: code under the agents account is the agent") {
  if (!is_root()) return skipped("only root can become other accounts");
  const Stage stage;
  // Another program than the agent's, another process, the same uid: it may do all the agent may.
  const auto minted = run({.command = {"/usr/bin/setpriv", "--reuid", std::to_string(agent_uid), "--clear-groups",
                                       program("jeton"), "mint", "--socket", stage.daemon.socket().string(), "--server",
                                       crm, "--tool", "refund", "--args", R"({"amount":1})"}});
  CHECK(minted.status == 0);
  CHECK(minted.out.starts_with("eyJ"));
}
