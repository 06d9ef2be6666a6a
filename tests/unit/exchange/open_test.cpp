// Opening a call: who may, for what, and what the same open_id gets again.
#include "support/exchange_fixture.hpp"

namespace {

namespace t = jeton::testing;
using jeton::EventKind;
using jeton::OpenRequest;
using t::binding;
using t::code_of;
using t::Company;

OpenRequest provisional(const std::string& tool, std::optional<std::string> open_id = std::nullopt,
                        const std::string& arguments = R"({"amount":1})") {
  OpenRequest request{binding(tool, arguments)};
  request.open_id = std::move(open_id);
  return request;
}

}  // namespace

TEST_CASE("an account that nobody configured opens nothing") {
  Company company;
  const auto opened = company.open(t::stranger, provisional("refund"));
  CHECK(code_of(opened) == "unknown_agent");
  const auto& event = company.memory.events().back();
  CHECK(event.kind == EventKind::request_refused);
  CHECK(event.role == jeton::Role::peer);
  CHECK(event.uid == t::stranger);
  CHECK(event.log_index == opened.error().log_index);
}

TEST_CASE("an account that is configured but as no agent is told so") {
  Company company;
  CHECK(code_of(company.open(t::crm_account, provisional("refund"))) == "wrong_role");
  CHECK(code_of(company.open(t::operator_uid, provisional("refund"))) == "wrong_role");
}

TEST_CASE("what no grant covers is refused with an event and no call") {
  Company company;
  CHECK(code_of(company.open(t::billing, provisional("delete_customer"))) == "no_grant");
  CHECK(code_of(company.open(t::billing, t::crm, binding("send"))) == "no_grant");
  CHECK(code_of(company.open(t::billing, t::crm, binding("REFUND"))) == "no_grant");
  CHECK(code_of(company.open(t::support, t::mail, binding("send"))) == "no_grant");
  CHECK(code_of(company.open(t::billing, "https://crm.example/mcp/", binding("refund"))) == "unknown_server");
  CHECK(company.count(EventKind::request_refused) == 5);
  CHECK(company.memory.size() == 5);
}

TEST_CASE("a refused open with an open_id does not use the open_id up") {
  Company company;
  CHECK(code_of(company.open(t::billing, t::crm, binding("send"), "id")) == "no_grant");
  CHECK(company.open(t::billing, t::crm, binding("refund"), "id"));
}

TEST_CASE("without a server an open is provisional and gives no token") {
  Company company;
  auto request = provisional("lookup_orders");
  request.call_id = "call_1";
  request.run_id = "run_1";
  request.session_id = "session_1";
  request.parent_txn = jeton::Txn::random();
  request.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  request.framework = "langgraph";
  request.agent_label = "helper";
  const auto opened = company.open(t::billing, request);
  REQUIRE(opened);
  CHECK(opened->provisional);
  CHECK_FALSE(opened->minted);
  CHECK(opened->grant == "refunds");

  const auto& event = company.memory.events().at(opened->log_index);
  CHECK(event.kind == EventKind::call_opened);
  CHECK(event.txn == opened->txn);
  CHECK(event.agent == "spiffe://acme.example/agent/billing");
  CHECK(event.role == jeton::Role::agent);
  CHECK(event.uid == t::billing);
  CHECK(event.exe == "/usr/bin/a%20program");
  CHECK(event.call_id == request.call_id);
  CHECK(event.run_id == request.run_id);
  CHECK(event.session_id == request.session_id);
  CHECK(event.parent_txn == request.parent_txn);
  CHECK(event.traceparent == request.traceparent);
  CHECK(event.framework == request.framework);
  CHECK(event.agent_label == request.agent_label);
  CHECK_FALSE(event.server);
  CHECK_FALSE(event.jti);
}

TEST_CASE("opening with a server is one event and not two") {
  Company company;
  const auto opened = company.open(t::billing, t::crm, binding("refund"));
  REQUIRE(opened);
  CHECK_FALSE(opened->provisional);
  CHECK(company.memory.size() == 1);
  const auto& event = company.memory.events().at(0);
  CHECK(event.kind == EventKind::token_minted);
  CHECK(event.previous == jeton::Previous::none);
  CHECK(opened->minted->attempt == 1);
}

TEST_CASE("two opens without an open_id are two calls") {
  Company company;
  CHECK(company.open(t::billing, provisional("refund"))->txn != company.open(t::billing, provisional("refund"))->txn);
}

TEST_CASE("the same open_id is the same call even after a restart") {
  Company company;
  const auto first = company.open(t::billing, provisional("refund", "id"));
  const auto second = company.open(t::billing, provisional("refund", "id"));
  company.restart();
  const auto third = company.open(t::billing, provisional("refund", "id"));
  REQUIRE(third);
  CHECK(first->txn == second->txn);
  CHECK(first->txn == third->txn);
  CHECK(third->log_index == first->log_index);
  CHECK(company.memory.size() == 1);
}

TEST_CASE("the same open_id of another agent is another call") {
  Company company;
  const auto mine = company.open(t::billing, t::crm, binding("refund"), "id");
  const auto theirs = company.open(t::support, t::crm, binding("refund"), "id");
  REQUIRE(theirs);
  CHECK(mine->txn != theirs->txn);
  CHECK(theirs->minted->attempt == 1);
}

TEST_CASE("an open repeated with a server mints the next attempt and supersedes the lost one") {
  Company company;
  const auto lost = company.open(t::billing, t::crm, binding("refund"), "id");
  const auto again = company.open(t::billing, t::crm, binding("refund"), "id");
  REQUIRE(again);
  CHECK(again->txn == lost->txn);
  CHECK(again->minted->attempt == 2);
  CHECK(again->minted->previous == jeton::Previous::unredeemed);
  CHECK(company.count(EventKind::token_superseded) == 1);
  CHECK(code_of(company.redeem_refund(*lost->minted)) == "superseded");
  CHECK(code_of(company.redeem_refund(*again->minted)) == "ok");
}

TEST_CASE("an open_id that comes back for anything else is a mismatch") {
  Company company;
  REQUIRE(company.open(t::billing, t::crm, binding("refund"), "id"));
  CHECK(code_of(company.open(t::billing, t::mail, binding("refund"), "id")) == "call_mismatch");
  CHECK(code_of(company.open(t::billing, t::crm, binding("lookup_orders"), "id")) == "call_mismatch");
  CHECK(code_of(company.open(t::billing, t::crm, binding("refund", R"({"amount":2})"), "id")) == "call_mismatch");
  CHECK(code_of(company.open(t::billing, provisional("lookup_orders", "id"))) == "call_mismatch");
  CHECK(company.count(EventKind::token_minted) == 1);
  CHECK(company.open(t::billing, t::crm, binding("refund"), "id"));
}

TEST_CASE("a provisional open that comes back with one server and then with another is a mismatch") {
  Company company;
  REQUIRE(company.open(t::billing, provisional("refund", "id")));
  const auto minted = company.open(t::billing, t::crm, binding("refund"), "id");
  REQUIRE(minted);
  CHECK(minted->minted->attempt == 1);
  CHECK(code_of(company.open(t::billing, t::files, binding("refund"), "id")) == "call_mismatch");
}

TEST_CASE("a provisional open that comes back with other arguments is a mismatch") {
  Company company;
  REQUIRE(company.open(t::billing, provisional("refund", "id")));
  CHECK(code_of(company.open(t::billing, provisional("refund", "id", R"({"amount":2})"))) == "call_mismatch");
  CHECK(code_of(company.open(t::billing, provisional("lookup_orders", "id"))) == "call_mismatch");
  // Before the first mint, too: else it would be the opening that the log shows and another call that runs.
  CHECK(code_of(company.open(t::billing, t::crm, binding("refund", R"({"amount":2})"), "id")) == "call_mismatch");
  CHECK(company.memory.size() == 4);
}

TEST_CASE("an open_id comes back to nothing once the opener reported the outcome") {
  Company company;
  const auto opened = company.open(t::billing, t::crm, binding("refund"), "id");
  REQUIRE(company.finish(t::billing, {opened->txn, jeton::Outcome::cancelled}));
  const auto again = company.open(t::billing, t::crm, binding("refund"), "id");
  CHECK(code_of(again) == "unknown_call");
  CHECK(company.memory.events().back().txn == opened->txn);
  CHECK(again.error().txn == opened->txn.text());
}

TEST_CASE("a repeated open is decided anew") {
  Company company;
  REQUIRE(company.open(t::billing, t::crm, binding("refund"), "id"));
  REQUIRE(company.open(t::billing, t::crm, binding("refund"), "id"));
  REQUIRE(company.open(t::billing, t::crm, binding("refund"), "id"));
  CHECK(code_of(company.open(t::billing, t::crm, binding("refund"), "id")) == "too_many_attempts");
}

TEST_CASE("the name of a tool is escaped before it enters the log") {
  Company company;
  CHECK(code_of(company.open(t::billing, provisional("re\x1b[2Jfund\n"))) == "no_grant");
  CHECK(company.memory.events().back().tool == "re%1B[2Jfund%0A");
}
