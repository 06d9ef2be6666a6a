// Is a token signed as its server wants it, and is a mint refused rather than kept waiting where that cannot be yet?
#include "support/exchange_fixture.hpp"

namespace jeton::testing {
namespace {

/// The company, with another algorithm at the crm.
Roles roles_with(Algorithm algorithm) {
  auto entries = company_roles().entries();
  for (auto& server : entries.servers)
    if (server.url == crm) server.algorithm = algorithm;
  return Roles(entries);
}

struct CompanyOf : Company {
  explicit CompanyOf(Algorithm algorithm) {
    roles = roles_with(algorithm);
    restart();
  }
  /// As the loop does once a second.
  void keep_house() {
    const auto due = process->exchange.due(false);
    durably([&] {
      for (const auto& event : due) store().append(event);
      return 0;
    });
    process->exchange.settle(due);
  }
};

Algorithm algorithm_of(const Minted& minted) {
  return UnverifiedToken::parse(minted.token.expose_for_transport()).value().algorithm_before_verification();
}

}  // namespace

TEST_CASE("a mint for a server whose first RS256 key is being made is refused as overloaded and costs nothing") {
  CompanyOf company(Algorithm::rs256);
  const auto refused = company.open(billing, crm, binding("refund"), "open_1");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::overloaded);
  CHECK(refused.error().message.find("RS256") != std::string::npos);
  CHECK(company.memory.events().back().kind == EventKind::request_refused);
  CHECK(company.memory.events().back().code == Code::overloaded);
  CHECK(company.count(EventKind::token_minted) == 0);
  // Other servers are not concerned.
  CHECK(code_of(company.open(billing, mail, binding("send"))) == "ok");

  company.slow_keys.make(forge::key_of_pkcs8(forge::rfc7515_rsa_key));
  const auto opened = company.open(billing, crm, binding("refund"), "open_1");  // then: no house is kept in between
  REQUIRE(opened);
  CHECK(algorithm_of(*opened->minted) == Algorithm::rs256);
  CHECK(opened->minted->attempt == 1);
  CHECK(company.redeem_refund(*opened->minted));
}

TEST_CASE("a refused mint takes nothing of the minute's rate") {
  CompanyOf company(Algorithm::eddsa);
  auto entries = company.roles.entries();
  for (auto& server : entries.servers)
    if (server.url == files) server.algorithm = Algorithm::rs256;
  company.roles = Roles(entries);
  for (int n = 0; n < 10; ++n) CHECK(code_of(company.open(billing, files, binding("read"))) == "overloaded");
  company.slow_keys.make();
  for (int n = 0; n < 3; ++n) CHECK(code_of(company.open(billing, files, binding("read"))) == "ok");
  CHECK(code_of(company.open(billing, files, binding("read"))) == "rate_limited");
}

TEST_CASE("a token is signed by the algorithm of its server and redeemed once") {
  const auto algorithm = GENERATE(Algorithm::eddsa, Algorithm::es256, Algorithm::rs256);
  CAPTURE(name_of(algorithm));
  CompanyOf company(algorithm);
  if (algorithm == Algorithm::rs256) company.slow_keys.make(forge::key_of_pkcs8(forge::rfc7515_rsa_key));
  const auto minted = company.minted_refund();
  CHECK(algorithm_of(minted) == algorithm);
  CHECK(code_of(company.redeem_refund(minted)) == "ok");
  CHECK(code_of(company.redeem_refund(minted, "second")) == "already_redeemed");
  const auto mails = company.open(billing, mail, binding("send"));
  REQUIRE(mails);
  CHECK(algorithm_of(*mails->minted) == Algorithm::eddsa);
}

TEST_CASE("a token under another key of the right algorithm or the right key of another server is not genuine") {
  CompanyOf company(Algorithm::es256);
  const auto minted = company.minted_refund();
  const auto token = UnverifiedToken::parse(minted.token.expose_for_transport()).value();
  auto claims = token.claims_before_verification();
  claims.jti = Jti::random();
  const auto redeem = [&](const Token& forged) {
    return code_of(company.redeem(crm_account, forged, crm, binding("refund"), "x"));
  };
  CHECK(redeem(sign_token(claims, SigningKey::generate(Algorithm::es256))) == "unknown_key");
  // A key of the daemon's own, and a token it never minted: the log does not know it.
  CHECK(redeem(sign_token(claims, company.process->keyring.current(Algorithm::eddsa))) == "unknown_key");
  const auto parts = forge::parts_of(minted.token.expose_for_transport());
  const auto twin = forge::twin_of(from_base64url(parts.signature).value());
  CHECK(redeem(Token(parts.header + "." + parts.payload + "." + base64url(twin))) == "bad_signature");
  CHECK(company.redeem_refund(minted));
}

TEST_CASE("a configuration that changes a server's algorithm holds for the next mint and leaves what is out good") {
  CompanyOf company(Algorithm::eddsa);
  const auto before = company.minted_refund();
  company.roles = roles_with(Algorithm::es256);  // as a reload does, between two ticks
  const auto after = company.minted_refund();
  CHECK(algorithm_of(before) == Algorithm::eddsa);
  CHECK(algorithm_of(after) == Algorithm::es256);
  CHECK(company.redeem_refund(before));
  CHECK(company.redeem_refund(after));

  company.roles = roles_with(Algorithm::eddsa);
  company.keep_house();
  CHECK_FALSE(company.process->keyring.is_ready(Algorithm::es256));
  const auto kid = UnverifiedToken::parse(after.token.expose_for_transport())->kid();
  CHECK(company.process->keyring.key_set().find(kid) != nullptr);
}

TEST_CASE("a rotation goes on while the next RS256 key is being made") {
  CompanyOf company(Algorithm::rs256);
  company.slow_keys.make(forge::key_of_pkcs8(forge::rfc7515_rsa_key));
  company.keep_house();
  const auto kid = [&](Algorithm algorithm) {
    return company.process->keyring.current(algorithm).verifying_key().kid();
  };
  const auto ed25519 = kid(Algorithm::eddsa), rsa = kid(Algorithm::rs256);
  company.clock.pass_s(3600);
  company.keep_house();
  CHECK(company.count(EventKind::key_rotated) == 1);
  CHECK(kid(Algorithm::eddsa) != ed25519);
  CHECK(kid(Algorithm::rs256) == rsa);
  CHECK(code_of(company.open(billing, crm, binding("refund"))) == "ok");
}

}  // namespace jeton::testing
