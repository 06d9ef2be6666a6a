// A call, folded from its events.
#include "store/call.hpp"

#include "support/catch.hpp"
#include "support/events.hpp"

namespace {

using jeton::Attempt;
using jeton::Call;
using jeton::Event;
using jeton::EventKind;
using jeton::Jti;
using jeton::Role;
using jeton::testing::id_of;

Event of(EventKind kind, int jti = 0) {
  Event event;
  event.kind = kind;
  event.txn = id_of<jeton::Txn>(1);
  if (jti != 0) event.jti = id_of<Jti>(jti);
  return event;
}

Event outcome(Role role, int jti, jeton::Outcome what) {
  auto event = of(EventKind::call_outcome, jti);
  event.role = role;
  event.outcome = what;
  return event;
}

Call call_of(const std::vector<Event>& story) {
  auto call = Call::from(story);
  REQUIRE(call);
  return *call;
}

}  // namespace

TEST_CASE("a story that does not begin with an opening is no call") {
  CHECK_FALSE(Call::from({}));
  for (const auto kind : jeton::all_event_kinds()) {
    const std::vector story{of(kind, 1), of(EventKind::token_minted, 2)};
    CHECK(Call::from(story).has_value() == (kind == EventKind::call_opened || kind == EventKind::token_minted));
  }
}

TEST_CASE("an opening has no attempt and a mint is one") {
  CHECK(call_of({of(EventKind::call_opened)}).attempts().empty());
  const auto call = call_of({of(EventKind::token_minted, 1)});
  REQUIRE(call.attempts().size() == 1);
  CHECK(call.attempts()[0].state == Attempt::State::unredeemed);
  CHECK(call.attempt_of(id_of<Jti>(1)) == &call.attempts()[0]);
  CHECK(call.attempt_of(id_of<Jti>(2)) == nullptr);
  CHECK(call.redemptions() == 0);
}

TEST_CASE("what a server says of a token that nobody redeemed here makes it reported for good") {
  const auto state = [](std::vector<Event> story) {
    story.insert(story.begin(), of(EventKind::token_minted, 1));
    return call_of(story).attempts()[0].state;
  };
  const auto report = outcome(Role::server, 1, jeton::Outcome::ok);
  CHECK(state({outcome(Role::agent, 1, jeton::Outcome::ok)}) == Attempt::State::unredeemed);
  CHECK(state({outcome(Role::server, 2, jeton::Outcome::ok)}) == Attempt::State::unredeemed);
  CHECK(state({report}) == Attempt::State::reported);
  CHECK(state({of(EventKind::token_superseded, 1), report}) == Attempt::State::reported);
  CHECK(state({of(EventKind::token_revoked, 1), report}) == Attempt::State::reported);
  CHECK(state({report, of(EventKind::token_superseded, 1)}) == Attempt::State::reported);
  CHECK(state({report, of(EventKind::token_revoked, 1)}) == Attempt::State::reported);
  CHECK(state({of(EventKind::token_redeemed, 1), report}) == Attempt::State::redeemed);
}

TEST_CASE("each token goes its own way") {
  const auto call =
      call_of({of(EventKind::token_minted, 1), of(EventKind::token_superseded, 1), of(EventKind::token_minted, 2),
               of(EventKind::token_redeemed, 2), of(EventKind::token_minted, 3), of(EventKind::token_revoked, 3),
               of(EventKind::token_minted, 4)});
  std::vector<Attempt::State> states;
  for (const auto& attempt : call.attempts()) states.push_back(attempt.state);
  CHECK(states == std::vector{Attempt::State::superseded, Attempt::State::redeemed, Attempt::State::revoked,
                              Attempt::State::unredeemed});
  CHECK(call.redemptions() == 1);
  CHECK(call.attempts()[1].redemption);
}

TEST_CASE("what is redeemed stays redeemed whatever is said of it later") {
  for (const auto later : {EventKind::token_revoked, EventKind::token_superseded}) {
    const auto call = call_of({of(EventKind::token_minted, 1), of(EventKind::token_redeemed, 1), of(later, 1)});
    CHECK(call.attempts()[0].state == Attempt::State::redeemed);
    CHECK(call.redemptions() == 1);
  }
}

TEST_CASE("events of tokens that nobody minted change nothing") {
  const auto call =
      call_of({of(EventKind::call_opened), of(EventKind::token_redeemed, 1), of(EventKind::token_redeemed)});
  CHECK(call.attempts().empty());
  CHECK(call.redemptions() == 0);
}

TEST_CASE("the first outcome of each side counts") {
  using jeton::Outcome;
  const auto call = call_of({of(EventKind::token_minted, 1), of(EventKind::token_redeemed, 1),
                             outcome(Role::server, 1, Outcome::tool_error), outcome(Role::server, 1, Outcome::ok),
                             outcome(Role::agent, 1, Outcome::unknown), outcome(Role::agent, 0, Outcome::ok)});
  CHECK(call.outcomes().size() == 4);
  CHECK(call.openers_outcome()->outcome == Outcome::unknown);
  CHECK(call.redeemers_outcome(id_of<Jti>(1))->outcome == Outcome::tool_error);
  CHECK(call.redeemers_outcome(id_of<Jti>(2)) == nullptr);
  CHECK(call_of({of(EventKind::call_opened)}).openers_outcome() == nullptr);
}
