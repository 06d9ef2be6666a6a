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

TEST_CASE("what a failed transaction did to tokens is undone and what was revoked stays so") {
  MintedTokens tokens;
  const auto old = Jti::random(), fresh = Jti::random(), revoked = Jti::random();
  const auto live = [&] { return tokens.live(0, [](const auto&) { return true; }).size(); };
  tokens.remember(old, {jeton::sha256("old"), 10});
  tokens.remember(revoked, {jeton::sha256("revoked"), 10});
  CHECK(tokens.settle(true).empty());
  CHECK(live() == 2);

  tokens.supersede(old);
  tokens.remember(fresh, {jeton::sha256("fresh"), 10});
  tokens.revoke(revoked);
  CHECK(live() == 1);
  CHECK(tokens.settle(false) == std::set<Jti>{fresh});
  CHECK(tokens.find(fresh) == nullptr);
  CHECK(tokens.live(0, [](const auto&) { return true; }) == std::vector<Jti>{old});
  CHECK(tokens.find(revoked)->state == MintedTokens::State::revoked);

  tokens.burn(old, {{}, 7});
  CHECK_FALSE(tokens.find(old)->burned);
  tokens.settle(true);
  CHECK(tokens.find(old)->burned->uid == 7);
  CHECK(live() == 0);
}

TEST_CASE("tokens of one agent and run share whose they are") {
  MintedTokens tokens;
  const auto owner = tokens.owner({"billing", "r"});
  CHECK(tokens.owner({"billing", "r"}) == owner);
  CHECK(tokens.owner({"billing"}) != owner);
  CHECK(tokens.owner({"support", "r"}) != owner);
}
