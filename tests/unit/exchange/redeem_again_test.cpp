// A token that comes back: the same answer for the same redeemer, a refusal with evidence for all else, across
// restarts.
#include "store/sqlite_store.hpp"
#include "support/exchange_fixture.hpp"
#include "support/temp_dir.hpp"

namespace {

namespace t = jeton::testing;
using jeton::EventKind;
using jeton::RedeemRequest;
using t::binding;
using t::code_of;
using t::Company;

void copy_ledger(const std::filesystem::path& from, const std::filesystem::path& to) {
  for (const auto* part : {"jeton.db", "jeton.db-wal"})
    if (std::filesystem::exists(from / part))
      std::filesystem::copy_file(from / part, to / part, std::filesystem::copy_options::overwrite_existing);
}

std::unique_ptr<jeton::Store> open_store(const t::TempDir& dir) {
  auto store = jeton::open_sqlite_store(dir / "jeton.db", jeton::Sync::normal);
  REQUIRE(store);
  return std::move(*store);
}

}  // namespace

TEST_CASE("the same redeemer with the same id gets the same answer from another process of its own") {
  Company company;
  const auto minted = company.minted_refund();
  const auto first = company.redeem_refund(minted, "id");
  company.clock.pass_s(5);
  const RedeemRequest request{minted.token.expose_for_transport(), t::crm, binding("refund"), "id"};
  const auto again = company.redeem(t::caller_of(t::crm_account, 4711), request);
  REQUIRE(again);
  CHECK(again->repeated);
  CHECK(again->log_index == first->log_index);
  CHECK(again->redeemed_at == first->redeemed_at);
  CHECK(again->prior_redemptions == 0);
  CHECK(again->claims.jti == minted.jti);
  CHECK(company.count(EventKind::token_redeemed) == 1);
  CHECK(company.memory.size() == 2);
}

TEST_CASE("the answer is repeated after a restart that lost every key") {
  Company company;
  const auto minted = company.minted_refund();
  const auto first = company.redeem_refund(minted, "id");
  company.restart();
  const auto again = company.redeem_refund(minted, "id");
  REQUIRE(again);
  CHECK(again->repeated);
  CHECK(again->log_index == first->log_index);
  CHECK(code_of(company.redeem_refund(minted, "other")) == "already_redeemed");
}

TEST_CASE("a repeated answer passes the same checks as the first") {
  Company company;
  const auto minted = company.minted_refund();
  REQUIRE(company.redeem_refund(minted, "id"));
  for (int process = 0; process < 2; ++process) {
    const auto again = [&](uid_t uid, const std::string& server, const jeton::CallBinding& call) {
      return code_of(company.redeem(uid, minted.token, server, call, "id"));
    };
    CHECK(again(t::crm_account, t::crm, binding("refund", "{}")) == "args_mismatch");
    CHECK(again(t::crm_account, t::crm, binding("lookup_x")) == "wrong_tool");
    CHECK(again(t::mail_account, t::mail, binding("refund")) == "wrong_audience");
    CHECK(again(t::mail_account, t::crm, binding("refund")) == "wrong_role");
    company.restart();
  }
}

TEST_CASE("an answer is repeated until ten minutes after the token expired and no longer") {
  Company company;
  const auto minted = company.minted_refund();
  REQUIRE(company.redeem_refund(minted, "id"));
  company.clock.pass_s(30 + 599);
  CHECK(code_of(company.redeem_refund(minted, "id")) == "ok");
  company.clock.pass_s(1);
  CHECK(code_of(company.redeem_refund(minted, "id")) == "already_redeemed");
  company.restart();
  CHECK(code_of(company.redeem_refund(minted, "id")) == "already_redeemed");
  company.clock.pass_s(365 * 86'400);
  CHECK(code_of(company.redeem_refund(minted, "id")) == "already_redeemed");
}

TEST_CASE("another id is a second use and its event names both redeemers") {
  Company company;
  const auto minted = company.minted_refund();
  const auto first = company.redeem_refund(minted, "id");
  const RedeemRequest request{minted.token.expose_for_transport(), t::crm, binding("refund"), "other"};
  const auto second = company.redeem(t::caller_of(t::crm_account, 99), request);
  CHECK(code_of(second) == "already_redeemed");
  const auto& event = company.memory.events().back();
  CHECK(event.kind == EventKind::request_refused);
  CHECK(event.verb == jeton::Verb::redeem);
  CHECK(event.code == jeton::Code::already_redeemed);
  CHECK(event.txn == minted.txn);
  CHECK(event.jti == minted.jti);
  CHECK(event.cites == first->log_index);
  CHECK(event.first_uid == t::crm_account);
  CHECK(event.first_pid == 77);
  CHECK(event.uid == t::crm_account);
  CHECK(event.pid == 99);
  CHECK(second.error().log_index == event.log_index);
}

TEST_CASE("the same id from another account is a second use") {
  Company company;
  const auto opened = company.open(t::billing, t::files, binding("read"));
  const auto& token = opened->minted->token;
  REQUIRE(company.redeem(t::billing, token, t::files, binding("read"), "id"));
  CHECK(code_of(company.redeem(t::stranger, token, t::files, binding("read"), "id")) == "already_redeemed");
  const auto& event = company.memory.events().back();
  CHECK(event.uid == t::stranger);
  CHECK(event.first_uid == t::billing);
  CHECK(code_of(company.redeem(t::billing, token, t::files, binding("read"), "id")) == "ok");
}

TEST_CASE("an answer is not repeated for a row that names another server") {
  Company company;
  const auto minted = company.minted_refund();
  const auto first = company.redeem_refund(minted, "id");
  company.memory.log()->events.at(first->log_index).server = t::mail;
  CHECK(code_of(company.redeem_refund(minted, "id")) == "already_redeemed");
}

TEST_CASE("the same token twice in one transaction is redeemed once") {
  Company company;
  const auto minted = company.minted_refund();
  const RedeemRequest request{minted.token.expose_for_transport(), t::crm, binding("refund"), "one"};
  REQUIRE(company.process->exchange.transact([&] {
    auto& exchange = company.process->exchange;
    CHECK(exchange.redeem(t::caller_of(t::crm_account), request));
    auto other = request;
    other.redemption_id = "two";
    CHECK(code_of(exchange.redeem(t::caller_of(t::crm_account), other)) == "already_redeemed");
    CHECK(exchange.redeem(t::caller_of(t::crm_account), request)->repeated);
  }));
  CHECK(company.count(EventKind::token_redeemed) == 1);
}

TEST_CASE("an unspent token of an earlier process is of an unknown key") {
  Company company;
  const auto minted = company.minted_refund();
  company.restart();
  CHECK(code_of(company.redeem_refund(minted)) == "unknown_key");
  // What an unproved token says about itself stays out of the call's story.
  CHECK_FALSE(company.memory.events().back().txn);
  const auto next = company.mint(t::billing, minted.txn, t::crm, binding("refund"));
  REQUIRE(next);
  CHECK(next->attempt == 2);
  CHECK(company.redeem_refund(*next));
}

TEST_CASE("a planted row of a mint redeems nothing") {
  Company company;
  const auto forger = jeton::SigningKey::generate();
  const auto minted = company.minted_refund();
  auto claims = jeton::UnverifiedToken::parse(minted.token.expose_for_transport())->claims_before_verification();
  claims.jti = jeton::Jti::random();
  const auto forged = jeton::sign_token(claims, forger);
  auto planted = company.memory.events().at(0);
  planted.jti = claims.jti;
  planted.token_sha256 = jeton::sha256(forged.expose_for_transport());
  company.durably([&] { return company.store().append(planted); });
  for (int process = 0; process < 2; ++process) {
    CHECK(code_of(company.redeem(t::crm_account, forged, t::crm, binding("refund"), "id")) == "unknown_key");
    company.restart();
  }
}

TEST_CASE("a planted row of a redemption redeems nothing") {
  Company company;
  const auto forger = jeton::SigningKey::generate();
  const auto minted = company.minted_refund();
  auto claims = jeton::UnverifiedToken::parse(minted.token.expose_for_transport())->claims_before_verification();
  claims.jti = jeton::Jti::random();
  claims.exp = (std::int64_t{1} << 53) - 1;
  claims.iat = claims.exp - 30;
  const auto forged = jeton::sign_token(claims, forger);
  jeton::Event planted;
  planted.kind = EventKind::token_redeemed;
  planted.txn = claims.txn;
  planted.jti = claims.jti;
  planted.token_sha256 = jeton::sha256(forged.expose_for_transport());
  planted.uid = t::crm_account;
  planted.server = t::crm;
  planted.redemption = jeton::redemption_key("what the planter guessed");
  company.durably([&] { return company.store().append(planted); });
  for (int process = 0; process < 2; ++process) {
    // The redeemer's id is 128 random bits of its own; nobody plants it beforehand.
    CHECK(code_of(company.redeem(t::crm_account, forged, t::crm, binding("refund"), jeton::random_id())) ==
          "already_redeemed");
    company.restart();
  }
  CHECK(company.count(EventKind::token_redeemed) == 1);
}

TEST_CASE("an old ledger put back un-redeems nothing") {
  const t::TempDir dir, backup;
  auto store = open_store(dir);
  Company company(*store);
  const auto minted = company.minted_refund();
  copy_ledger(dir.path(), backup.path());
  REQUIRE(company.redeem_refund(minted, "id"));
  const auto unspent = company.minted_refund();

  const auto old = open_store(backup);
  CHECK(old->size() == 1);
  company.restart_on(*old);
  CHECK(code_of(company.redeem_refund(minted, "id")) == "unknown_key");
  CHECK(code_of(company.redeem_refund(minted, "other")) == "unknown_key");
  CHECK(code_of(company.redeem_refund(unspent)) == "unknown_key");
}
