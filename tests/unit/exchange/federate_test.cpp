// Federation tokens: who gets one, what is in it, what is on record, and that no call token is ever one.
#include "jeton/federation_token.hpp"

#include "jeton/base64url.hpp"
#include "jeton/offline_verifier.hpp"
#include "support/catch.hpp"
#include "support/exchange_fixture.hpp"
#include "support/memory_replay_store.hpp"

namespace {

using namespace jeton;
using namespace jeton::testing;

struct Federating : Company {
  Federating() { REQUIRE(federation.want({Algorithm::es256})); }

  std::string token() {
    const auto minted = federate(caller_of(billing));
    REQUIRE(minted);
    return minted->token.expose_for_transport();
  }
  [[nodiscard]] KeySet call_keys() const { return process->keyring.key_set(); }
  KeySet federation_keys() {
    auto keys = KeySet::from_jwks(federation.jwks());
    REQUIRE(keys);
    return *std::move(keys);
  }
  [[nodiscard]] const Event& last() const { return memory.events().back(); }
  std::string refusal(const Caller& caller, const std::string& party = "backup-bucket") {
    const auto before = count(EventKind::federation_minted);
    const auto minted = federate(caller, party);
    CHECK(count(EventKind::federation_minted) == before);
    return code_of(minted);
  }
};

/// The JSON of part 0 or 1.
Json part_of(const std::string& token, int part) {
  const auto first = token.find('.'), second = token.find('.', first + 1);
  const auto text = part == 0 ? token.substr(0, first) : token.substr(first + 1, second - first - 1);
  const auto bytes = from_base64url(text);
  REQUIRE(bytes);
  return Json::parse(*bytes);
}

/// What a federation key never signs: the claims of a call token.
std::string call_claims_signed_by(const SigningKey& key, const Clock& clock) {
  TokenClaims claims;
  claims.iss = "https://issuer.example/federation";
  claims.aud = sts;
  claims.sub = claims.client_id = "spiffe://acme.example/agent/billing";
  claims.iat = clock.wall_us() / us_per_s;
  claims.exp = claims.iat + 30;
  claims.jti = Jti::random();
  claims.txn = Txn::random();
  claims.tool = "refund";
  claims.digest = binding("refund").digest;
  const Json header{{"alg", "ES256"}, {"kid", key.verifying_key().kid()}, {"typ", "JWT"}};
  const auto input = base64url(as_bytes(header.dump())) + "." + base64url(as_bytes(claims.json().dump()));
  return input + "." + base64url(key.sign(input));
}

bool verifies(const std::string& token, const VerifyingKey& key) {
  const auto dot = token.rfind('.');
  const auto signature = from_base64url(token.substr(dot + 1));
  return signature && key.verifies(token.substr(0, dot), *signature);
}

}  // namespace

TEST_CASE("a federation token has six claims and the header of a plain JWT") {
  Federating company;
  const auto minted = company.federate(caller_of(billing));
  REQUIRE(minted);
  const auto& token = minted->token.expose_for_transport();
  const auto now = company.clock.wall_us() / us_per_s;
  const auto& key = company.federation.ready(Algorithm::es256)->verifying_key();
  CHECK(part_of(token, 0) == Json{{"typ", "JWT"}, {"alg", "ES256"}, {"kid", key.kid()}});
  CHECK(part_of(token, 1) == Json{{"iss", "https://issuer.example/federation"},
                                  {"sub", "spiffe://acme.example/agent/billing"},
                                  {"aud", sts},
                                  {"iat", now},
                                  {"exp", now + 300},
                                  {"jti", minted->jti.text()}});
  CHECK(verifies(token, key));
  CHECK(minted->expires_at == now + 300);
  CHECK(minted->relying_party == "backup-bucket");
  CHECK(minted->audience == sts);
}

TEST_CASE("a federation token is on record with everything but itself") {
  Federating company;
  (void)company.minted_refund();
  const auto minted = company.federate(caller_of(billing));
  REQUIRE(minted);
  const auto& event = company.last();
  CHECK(event.kind == EventKind::federation_minted);
  CHECK(minted->log_index + 1 == company.memory.size());
  CHECK(event.role == Role::agent);
  CHECK(event.uid == billing);
  CHECK(event.agent == "spiffe://acme.example/agent/billing");
  CHECK(event.server == sts);
  CHECK(event.grant == "backup-bucket");
  CHECK(event.jti == minted->jti);
  CHECK(event.token_sha256 == sha256(minted->token.expose_for_transport()));
  CHECK(event.expires_at == minted->expires_at);
  CHECK_FALSE(event.txn);
  CHECK_FALSE(event.tool);
  CHECK(leaf_bytes(event).find(minted->token.expose_for_transport()) == std::string::npos);
}

TEST_CASE("a federation token and a call token never verify under each others keys") {
  Federating company;
  const auto token = company.token();
  const auto call = company.minted_refund();
  const auto call_text = call.token.expose_for_transport();
  const auto calls = company.call_keys(), federation = company.federation_keys();
  REQUIRE_FALSE((calls.keys().empty() || federation.keys().empty()));
  for (const auto& key : calls.keys()) {
    CHECK_FALSE(verifies(token, key));
    CHECK(federation.find(key.kid()) == nullptr);
  }
  for (const auto& key : federation.keys()) {
    CHECK(verifies(token, key));
    CHECK_FALSE(verifies(call_text, key));
    CHECK(calls.find(key.kid()) == nullptr);
  }
}

TEST_CASE("no reader of call tokens takes a federation token even with the federation keys in hand") {
  Federating company;
  const auto token = company.token();
  const auto parsed = UnverifiedToken::parse(token);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().code == Code::bad_token);

  // The daemon itself, and a verifier that somebody gave the wrong key set.
  const auto redeemed = company.redeem(caller_of(crm_account), {token, crm, binding("refund"), "id"});
  CHECK(code_of(redeemed) == "bad_token");
  OfflineSetup setup{sts, "https://issuer.example/federation", company.federation.jwks(),
                     std::make_shared<MemoryReplayStore>()};
  const auto verifier = OfflineVerifier::make(std::move(setup));
  REQUIRE(verifier);
  CHECK(code_of(verifier->redeem(token, "refund", Json{{"amount", 1}})) == "bad_token");
  // Whatever such a key signs: its type is none of a call token's.
  const auto strange = call_claims_signed_by(*company.federation.ready(Algorithm::es256), SystemClock());
  CHECK(code_of(verifier->redeem(strange, "refund", Json{{"amount", 1}})) == "bad_token");
  CHECK_FALSE(company.process->exchange.introspect(caller_of(crm_account), token));
  CHECK_FALSE(company.process->exchange.live_token(token));
}

TEST_CASE("only an agent that the relying party names gets a federation token") {
  Federating company;
  CHECK(company.refusal(caller_of(support)) == "no_grant");
  CHECK(company.last().agent == "spiffe://acme.example/agent/support");
  CHECK(company.refusal(caller_of(billing), "nobody") == "unknown_server");
  CHECK(company.refusal(caller_of(stranger)) == "unknown_agent");
  CHECK(company.refusal(caller_of(crm_account)) == "wrong_role");
  CHECK(company.refusal(caller_of(operator_uid)) == "wrong_role");
  CHECK(code_of(company.federate(caller_of(billing))) == "ok");
}

TEST_CASE("an agent that no kernel vouches for gets no federation token") {
  Federating company;
  auto client = caller_of(billing);
  client.client = ProvenClient{ProvenClient::Part::agent, "spiffe://acme.example/agent/billing", "federated_jwt"};
  CHECK(company.refusal(client) == "unattested_peer");
  Caller remote{.uid = no_uid, .gid = no_uid, .socket = ""};
  remote.remote = "192.0.2.7";
  remote.client = client.client;
  CHECK(company.refusal(remote) == "unattested_peer");
}

TEST_CASE("a refused federation token is on record and says that it was one") {
  Federating company;
  CHECK(company.refusal(caller_of(support)) == "no_grant");
  const auto& event = company.last();
  CHECK(event.kind == EventKind::request_refused);
  CHECK(event.verb == Verb::mint);
  CHECK(event.detail == "federation");
  CHECK(event.grant == "backup-bucket");
  CHECK(event.code == Code::no_grant);
}

TEST_CASE("a disabled agent gets no federation token until it is enabled") {
  Federating company;
  (void)company.token();
  REQUIRE(company.disable(operator_uid, "billing"));
  CHECK(company.refusal(caller_of(billing)) == "agent_disabled");
  REQUIRE(company.enable(operator_uid, "billing"));
  (void)company.token();
}

TEST_CASE("federation tokens have a rate of their own for each agent") {
  Federating company;
  for (int n = 0; n < 6; ++n) (void)company.token();
  CHECK(company.refusal(caller_of(billing)) == "rate_limited");
  (void)company.minted_refund();
  company.clock.pass_s(60);
  (void)company.token();
}

TEST_CASE("no federation token leaves while its key is being made or the log cannot be written") {
  Company company;
  CHECK(code_of(company.federate(caller_of(billing))) == "overloaded");
  REQUIRE(company.federation.want({Algorithm::es256}));
  company.memory.set_disk(MemoryStore::Disk::fails_at_commit);
  std::optional<Result<Federated>> minted;
  const auto done = company.process->exchange.transact(
      [&] { minted.emplace(company.process->exchange.federate(caller_of(billing), {"backup-bucket"})); });
  CHECK_FALSE(done);
  company.memory.set_disk(MemoryStore::Disk::good);
  CHECK(company.count(EventKind::federation_minted) == 0);
  // And what did not become durable took no place of the minute.
  for (int n = 0; n < 6; ++n) CHECK(code_of(company.federate(caller_of(billing))) == "ok");
}

TEST_CASE("a configuration without a relying party mints no federation token") {
  Federating company;
  auto entries = company.roles.entries();
  entries.relying_parties.clear();
  company.roles = Roles(entries);
  CHECK(company.refusal(caller_of(billing)) == "unknown_server");
}
