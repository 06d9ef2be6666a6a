// The memory of live tokens forgets in time and no sooner.
#include "exchange/minted_tokens.hpp"

#include "support/catch.hpp"

namespace {
using jeton::Jti;
using jeton::MintedTokens;
}  // namespace

TEST_CASE("a token that was never minted is not found") {
  MintedTokens tokens;
  tokens.remember(Jti::random(), {jeton::sha256("a"), 10});
  CHECK(tokens.find(Jti::random()) == nullptr);
  CHECK(tokens.find(Jti{}) == nullptr);
}

TEST_CASE("a token is remembered until its deadline") {
  MintedTokens tokens;
  const auto early = Jti::random(), late = Jti::random();
  tokens.remember(early, {jeton::sha256("early"), 10});
  tokens.remember(late, {jeton::sha256("late"), 11});
  tokens.forget_expired(9);
  CHECK(tokens.size() == 2);
  tokens.forget_expired(10);
  CHECK(tokens.find(early) == nullptr);
  REQUIRE(tokens.find(late) != nullptr);
  CHECK(tokens.find(late)->sha256 == jeton::sha256("late"));
  CHECK(tokens.find(late)->deadline_boot_us == 11);
}

TEST_CASE("two tokens whose ids begin alike are two") {
  MintedTokens tokens;
  auto one = Jti::random();
  auto two = one;
  two.bytes[15] = static_cast<unsigned char>(two.bytes[15] ^ 1);
  tokens.remember(one, {jeton::sha256("one"), 10});
  CHECK(tokens.find(two) == nullptr);
  tokens.remember(two, {jeton::sha256("two"), 10});
  CHECK(tokens.find(one)->sha256 == jeton::sha256("one"));
}
