// Are RSA keys made beside the loop, one for each order, and given up at once when nobody wants them any more?
#include "identity/key_maker.hpp"

#include <chrono>
#include <set>

#include "support/catch.hpp"

namespace {

using jeton::KeyMaker;

/// The next key, however long it takes; asks as the loop does.
jeton::SigningKey next_of(KeyMaker& maker) {
  for (;;) {
    if (auto key = maker.take()) return std::move(*key);
    std::this_thread::yield();
  }
}

}  // namespace

TEST_CASE("nothing is made that was not ordered") {
  KeyMaker maker;
  CHECK_FALSE(maker.take());
  maker.order();
  (void)next_of(maker);
  CHECK_FALSE(maker.take());
}

TEST_CASE("each order is one RS256 key and each key another one") {
  KeyMaker maker;
  maker.order();
  maker.order();
  std::set<std::string> kids;
  for (int n = 0; n < 2; ++n) {
    const auto key = next_of(maker);
    CHECK(key.verifying_key().algorithm() == jeton::Algorithm::rs256);
    CHECK(key.verifying_key().verifies("text", key.sign("text")));
    kids.insert(key.verifying_key().kid());
  }
  CHECK(kids.size() == 2);
}

TEST_CASE("asking for a key and ordering one do not wait while one is made") {
  KeyMaker maker;
  const auto begun = std::chrono::steady_clock::now();
  for (int n = 0; n < 50; ++n) maker.order();  // a minute's work
  for (int n = 0; n < 50; ++n) (void)maker.take();
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(5));
}  // and what is in the making is given up: this test is over at once
