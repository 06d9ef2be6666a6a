// A hostile tool server: it sees tokens, and can use them here, once, for what they say.
#include "redteam/stage.hpp"

using namespace jeton::outside;
using jeton::Json;

TEST_CASE("red team: a tool server cannot turn a token it was shown into anything else") {
  if (!is_root()) return skipped("only root can become other accounts");
  const Stage stage;
  const auto minted = stage.refund();
  const auto changed = [&](const char* name, const Json& value) {
    auto body = stage.redemption_of(minted, "r1");
    body[name] = value;
    return stage.asks(crm_uid, "/v1/redeem", body, "active");
  };
  CHECK(changed("server", files) == "wrong_role");
  CHECK(changed("tool", "delete_customer") == "wrong_tool");
  CHECK(changed("arguments", {{"amount", 100}}) == "args_mismatch");
  CHECK(changed("arguments", {{"amount", 40}, {"to", "me"}}) == "args_mismatch");
  auto flipped = minted.at("token").get<std::string>();
  flipped[flipped.size() - 10] = flipped[flipped.size() - 10] == 'A' ? 'B' : 'A';
  CHECK(changed("token", flipped) == "bad_signature");
  // Another server's account, with the right words.
  CHECK(stage.asks(files_uid, "/v1/redeem", stage.redemption_of(minted, "r2"), "active") == "wrong_role");
  auto elsewhere = stage.redemption_of(minted, "r3");
  elsewhere["server"] = files;
  CHECK(stage.asks(files_uid, "/v1/redeem", elsewhere, "active") == "wrong_audience");
  // None of this burnt it.
  CHECK(stage.asks(crm_uid, "/v1/redeem", stage.redemption_of(minted, "r4"), "active") == "true");
}

TEST_CASE("red team: a tool server mints nothing and ends nobodys call") {
  if (!is_root()) return skipped("only root can become other accounts");
  const Stage stage;
  const auto minted = stage.refund();
  const auto txn = minted.at("txn").get<std::string>();
  const Json call{{"server", crm}, {"tool", "refund"}, {"arguments", {{"amount", 40}}}};
  CHECK(stage.asks(crm_uid, "/v1/calls", call, "token") == "wrong_role");
  CHECK(stage.asks(crm_uid, "/v1/calls/" + txn + "/tokens", call, "token") == "wrong_role");
  // Reports about tokens it did not redeem are not heard, nor are those of another server.
  const Json report{{"jti", minted.at("jti")}, {"outcome", "tool_error"}};
  CHECK(stage.asks(crm_uid, "/v1/calls/" + txn + "/outcome", report, "log_index") == "wrong_role");
  REQUIRE(stage.asks(crm_uid, "/v1/redeem", stage.redemption_of(minted, "r"), "active") == "true");
  CHECK(stage.asks(files_uid, "/v1/calls/" + txn + "/outcome", report, "log_index") == "wrong_role");
  CHECK(stage.ledger.one("SELECT count(*) FROM events WHERE event = 'call.outcome'") == "0");
}

TEST_CASE("red team: a tool server that lies about the outcome stands beside what the agent saw") {
  if (!is_root()) return skipped("only root can become other accounts");
  const Stage stage;
  const auto minted = stage.refund();
  const auto path = "/v1/calls/" + minted.at("txn").get<std::string>() + "/outcome";
  REQUIRE(stage.asks(crm_uid, "/v1/redeem", stage.redemption_of(minted, "r"), "active") == "true");
  CHECK(stage.asks(crm_uid, path, {{"jti", minted.at("jti")}, {"outcome", "ok"}}, "log_index") != "wrong_role");
  CHECK(stage.asks(crm_uid, path, {{"jti", minted.at("jti")}, {"outcome", "tool_error"}}, "log_index") != "wrong_role");
  CHECK(stage.asks(agent_uid, path, {{"outcome", "transport_error"}}, "log_index") != "wrong_role");
  CHECK(stage.ledger.one("SELECT group_concat(role || ' ' || outcome, ', ') FROM (SELECT role, outcome FROM events "
                         "WHERE event = 'call.outcome' ORDER BY log_index)") ==
        "server ok, server tool_error, agent transport_error");
  CHECK(stage.ledger.one("SELECT count(*) FROM events WHERE event = 'call.outcome' AND cites IS NOT NULL") == "1");
}

TEST_CASE("known limit: a stolen token is good for whoever may redeem at its server, first, in its seconds") {
  if (!is_root()) return skipped("only root can become other accounts");
  const Stage stage;
  const auto minted = stage.refund();
  // Another process of the server's account comes first; the real one is told, and the log names both.
  CHECK(stage.asks(crm_uid, "/v1/redeem", stage.redemption_of(minted, "thief"), "active") == "true");
  CHECK(stage.asks(crm_uid, "/v1/redeem", stage.redemption_of(minted, "honest"), "active") == "already_redeemed");
  CHECK(stage.ledger.one("SELECT count(*) FROM events WHERE code = 'already_redeemed' AND first_pid IS NOT NULL") ==
        "1");
}
