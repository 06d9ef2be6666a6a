// The offline verdict: everything is checked before the token burns, and what is weaker than online is shown.
#include "jeton/offline_verifier.hpp"

#include "support/catch.hpp"
#include "support/fake_clock.hpp"
#include "support/forge.hpp"
#include "support/memory_replay_store.hpp"
#include "support/temp_dir.hpp"

namespace {

namespace forge = jeton::forge;
using jeton::Json;
using jeton::OfflineSetup;
using jeton::OfflineVerifier;
using jeton::testing::FakeClock;
using jeton::testing::MemoryReplayStore;

const Json arguments = Json::parse(forge::arguments);

Json jwks_of(const jeton::SigningKey& key) { return {{"keys", {key.verifying_key().jwk()}}}; }

/// A tool server with its own store and a clock one moment after the issue of `forge::good_token`.
struct House {
  std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>();
  std::shared_ptr<MemoryReplayStore> store = std::make_shared<MemoryReplayStore>();

  [[nodiscard]] OfflineSetup setup() const {
    return {std::string(forge::server), std::string(forge::issuer), jwks_of(forge::issuer_key()), store, clock};
  }
  [[nodiscard]] OfflineVerifier verifier() const {
    auto made = OfflineVerifier::make(setup());
    REQUIRE(made);
    return *made;
  }
};

std::string redeemed(const OfflineVerifier& verifier, const std::string& token, const std::string& id = "first") {
  const auto answer = verifier.redeem(token, forge::tool, arguments, id);
  if (!answer) return std::string(name_of(answer.error().code));
  return answer->repeated ? "repeated" : "redeemed";
}

/// A good token with the claims changed, properly signed.
template <class Change>
std::string token_with(Change change) {
  auto claims = forge::good_claims();
  change(claims);
  return sign_token(claims, forge::issuer_key()).expose_for_transport();
}

}  // namespace

TEST_CASE("an offline verifier without server or issuer or store or keys is refused") {
  const House house;
  const auto code_with = [&](auto change) {
    auto setup = house.setup();
    change(setup);
    const auto made = OfflineVerifier::make(setup);
    return made ? "ok" : std::string(name_of(made.error().code));
  };
  CHECK(code_with([](OfflineSetup& s) { s.server.clear(); }) == "bad_request");
  CHECK(code_with([](OfflineSetup& s) { s.issuer.clear(); }) == "bad_request");
  CHECK(code_with([](OfflineSetup& s) { s.store.reset(); }) == "bad_request");
  CHECK(code_with([](OfflineSetup& s) { s.clock.reset(); }) == "bad_request");
  CHECK(code_with([](OfflineSetup& s) { s.jwks = "keys"; }) == "bad_request");
  CHECK(code_with([](OfflineSetup&) {}) == "ok");
}

TEST_CASE("what is not the call meets its code offline and burns nothing") {
  const House house;
  const auto verifier = house.verifier();
  const auto stranger = sign_token(forge::good_claims(), forge::key_named("a stranger")).expose_for_transport();
  auto tampered = forge::good_token();
  tampered[tampered.size() - 10] = tampered[tampered.size() - 10] == 'A' ? 'B' : 'A';

  CHECK(redeemed(verifier, "no token") == "bad_token");
  CHECK(redeemed(verifier, stranger) == "unknown_key");
  CHECK(redeemed(verifier, tampered) == "bad_signature");
  CHECK(redeemed(verifier, token_with([](auto& c) { c.iss = "https://other.example"; })) == "wrong_issuer");
  CHECK(redeemed(verifier, token_with([](auto& c) { c.aud = "https://other.example/mcp"; })) == "wrong_audience");
  const auto code_of = [&](std::string_view tool, const Json& args, const std::string& id = "first") {
    return name_of(verifier.redeem(forge::good_token(), tool, args, id).error().code);
  };
  CHECK(code_of("delete", arguments) == "wrong_tool");
  CHECK(code_of(forge::tool, Json{{"amount", 2}}) == "args_mismatch");
  CHECK(code_of(forge::tool, Json()) == "bad_arguments");
  CHECK(code_of(forge::tool, arguments, "") == "bad_request");
  CHECK(code_of(forge::tool, arguments, "two words") == "bad_request");
  CHECK(house.store->size() == 0);
  CHECK(redeemed(verifier, forge::good_token()) == "redeemed");
}

TEST_CASE("a token with two faults meets the code of the first offline") {
  const House house;
  const auto verifier = house.verifier();
  house.clock->pass_s(1000);
  CHECK(redeemed(verifier, token_with([](auto& c) { c.iss = "x", c.aud = "y"; })) == "wrong_issuer");
  CHECK(redeemed(verifier, token_with([](auto& c) { c.aud = "y", c.tool = "z"; })) == "wrong_audience");
  CHECK(redeemed(verifier, token_with([](auto& c) { c.tool = "z"; })) == "wrong_tool");
  CHECK(redeemed(verifier, forge::good_token()) == "expired");
}

TEST_CASE("a second use offline is refused before its time is looked at") {
  const House house;
  const auto verifier = house.verifier();
  REQUIRE(redeemed(verifier, forge::good_token()) == "redeemed");
  const auto again = verifier.redeem(forge::good_token(), forge::tool, arguments, "second");
  REQUIRE_FALSE(again);
  CHECK(again.error().code == jeton::Code::already_redeemed);
  CHECK(again.error().txn == forge::good_claims().txn.text());
  house.clock->pass_s(300);
  CHECK(redeemed(verifier, forge::good_token(), "second") == "already_redeemed");
  CHECK(redeemed(verifier, forge::good_token(), "first") == "repeated");
}

TEST_CASE("offline time allows five seconds of skew on both sides") {
  const House house;
  const auto verifier = house.verifier();
  house.clock->set_wall_back_s(6);
  CHECK(redeemed(verifier, forge::good_token()) == "not_yet_valid");
  house.clock->set_wall_ahead_s(6 + 35);
  CHECK(redeemed(verifier, forge::good_token()) == "expired");
  CHECK(house.store->size() == 0);
  house.clock->set_wall_back_s(1);
  CHECK(redeemed(verifier, forge::good_token()) == "redeemed");
}

TEST_CASE("a replay store that cannot be written redeems nothing offline") {
  const House house;
  const auto verifier = house.verifier();
  house.store->set_writable(false);
  CHECK(redeemed(verifier, forge::good_token()) == "log_unavailable");
  house.store->set_writable(true);
  CHECK(redeemed(verifier, forge::good_token()) == "redeemed");
}

TEST_CASE("an offline redemption hands back the arguments that were digested") {
  const House house;
  const auto answer = house.verifier().redeem(forge::good_token(), forge::tool, arguments, "mine");
  REQUIRE(answer);
  CHECK(answer->arguments == arguments);
  CHECK(answer->redemption_id == "mine");
  CHECK(answer->redeemed_at == forge::issued_s);
  CHECK(answer->attempt == 1);
  CHECK_FALSE(answer->repeated);
  CHECK(answer->token.claims().jti == forge::good_claims().jti);
}

TEST_CASE("keys that are replaced count from then on and unreadable ones change nothing") {
  const House house;
  const auto verifier = house.verifier();
  const auto copy = verifier;
  CHECK_FALSE(verifier.set_keys(Json::array()));
  REQUIRE(verifier.set_keys(jwks_of(forge::key_named("the next process"))));
  CHECK(redeemed(copy, forge::good_token()) == "unknown_key");
  REQUIRE(verifier.set_keys(jwks_of(forge::issuer_key())));
  CHECK(redeemed(copy, forge::good_token()) == "redeemed");
}

TEST_CASE("offline a clock set back lengthens the life of a token that was never used") {
  // This is a limit that the documents name, not a promise.
  const House house;
  const auto verifier = house.verifier();
  house.clock->pass_s(3600);
  REQUIRE(redeemed(verifier, forge::good_token()) == "expired");
  house.clock->set_wall_back_s(3600);
  CHECK(redeemed(verifier, forge::good_token()) == "redeemed");
  CHECK(redeemed(verifier, forge::good_token(), "second") == "already_redeemed");
}

TEST_CASE("replicas over one replay store burn a token once and over two of them twice") {
  // The second half is the limit that the documents name.
  const jeton::testing::TempDir dir;
  const House house;
  const auto replica = [&](const std::string& file) {
    auto setup = house.setup();
    auto store = jeton::open_sqlite_replay_store(dir / file);
    REQUIRE(store);
    setup.store = std::move(*store);
    return *OfflineVerifier::make(setup);
  };
  const auto first = replica("shared.db");
  CHECK(redeemed(first, forge::good_token(), "first") == "redeemed");
  CHECK(redeemed(replica("shared.db"), forge::good_token(), "second") == "already_redeemed");
  CHECK(redeemed(replica("shared.db"), forge::good_token(), "first") == "repeated");
  CHECK(redeemed(replica("another.db"), forge::good_token(), "second") == "redeemed");
}
