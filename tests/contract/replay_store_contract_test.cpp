// What every driver of the replay store promises, asked of each in turn.
#include <thread>

#include "jeton/clock.hpp"
#include "jeton/replay_store.hpp"
#include "support/catch.hpp"
#include "support/events.hpp"
#include "support/memory_replay_store.hpp"
#include "support/temp_dir.hpp"

namespace {

using jeton::Code;
using jeton::redemption_key;
using jeton::us_per_s;
using jeton::testing::id_of;

constexpr std::int64_t exp_s = jeton::forge::issued_s + 30;
constexpr std::int64_t in_time_us = (jeton::forge::issued_s + 1) * us_per_s;

class OnDisk {
 public:
  OnDisk() { reopen(); }
  jeton::ReplayStore& store() { return *store_; }
  void reopen() {
    store_.reset();
    auto opened = jeton::open_sqlite_replay_store(dir_ / "replay.db");
    REQUIRE(opened);
    store_ = std::move(*opened);
  }

 private:
  jeton::testing::TempDir dir_;
  std::unique_ptr<jeton::ReplayStore> store_;
};

class InMemory {
 public:
  jeton::ReplayStore& store() { return store_; }
  void reopen() {}

 private:
  jeton::testing::MemoryReplayStore store_;
};

/// The token with this number, issued this much later than the others.
jeton::VerifiedToken token_of(int number, std::int64_t later_s = 0) {
  auto claims = jeton::forge::good_claims();
  claims.jti = id_of<jeton::Jti>(number);
  claims.iat += later_s;
  claims.exp += later_s;
  const auto compact = sign_token(claims, jeton::forge::issuer_key());
  auto genuine = jeton::GenuineToken::verify(*jeton::UnverifiedToken::parse(compact.expose_for_transport()),
                                             jeton::forge::issuer_keys());
  return *jeton::VerifiedToken::check(std::move(*genuine), jeton::forge::good_expectation());
}

std::string burned(jeton::ReplayStore& store, const jeton::VerifiedToken& token, const char* id, std::int64_t wall_us) {
  const auto burn = store.burn(token, redemption_key(id), wall_us);
  if (!burn) return std::string(name_of(burn.error().code));
  return burn->repeated ? "repeated" : "burned";
}

}  // namespace

TEMPLATE_TEST_CASE("a burned token is refused to every other redemption even when the store was opened again", "",
                   OnDisk, InMemory) {
  TestType driver;
  REQUIRE(burned(driver.store(), token_of(1), "first", in_time_us) == "burned");
  CHECK(burned(driver.store(), token_of(1), "second", in_time_us) == "already_redeemed");
  driver.reopen();
  CHECK(burned(driver.store(), token_of(1), "second", in_time_us) == "already_redeemed");
  CHECK(burned(driver.store(), token_of(2), "second", in_time_us) == "burned");
}

TEMPLATE_TEST_CASE("another token under a burned jti is refused to the same redemption too", "", OnDisk, InMemory) {
  TestType driver;
  REQUIRE(burned(driver.store(), token_of(1), "first", in_time_us) == "burned");
  CHECK(burned(driver.store(), token_of(1, 2), "first", in_time_us) == "already_redeemed");
}

TEMPLATE_TEST_CASE("a token out of its time is refused and does not burn", "", OnDisk, InMemory) {
  TestType driver;
  CHECK(burned(driver.store(), token_of(1), "first", (exp_s + 5) * us_per_s) == "expired");
  CHECK(burned(driver.store(), token_of(1), "first", (jeton::forge::issued_s - 6) * us_per_s) == "not_yet_valid");
  CHECK(burned(driver.store(), token_of(1), "second", (exp_s + 5) * us_per_s - 1) == "burned");
  CHECK(burned(driver.store(), token_of(2), "second", (jeton::forge::issued_s - 5) * us_per_s) == "burned");
}

TEMPLATE_TEST_CASE("the same redemption gets its answer again until ten minutes after exp", "", OnDisk, InMemory) {
  TestType driver;
  const auto key = redemption_key("first");
  const auto first = driver.store().burn(token_of(1), key, in_time_us);
  REQUIRE(first);
  for (const auto now_us : {in_time_us, (exp_s + 100) * us_per_s, (exp_s + 600) * us_per_s - 1}) {
    driver.reopen();
    const auto again = driver.store().burn(token_of(1), key, now_us);
    REQUIRE(again);
    CHECK(again->repeated);
    CHECK(again->redeemed_at == first->redeemed_at);
  }
  CHECK(burned(driver.store(), token_of(1), "first", (exp_s + 600) * us_per_s) == "already_redeemed");
}

TEMPLATE_TEST_CASE("what was forgotten stays expired when the clock is set back", "", OnDisk, InMemory) {
  TestType driver;
  // given: a burned token, forgotten when another one burns after its repeat window
  REQUIRE(burned(driver.store(), token_of(1), "first", in_time_us) == "burned");
  const std::int64_t later_s = 605 + 30;
  REQUIRE(burned(driver.store(), token_of(2, later_s), "second", in_time_us + later_s * us_per_s) == "burned");

  // when: the clock is set back into the life of the first
  driver.reopen();

  // then: neither it nor any other token that expires no later is good again
  CHECK(burned(driver.store(), token_of(1), "first", in_time_us) == "expired");
  CHECK(burned(driver.store(), token_of(1), "thief", in_time_us) == "expired");
  CHECK(burned(driver.store(), token_of(3), "first", in_time_us) == "expired");
  CHECK(burned(driver.store(), token_of(2, later_s), "thief", in_time_us) == "already_redeemed");
  CHECK(burned(driver.store(), token_of(4, 1), "third", in_time_us) == "burned");
}

TEMPLATE_TEST_CASE("of many threads with one token one burns it and the others learn so", "", OnDisk, InMemory) {
  TestType driver;
  std::vector<std::string> said(8);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < said.size(); ++i)
    threads.emplace_back(
        [&, i] { said[i] = burned(driver.store(), token_of(1), std::to_string(i).c_str(), in_time_us); });
  for (auto& thread : threads) thread.join();
  CHECK(std::count(said.begin(), said.end(), "burned") == 1);
  CHECK(std::count(said.begin(), said.end(), "already_redeemed") == 7);
}
