// The attempts of a call: decided anew each time, one live token at most, and bounded.
#include "support/exchange_fixture.hpp"

namespace {

namespace t = jeton::testing;
using jeton::EventKind;
using jeton::Previous;
using jeton::Txn;
using t::binding;
using t::code_of;
using t::Company;

Txn opened_provisionally(Company& company, const std::string& tool = "refund") {
  auto opened = company.open(t::billing, jeton::OpenRequest{binding(tool)});
  REQUIRE(opened);
  return opened->txn;
}

}  // namespace

TEST_CASE("a txn that nobody opened is no call") {
  Company company;
  const auto minted = company.mint(t::billing, Txn::random(), t::crm, binding("refund"));
  CHECK(code_of(minted) == "unknown_call");
  CHECK_FALSE(company.memory.events().back().txn);
}

TEST_CASE("the call of another agent is no call and its story stays clean") {
  Company company;
  const auto txn = opened_provisionally(company);
  CHECK(code_of(company.mint(t::support, txn, t::crm, binding("refund"))) == "unknown_call");
  CHECK_FALSE(company.memory.events().back().txn);
  CHECK(code_of(company.mint(t::stranger, txn, t::crm, binding("refund"))) == "unknown_agent");
  CHECK(code_of(company.mint(t::crm_account, txn, t::crm, binding("refund"))) == "wrong_role");
  CHECK(code_of(company.mint(t::operator_uid, txn, t::crm, binding("refund"))) == "wrong_role");
  CHECK(company.mint(t::billing, txn, t::crm, binding("refund")));
}

TEST_CASE("each mint is decided although the open was permitted") {
  Company company;
  const auto txn = opened_provisionally(company);
  CHECK(code_of(company.mint(t::billing, txn, t::mail, binding("refund"))) == "no_grant");
  CHECK(code_of(company.mint(t::billing, txn, t::crm, binding("send"))) == "no_grant");
  CHECK(code_of(company.mint(t::billing, txn, "https://nowhere.example", binding("refund"))) == "unknown_server");
  CHECK(company.memory.events().back().txn == txn);
  // and: who spelled it with a slash, or without, is told the spelling that there is
  const auto slip = company.mint(t::billing, txn, std::string(t::crm) + "/", binding("refund"));
  CHECK(code_of(slip) == "unknown_server");
  CHECK_THAT(slip.error().message, Catch::EndsWith(std::string(t::crm) + " is; name that"));
}

TEST_CASE("the first mint may differ from what a provisional open named and the log shows both") {
  Company company;
  const auto txn = opened_provisionally(company, "refund");
  const auto minted = company.mint(t::billing, txn, t::mail, binding("send", R"({"to":"x"})"));
  REQUIRE(minted);
  CHECK(company.memory.events().at(0).tool == "refund");
  CHECK(company.memory.events().at(1).tool == "send");
  CHECK(company.memory.events().at(0).args_mac != company.memory.events().at(1).args_mac);
}

TEST_CASE("from the second attempt on server and tool and arguments are those of the first") {
  Company company;
  const auto txn = opened_provisionally(company);
  REQUIRE(company.mint(t::billing, txn, t::crm, binding("refund")));
  CHECK(code_of(company.mint(t::billing, txn, t::files, binding("refund"))) == "call_mismatch");
  CHECK(code_of(company.mint(t::billing, txn, t::crm, binding("lookup_x"))) == "call_mismatch");
  CHECK(code_of(company.mint(t::billing, txn, t::crm, binding("refund", R"({"amount":2})"))) == "call_mismatch");
  CHECK(company.memory.events().back().txn == txn);
  CHECK(company.mint(t::billing, txn, t::crm, binding("refund"))->attempt == 2);
}

TEST_CASE("two tools that are spelled alike in the log are still two") {
  // "%" itself is escaped, so the escape of one name is never another name.
  CHECK(jeton::escape_for_log("a b") == "a%20b");
  CHECK(jeton::escape_for_log("a%20b") == "a%2520b");
}

TEST_CASE("the attempts of a call are bounded by its grant") {
  Company company;
  const auto opened = company.open(t::billing, t::crm, binding("refund"));
  REQUIRE(company.mint(t::billing, opened->txn, t::crm, binding("refund")));
  const auto third = company.mint(t::billing, opened->txn, t::crm, binding("refund"));
  REQUIRE(third);
  CHECK(third->attempt == 3);
  const auto fourth = company.mint(t::billing, opened->txn, t::crm, binding("refund"));
  CHECK(code_of(fourth) == "too_many_attempts");
  CHECK(fourth.error().txn == opened->txn.text());
  company.restart();
  CHECK(code_of(company.mint(t::billing, opened->txn, t::crm, binding("refund"))) == "too_many_attempts");
}

TEST_CASE("a refused mint leaves the live token alive") {
  Company company;
  const auto opened = company.open(t::billing, t::crm, binding("refund"));
  CHECK(code_of(company.mint(t::billing, opened->txn, t::crm, binding("lookup_x"))) == "call_mismatch");
  CHECK(company.redeem_refund(*opened->minted));
}

TEST_CASE("no token is minted once a call's redemptions are spent") {
  Company company;
  const auto minted = company.minted_refund();
  REQUIRE(company.redeem_refund(minted));
  CHECK(code_of(company.mint(t::billing, minted.txn, t::crm, binding("refund"))) == "too_many_attempts");
  company.restart();
  CHECK(code_of(company.mint(t::billing, minted.txn, t::crm, binding("refund"))) == "too_many_attempts");
}

TEST_CASE("a grant of two redemptions gives two and each says what was before it") {
  Company company;
  const auto call = binding("send");
  const auto first = company.open(t::billing, t::mail, call);
  CHECK(company.redeem(t::mail_account, first->minted->token, t::mail, call, "1")->prior_redemptions == 0);
  const auto second = company.mint(t::billing, first->txn, t::mail, call);
  REQUIRE(second);
  CHECK(second->previous == Previous::redeemed);
  // A third token takes the second's place; then one redemption is left, not two.
  const auto third = company.mint(t::billing, first->txn, t::mail, call);
  REQUIRE(third);
  CHECK(third->previous == Previous::unredeemed);
  CHECK(code_of(company.redeem(t::mail_account, second->token, t::mail, call, "2")) == "superseded");
  const auto redeemed = company.redeem(t::mail_account, third->token, t::mail, call, "3");
  REQUIRE(redeemed);
  CHECK(redeemed->prior_redemptions == 1);
  CHECK(code_of(company.mint(t::billing, first->txn, t::mail, call)) == "too_many_attempts");
}

TEST_CASE("a mint supersedes the unredeemed token in the same transaction") {
  Company company;
  const auto first = company.minted_refund();
  const auto transactions = company.memory.transactions();
  const auto second = company.mint(t::billing, first.txn, t::crm, binding("refund"));
  REQUIRE(second);
  CHECK(company.memory.transactions() == transactions + 1);
  const auto& superseded = company.memory.events().at(1);
  CHECK(superseded.kind == EventKind::token_superseded);
  CHECK(superseded.jti == first.jti);
  CHECK(company.memory.events().at(2).jti == second->jti);
}

TEST_CASE("a mint that did not become durable superseded nothing") {
  Company company;
  const auto first = company.minted_refund();
  company.memory.set_disk(t::MemoryStore::Disk::fails_at_commit);
  std::string lost;
  CHECK_FALSE(company.process->exchange.transact([&] {
    auto minted = company.process->exchange.mint(t::caller_of(t::billing), {first.txn, t::crm, binding("refund")});
    REQUIRE(minted);
    lost = minted->token.expose_for_transport();
  }));
  company.memory.set_disk(t::MemoryStore::Disk::good);
  // Even the token that should not have left, had it left, redeems nothing.
  CHECK(code_of(company.redeem(t::caller_of(t::crm_account), {lost, t::crm, binding("refund"), "x"})) == "unknown_key");
  CHECK(company.redeem_refund(first));
}

TEST_CASE("what became of the attempt before is told by the boot clock") {
  Company company;
  const auto first = company.minted_refund();
  company.clock.pass_s(29);
  company.clock.set_wall_ahead_s(3600);
  CHECK(company.mint(t::billing, first.txn, t::crm, binding("refund"))->previous == Previous::unredeemed);
  company.clock.pass_s(30);
  company.clock.set_wall_back_s(7200);
  const auto third = company.mint(t::billing, first.txn, t::crm, binding("refund"));
  REQUIRE(third);
  CHECK(third->previous == Previous::expired);
  CHECK(company.count(EventKind::token_superseded) == 1);
}

TEST_CASE("the token says what the protocol says and lives as long as its grant allows") {
  Company company;
  jeton::OpenRequest request{binding("refund")};
  request.server = t::files;
  request.call_id = "call_7";
  const auto opened = company.open(t::billing, request);
  REQUIRE(opened);
  const auto token = jeton::UnverifiedToken::parse(opened->minted->token.expose_for_transport());
  REQUIRE(token);
  CHECK(token->kid() == company.process->keyring.current().verifying_key().kid());
  const auto& claims = token->claims_before_verification();
  CHECK(claims.iss == t::test_issuer);
  CHECK(claims.aud == t::files);
  CHECK(claims.sub == "spiffe://acme.example/agent/billing");
  CHECK(claims.client_id == claims.sub);
  CHECK(claims.iat == 1'790'000'000);
  CHECK(claims.exp == claims.iat + 120);
  CHECK(claims.txn == opened->txn);
  CHECK(claims.jti == opened->minted->jti);
  CHECK(claims.tool == "refund");
  CHECK(claims.digest.equals(binding("refund").digest));
  CHECK(claims.call_id == "call_7");
  CHECK(claims.attempt == 1);
  CHECK(company.memory.events().at(0).expires_at == opened->minted->expires_at);

  const auto second = company.mint(t::billing, opened->txn, t::files, binding("refund"));
  const auto next = jeton::UnverifiedToken::parse(second->token.expose_for_transport());
  CHECK(next->claims_before_verification().call_id == "call_7");
  CHECK(next->claims_before_verification().attempt == 2);
}

TEST_CASE("names that would make a token too large to read are refused and all others are redeemed") {
  Company company;
  const std::string long_server = "https://long.example/" + std::string(2027, 'x');
  auto entries = t::company_roles().entries();
  entries.servers.push_back({long_server, std::nullopt});
  const jeton::Roles roles(entries);
  const jeton::Grants grants({{"billing", long_server, {"*"}, {"long", 30, 8, 1, std::nullopt}}});
  t::Process process(company.memory, grants, roles, company.secret, company.clock);
  const auto open = [&](const std::string& tool) {
    jeton::OpenRequest request{{tool, binding("refund").digest}};
    request.server = long_server;
    request.call_id = std::string(128, 'z');
    return company.durably([&] { return process.exchange.open(t::caller_of(t::billing), request); });
  };
  CHECK(code_of(open(std::string(256, '\x01'))) == "bad_request");  // six characters each in JSON
  CHECK(company.count(EventKind::token_minted) == 0);

  const std::string tool(256, 'y');
  const auto opened = open(tool);
  REQUIRE(opened);
  const jeton::RedeemRequest request{
      opened->minted->token.expose_for_transport(), long_server, {tool, binding("refund").digest}, "id"};
  CHECK(company.durably([&] { return process.exchange.redeem(t::caller_of(t::billing), request); }));
}

TEST_CASE("a rate limit refuses the next token and lets it through a minute later") {
  Company company;
  for (int i = 0; i < 3; ++i) {
    REQUIRE(company.open(t::billing, t::files, binding("read")));
    company.clock.pass_s(10);
  }
  const auto refused = company.open(t::billing, t::files, binding("read"));
  CHECK(code_of(refused) == "rate_limited");
  CHECK(company.memory.events().back().code == jeton::Code::rate_limited);
  CHECK(company.open(t::billing, t::crm, binding("refund")));
  company.clock.set_wall_ahead_s(600);
  CHECK(code_of(company.open(t::billing, t::files, binding("read"))) == "rate_limited");
  company.clock.pass_s(30);
  CHECK(company.open(t::billing, t::files, binding("read")));
}

TEST_CASE("a call is over for its agent after the agent reported the outcome") {
  Company company;
  const auto minted = company.minted_refund();
  REQUIRE(company.finish(t::billing, {minted.txn, jeton::Outcome::cancelled}));
  const auto again = company.mint(t::billing, minted.txn, t::crm, binding("refund"));
  CHECK(code_of(again) == "unknown_call");
  CHECK(company.memory.events().back().txn == minted.txn);
}

TEST_CASE("the outcome of the tool server does not end the call for its agent") {
  Company company;
  const auto call = binding("send");
  const auto opened = company.open(t::billing, t::mail, call);
  REQUIRE(company.redeem(t::mail_account, opened->minted->token, t::mail, call, "1"));
  REQUIRE(company.finish(t::mail_account, {opened->txn, jeton::Outcome::tool_error, opened->minted->jti}));
  CHECK(company.mint(t::billing, opened->txn, t::mail, call));
}
