// When an issuer's keys are fetched, how long they are believed, and what never replaces them.
#include "identity/issuer_keys.hpp"

#include <fstream>
#include <thread>

#include <sys/stat.h>
#include <unistd.h>

#include "support/catch.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_fetch.hpp"
#include "support/foreign_issuer.hpp"
#include "support/temp_dir.hpp"

namespace jeton::testing {
namespace {

const std::string url = "https://ci.example/jwks";

struct Given {
  FakeClock clock;
  FakeFetch fetch;
  IssuerKeys keys{{"https://ci.example", url}, &fetch, clock, ::geteuid()};

  /// As a request would: fetches where that helps, and says whether the kid can be judged then.
  bool knows(const std::string& kid, Algorithm algorithm = Algorithm::es256) {
    if (keys.worth_refreshing(kid, algorithm)) keys.refresh();
    const auto current = keys.current();
    return current && !current->candidates(kid, algorithm).empty();
  }
  [[nodiscard]] std::string fault() const { return keys.status().fault; }
};

std::string es_set(const std::string& kid) { return jwks_of({jwk_of(es256_key(), kid)}); }

}  // namespace

TEST_CASE("keys are fetched when the first JWT asks for them and then not for five minutes") {
  Given given;
  given.fetch.answer(url, es_set("a"));
  CHECK(given.fetch.asked() == 0);
  CHECK_FALSE(given.keys.current());
  CHECK(given.knows("a"));
  given.clock.pass_s(299);
  CHECK(given.knows("a"));
  CHECK(given.fetch.asked() == 1);
  given.clock.pass_s(1);
  CHECK(given.knows("a"));
  CHECK(given.fetch.asked() == 2);
}

TEST_CASE("an unknown kid fetches anew at most once in ten seconds however many ask") {
  Given given;
  given.fetch.answer(url, es_set("a"));
  REQUIRE(given.knows("a"));
  given.fetch.answer(url, es_set("b"));
  for (int i = 0; i < 1000; ++i) CHECK_FALSE(given.knows("b"));
  CHECK(given.fetch.asked() == 1);
  given.clock.pass_s(10);
  CHECK(given.knows("b"));
  CHECK_FALSE(given.knows("a"));
  for (int i = 0; i < 1000; ++i) CHECK_FALSE(given.knows(std::to_string(i)));
  CHECK(given.fetch.asked() == 2);
  // Another algorithm is another key.
  given.clock.pass_s(10);
  CHECK_FALSE(given.knows("b", Algorithm::rs256));
  CHECK(given.fetch.asked() == 3);
}

TEST_CASE("the wall clock moves nothing") {
  Given given;
  given.fetch.answer(url, es_set("a"));
  REQUIRE(given.knows("a"));
  given.clock.set_wall_ahead_s(365 * 86'400);
  CHECK(given.knows("a"));
  given.clock.set_wall_back_s(2 * 365 * 86'400);
  CHECK(given.knows("a"));
  CHECK(given.fetch.asked() == 1);
}

TEST_CASE("through an outage old keys are believed for a day and not longer and then come back by themselves") {
  Given given;
  given.fetch.answer(url, es_set("a"));
  REQUIRE(given.knows("a"));
  CHECK(given.fault().empty());
  given.fetch.be_down();
  given.clock.pass_s(24 * 3600 - 1);
  CHECK(given.knows("a"));
  CHECK_THAT(given.fault(), Catch::Contains("cannot be asked"));
  CHECK(given.keys.status().keys == 1);
  CHECK(given.keys.status().age_s == 24 * 3600 - 1);
  given.clock.pass_s(1);
  CHECK_FALSE(given.knows("a"));
  given.fetch.answer(url, es_set("a"));
  given.clock.pass_s(10);
  CHECK(given.knows("a"));
  CHECK(given.fault().empty());
}

TEST_CASE("a failing issuer is asked once in ten seconds and holds a request that has keys for a second at most") {
  Given given;
  for (int i = 0; i < 100; ++i) CHECK_FALSE(given.knows("a"));
  CHECK(given.fetch.asked() == 1);
  CHECK(given.fetch.last_limits().timeout_ms == 3'000);
  given.clock.pass_s(10);
  given.fetch.answer(url, es_set("a"));
  CHECK(given.knows("a"));
  given.fetch.be_down();
  given.clock.pass_s(300);
  for (int i = 0; i < 100; ++i) CHECK(given.knows("a"));
  CHECK(given.fetch.asked() == 3);
  CHECK(given.fetch.last_limits().timeout_ms == 1'000);
  CHECK(given.fetch.last_limits().bytes == 1 << 20);
  CHECK(given.fetch.last_limits().content_types ==
        std::vector<std::string>{"application/jwk-set+json", "application/json"});
}

TEST_CASE("what is no set of public keys leaves the old ones and is told") {
  auto private_key = jwk_of(es256_key(), "a");
  private_key["d"] = "AAAA";
  const auto other = SigningKey::generate(Algorithm::es256);
  const std::vector<std::pair<std::string, std::string>> bad{
      {"", "no strict JSON"},
      {"<html><body>502 Bad Gateway</body></html>", "no strict JSON"},
      {"{\"keys\":[", "no strict JSON"},
      {"{\"keys\":[],\"keys\":[]}", "no strict JSON"},
      {std::string(17, '[') + std::string(17, ']'), "nested deeper"},
      {std::string(400'000, '['), "no strict JSON"},
      {"{\"keys\":" + std::string(17, '[') + std::string(17, ']') + "}", "nested deeper"},
      {"[]", "JWK Set"},
      {"{}", "JWK Set"},
      {"{\"keys\":{}}", "JWK Set"},
      {"{\"keys\":[1]}", "JWK Set"},
      {"{\"keys\":[]}", "has no key for"},
      {R"({"keys":[{"kty":"oct","kid":"a","k":"AAAA"}]})", "has no key for"},
      {R"({"keys":[{"kty":"EC","crv":"P-256","kid":"a","x":"AAAA","y":"AAAA"}]})", "has no key for"},
      {jwks_of({jwk_of(es256_key(), "a", "enc")}), "has no key for"},
      {jwks_of({private_key}), "private key"},
      {jwks_of({jwk_of(es256_key(), "a"), jwk_of(other, "a")}), "one kid"},
      {jwks_of(std::vector<Json>(257, jwk_of(es256_key(), "a"))), "256"},
  };
  Given given;
  given.fetch.answer(url, es_set("a"));
  REQUIRE(given.knows("a"));
  for (const auto& [body, why] : bad) {
    CAPTURE(body.substr(0, 200));
    given.fetch.answer(url, body);
    given.clock.pass_s(300);
    CHECK(given.knows("a"));
    CHECK_THAT(given.fault(), Catch::StartsWith(url + ": ") && Catch::Contains(why));
    CHECK(given.fault().size() < 200);
  }
}

TEST_CASE("one fetches and a second waits for it and a third goes on without") {
  Given given;
  given.fetch.answer(url, es_set("a"));
  given.fetch.hold();
  REQUIRE(given.keys.worth_refreshing("a", Algorithm::es256));
  std::thread first([&] { given.keys.refresh(); });
  given.fetch.wait_until_asked(1);
  CHECK(given.keys.worth_refreshing("a", Algorithm::es256));  // although it was tried just now
  std::thread second([&] { given.keys.refresh(); });
  while (given.keys.worth_refreshing("a", Algorithm::es256)) std::this_thread::yield();  // until it is there
  given.keys.refresh();                                                                  // does not wait
  CHECK_FALSE(given.keys.current());
  given.fetch.go();
  first.join();
  second.join();
  CHECK(given.fetch.asked() == 1);
  CHECK(given.knows("a"));
}

TEST_CASE("who has a key goes on with it while newer ones are fetched") {
  Given given;
  given.fetch.answer(url, es_set("a"));
  REQUIRE(given.knows("a"));
  given.clock.pass_s(300);
  given.fetch.hold();
  std::thread fetching([&] { given.keys.refresh(); });
  given.fetch.wait_until_asked(2);
  CHECK_FALSE(given.keys.worth_refreshing("a", Algorithm::es256));
  CHECK(given.keys.current());
  given.fetch.go();
  fetching.join();
}

TEST_CASE("keys are looked up and fetched by many threads at once") {
  Given given;
  given.fetch.answer(url, es_set("a"));
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&given, i] {
      for (int turn = 0; turn < 200; ++turn) {
        if (i == 0) given.keys.expire();
        (void)given.knows(i % 2 == 0 ? "a" : "b");
        (void)given.keys.status();
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(given.knows("a"));
}

TEST_CASE("after a reload the next JWT fetches anew and the old keys hold until then") {
  Given given;
  given.fetch.answer(url, es_set("a"));
  REQUIRE(given.knows("a"));
  given.keys.expire();
  CHECK(given.keys.current());
  CHECK(given.knows("a"));
  CHECK(given.fetch.asked() == 2);
}

TEST_CASE("keys of a file are read at start and again when one is missing and do not grow old") {
  const TempDir directory;
  const auto file = directory.path() / "jwks.json";
  const auto write = [&](const std::string& text) {
    std::ofstream(file) << text;
    REQUIRE(::chmod(file.c_str(), 0644) == 0);
  };
  FakeClock clock;
  IssuerKeys keys({"https://ci.example", file.string()}, nullptr, clock, ::geteuid());
  CHECK_FALSE(keys.read_now());
  write("{}");
  CHECK_THAT(keys.read_now().error().message, Catch::StartsWith(file.string() + ": "));
  write(es_set("a"));
  CHECK(keys.read_now());
  clock.pass_s(30 * 86'400);
  CHECK(keys.current());
  CHECK_FALSE(keys.worth_refreshing("a", Algorithm::es256));

  write(es_set("b"));
  CHECK(keys.worth_refreshing("b", Algorithm::es256));
  keys.refresh();
  CHECK(keys.current()->has("b"));
  // Whoever else can write it is nobody to believe.
  write(es_set("c"));
  REQUIRE(::chmod(file.c_str(), 0666) == 0);
  clock.pass_s(10);
  keys.refresh();
  CHECK(keys.current()->has("b"));
  CHECK_THAT(keys.status().fault, Catch::Contains("writable by"));
}

TEST_CASE("of a trust domain's bundle the keys of JWT-SVIDs are taken and the others passed over") {
  FakeClock clock;
  FakeFetch fetch;
  IssuerKeys keys({"spiffe://prod.example", url}, &fetch, clock, ::geteuid());
  fetch.answer(url, Json{{"keys", {jwk_of(es256_key(), "j", "jwt-svid"), jwk_of(rs256_key(), "x", "x509-svid")}},
                         {"spiffe_sequence", 7},
                         {"spiffe_refresh_hint", 300}}
                        .dump());
  keys.refresh();
  REQUIRE(keys.current());
  CHECK(keys.current()->has("j"));
  CHECK_FALSE(keys.current()->has("x"));
}

}  // namespace jeton::testing
