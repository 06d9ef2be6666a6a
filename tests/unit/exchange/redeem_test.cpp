// Redemption: in which order a token is judged, and that no refusal burns it.
#include "support/exchange_fixture.hpp"
#include "support/forge.hpp"

namespace {

namespace t = jeton::testing;
using jeton::EventKind;
using jeton::Minted;
using jeton::TokenClaims;
using t::binding;
using t::code_of;
using t::Company;

/// The claims of a minted token, to be changed and signed again.
TokenClaims claims_of(const Minted& minted) {
  return jeton::UnverifiedToken::parse(minted.token.expose_for_transport())->claims_before_verification();
}

/// One redemption with everything right, to be spoilt.
struct Try {
  std::string token;
  uid_t uid = t::crm_account;
  std::string server = t::crm;
  jeton::CallBinding call = binding("refund");
  std::string redemption_id = "id";
};

jeton::Result<jeton::Redeemed> redeem(Company& company, const Try& attempt) {
  return company.redeem(t::caller_of(attempt.uid),
                        {attempt.token, attempt.server, attempt.call, attempt.redemption_id});
}

/// Ways to spoil a redemption, in the order in which the protocol notices them.
struct Fault {
  const char* code;
  void (*spoil)(Try&, TokenClaims&, Company&);
};
constexpr Fault claim_faults[] = {
    {"wrong_issuer", [](Try&, TokenClaims& claims, Company&) { claims.iss = "https://other.example"; }},
    {"unknown_server", [](Try& attempt, TokenClaims&, Company&) { attempt.server = "https://nowhere.example"; }},
    {"wrong_role", [](Try& attempt, TokenClaims&, Company&) { attempt.uid = t::billing; }},
    {"wrong_audience", [](Try&, TokenClaims& claims, Company&) { claims.aud = t::mail; }},
    {"wrong_tool", [](Try& attempt, TokenClaims&, Company&) { attempt.call.tool = "lookup_orders"; }},
    {"args_mismatch",
     [](Try& attempt, TokenClaims&, Company&) { attempt.call.digest = binding("refund", "{}").digest; }},
};

}  // namespace

TEST_CASE("a token of an offline server is not redeemed here and does not burn") {
  Company company;
  const auto opened = company.open(t::billing, t::vault, binding("open"));
  REQUIRE(opened);
  const auto redeem = [&](uid_t uid) {
    return company.redeem(uid, opened->minted->token, t::vault, binding("open"), "id");
  };
  CHECK(code_of(redeem(t::vault_account)) == "wrong_role");
  CHECK_THAT(redeem(t::vault_account).error().message, Catch::Contains("verifies offline"));
  CHECK(code_of(redeem(t::stranger)) == "unknown_agent");
  CHECK(company.count(jeton::EventKind::token_redeemed) == 0);
  CHECK(company.finish(t::vault_account, {opened->txn, jeton::Outcome::ok, opened->minted->jti}));
}

TEST_CASE("a token with two faults meets the code of the first") {
  for (std::size_t first = 0; first < std::size(claim_faults); ++first) {
    for (std::size_t second = first; second < std::size(claim_faults); ++second) {
      CAPTURE(claim_faults[first].code, claim_faults[second].code);
      Company company;
      const auto minted = company.minted_refund();
      Try attempt;
      auto claims = claims_of(minted);
      claim_faults[second].spoil(attempt, claims, company);
      claim_faults[first].spoil(attempt, claims, company);
      attempt.token = jeton::sign_token(claims, company.process->keyring.current()).expose_for_transport();
      CHECK(code_of(redeem(company, attempt)) == claim_faults[first].code);
      // Nothing burnt: the right redemption is still to be had.
      CHECK(code_of(company.redeem_refund(minted)) == "ok");
    }
  }
}

TEST_CASE("form comes before genuineness and genuineness before everything else") {
  Company company;
  const auto minted = company.minted_refund();
  auto wrong = claims_of(minted);
  wrong.iss = "https://other.example";
  const auto token = minted.token.expose_for_transport();
  const auto parts = jeton::forge::parts_of(token);
  const auto other_key = jeton::SigningKey::generate();

  Try attempt;
  attempt.uid = t::stranger;
  attempt.server = "https://nowhere.example";
  attempt.token = "";
  CHECK(code_of(redeem(company, attempt)) == "bad_token");
  attempt.token = token + "=";
  CHECK(code_of(redeem(company, attempt)) == "bad_token");
  attempt.token = parts.header + "." + parts.payload + ".";
  CHECK(code_of(redeem(company, attempt)) == "bad_token");
  attempt.token = std::string(9000, 'a');
  CHECK(code_of(redeem(company, attempt)) == "bad_token");
  attempt.token = jeton::sign_token(wrong, other_key).expose_for_transport();
  CHECK(code_of(redeem(company, attempt)) == "unknown_key");
  attempt.token = parts.header + "." + jeton::forge::encoded(wrong.json().dump()) + "." + parts.signature;
  CHECK(code_of(redeem(company, attempt)) == "bad_signature");
  attempt.token = jeton::sign_token(wrong, company.process->keyring.current()).expose_for_transport();
  CHECK(code_of(redeem(company, attempt)) == "wrong_issuer");
  CHECK(code_of(company.redeem_refund(minted)) == "ok");
}

TEST_CASE("a token whose signature was touched does not pass for the one that was minted") {
  Company company;
  const auto minted = company.minted_refund();
  auto parts = jeton::forge::parts_of(minted.token.expose_for_transport());
  jeton::Signature signature(64);
  REQUIRE(jeton::from_base64url(parts.signature, signature));
  parts.signature = jeton::base64url(jeton::forge::malleated(signature));
  Try attempt;
  attempt.token = parts.joined();
  CHECK(code_of(redeem(company, attempt)) == "bad_signature");
  CHECK_FALSE(company.memory.events().back().txn);  // what an unproved token says is not believed
  CHECK(company.redeem_refund(minted));
}

TEST_CASE("the state of a token comes before its time and after its arguments") {
  Company company;
  const auto spent = company.minted_refund();
  REQUIRE(company.redeem_refund(spent));
  const auto superseded = company.minted_refund();
  REQUIRE(company.mint(t::billing, superseded.txn, t::crm, binding("refund")));
  Try attempt;
  attempt.call = binding("refund", "{}");
  attempt.token = spent.token.expose_for_transport();
  CHECK(code_of(redeem(company, attempt)) == "args_mismatch");
  company.clock.pass_s(60);
  attempt.call = binding("refund");
  CHECK(code_of(redeem(company, attempt)) == "already_redeemed");
  attempt.token = superseded.token.expose_for_transport();
  CHECK(code_of(redeem(company, attempt)) == "superseded");
}

TEST_CASE("a revoked token is refused as revoked") {
  Company company;
  const auto minted = company.minted_refund();
  company.durably([&] {
    jeton::Event revoked;
    revoked.kind = EventKind::token_revoked;
    revoked.txn = minted.txn;
    revoked.jti = minted.jti;
    return company.store().append(revoked);
  });
  company.clock.pass_s(60);
  CHECK(code_of(company.redeem_refund(minted)) == "revoked");
}

TEST_CASE("who may not act for a server is told which of two things is missing") {
  Company company;
  const auto minted = company.minted_refund();
  Try attempt;
  attempt.token = minted.token.expose_for_transport();
  attempt.uid = t::stranger;
  CHECK(code_of(redeem(company, attempt)) == "unknown_agent");
  for (const auto uid : {t::billing, t::mail_account, t::operator_uid}) {
    attempt.uid = uid;
    CHECK(code_of(redeem(company, attempt)) == "wrong_role");
  }
  CHECK(company.redeem_refund(minted));
}

TEST_CASE("a server cannot redeem what was minted for another one by naming itself") {
  Company company;
  const auto minted = company.minted_refund();
  Try attempt;
  attempt.token = minted.token.expose_for_transport();
  attempt.uid = t::mail_account;
  attempt.server = t::mail;
  CHECK(code_of(redeem(company, attempt)) == "wrong_audience");
  attempt.server = t::files;
  CHECK(code_of(redeem(company, attempt)) == "wrong_audience");
  CHECK(company.redeem_refund(minted));
}

TEST_CASE("a redemption is recorded with who and what and its answer says the same") {
  Company company;
  const auto minted = company.minted_refund();
  company.clock.pass_s(3);
  const auto redeemed = company.redeem_refund(minted, "an id that is secret");
  REQUIRE(redeemed);
  CHECK_FALSE(redeemed->repeated);
  CHECK(redeemed->prior_redemptions == 0);
  CHECK(redeemed->redeemed_at == 1'790'000'003);
  CHECK(redeemed->claims.jti == minted.jti);
  const auto& event = company.memory.events().at(redeemed->log_index);
  CHECK(event.kind == EventKind::token_redeemed);
  CHECK(event.role == jeton::Role::server);
  CHECK(event.uid == t::crm_account);
  CHECK(event.pid == 77);
  CHECK(event.txn == minted.txn);
  CHECK(event.jti == minted.jti);
  CHECK(event.agent == "spiffe://acme.example/agent/billing");
  CHECK(event.server == t::crm);
  CHECK(event.tool == "refund");
  CHECK(event.attempt == 1);
  CHECK(event.self_redeemed == false);
  CHECK(event.token_sha256 == jeton::sha256(minted.token.expose_for_transport()));
  REQUIRE(event.redemption);
  CHECK(event.redemption->text() != "an id that is secret");
}

TEST_CASE("any peer may redeem for a server without match and the event says so") {
  Company company;
  const auto opened = company.open(t::billing, t::files, binding("read"));
  const auto redeemed = company.redeem(t::stranger, opened->minted->token, t::files, binding("read"), "id");
  REQUIRE(redeemed);
  const auto& event = company.memory.events().at(redeemed->log_index);
  CHECK(event.self_redeemed == true);
  CHECK(event.uid == t::stranger);
}

TEST_CASE("time is that of the boot clock") {
  Company company;
  auto minted = company.minted_refund();
  company.clock.set_wall_ahead_s(86'400);
  CHECK(code_of(company.redeem_refund(minted)) == "ok");

  minted = company.minted_refund();
  company.clock.pass_s(30);
  company.clock.set_wall_back_s(86'400);
  CHECK(code_of(company.redeem_refund(minted)) == "expired");

  minted = company.minted_refund();
  company.clock.pass_us(30 * jeton::us_per_s - 1);
  CHECK(code_of(company.redeem_refund(minted)) == "ok");

  minted = company.minted_refund();
  company.clock.pass_s(31);
  company.process->exchange.settle({});
  company.clock.set_wall_back_s(31);
  CHECK(code_of(company.redeem_refund(minted)) == "expired");
}

TEST_CASE("a token outlives the rotation of its key") {
  Company company;
  company.clock.pass_s(3590);
  const auto minted = company.minted_refund();
  company.clock.pass_s(20);
  const auto due = company.process->exchange.due(false);
  REQUIRE(due.size() == 1);
  CHECK(due.at(0).kind == EventKind::key_rotated);
  company.process->exchange.settle(due);
  CHECK(company.redeem_refund(minted));
  CHECK(company.process->exchange.due(false).empty());
}

TEST_CASE("a genuine token that the log does not know redeems nothing") {
  Company company;
  const auto minted = company.minted_refund();
  auto claims = claims_of(minted);
  claims.jti = jeton::Jti::random();
  Try attempt;
  attempt.token = jeton::sign_token(claims, company.process->keyring.current()).expose_for_transport();
  CHECK(code_of(redeem(company, attempt)) == "unknown_key");
  claims.txn = jeton::Txn::random();
  attempt.token = jeton::sign_token(claims, company.process->keyring.current()).expose_for_transport();
  CHECK(code_of(redeem(company, attempt)) == "unknown_key");
}

TEST_CASE("a redemption that did not become durable burnt nothing") {
  Company company;
  const auto minted = company.minted_refund();
  company.memory.set_disk(t::MemoryStore::Disk::fails_at_commit);
  const jeton::RedeemRequest request{minted.token.expose_for_transport(), t::crm, binding("refund"), "one"};
  CHECK_FALSE(company.process->exchange.transact(
      [&] { CHECK(company.process->exchange.redeem(t::caller_of(t::crm_account), request)); }));
  company.memory.set_disk(t::MemoryStore::Disk::good);
  SECTION("whoever asked tries again with the same id, because log_unavailable means unknown") {
    const auto redeemed = company.redeem_refund(minted, "one");
    REQUIRE(redeemed);
    CHECK_FALSE(redeemed->repeated);
  }
  SECTION("another replica may be the first") {
    const auto redeemed = company.redeem_refund(minted, "two");
    REQUIRE(redeemed);
    CHECK_FALSE(redeemed->repeated);
  }
}
