// Many processes over one replay store: one burns each token, whatever else happens to the others.
#include <csignal>
#include <map>
#include <sstream>

#include <sys/wait.h>
#include <unistd.h>

#include "jeton/clock.hpp"
#include "jeton/replay_store.hpp"
#include "support/catch.hpp"
#include "support/events.hpp"
#include "support/other_process.hpp"
#include "support/temp_dir.hpp"

namespace {

using jeton::Code;
using jeton::outside::Child;
using jeton::testing::TempDir;

constexpr std::int64_t now_us = (jeton::forge::issued_s + 1) * jeton::us_per_s;
constexpr int tokens = 40;

std::vector<jeton::VerifiedToken> made_tokens(int count) {
  std::vector<jeton::VerifiedToken> made;
  for (int number = 0; number < count; ++number) made.push_back(jeton::testing::verified_token(number));
  return made;
}

/// Burns under one id, and again while the answer is that nobody knows.
jeton::Result<jeton::Burn> burn_surely(jeton::ReplayStore& store, const jeton::VerifiedToken& token,
                                       const std::string& id) {
  for (int tries = 0;; ++tries) {
    auto burn = store.burn(token, jeton::redemption_key(id), now_us);
    if (burn || burn.error().code != Code::log_unavailable || tries == 200) return burn;
  }
}

/// The numbers of the tokens a racer got; every one is asked for twice under its id.
std::string race(const std::filesystem::path& file, const std::vector<jeton::VerifiedToken>& all,
                 const std::string& id) {
  auto store = jeton::open_sqlite_replay_store(file);
  if (!store) return store.error().message;
  std::string got;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto burn = burn_surely(**store, all[i], id);
    if (!burn && burn.error().code != Code::already_redeemed) return burn.error().message;
    if (!burn) continue;
    const auto again = burn_surely(**store, all[i], id);
    if (!again || !again->repeated || again->redeemed_at != burn->redeemed_at) return "the answer was not repeated";
    got += std::to_string(i) + " ";
  }
  return got;
}

}  // namespace

TEST_CASE("of processes racing over one replay store exactly one burns each token") {
  // given: racers at a gate, over a file that none of them has made yet
  const TempDir dir;
  const auto all = made_tokens(tokens);
  int gate[2];
  REQUIRE(::pipe(gate) == 0);
  std::vector<Child> racers;
  for (int r = 0; r < 6; ++r)
    racers.emplace_back([&](pid_t self) {
      ::close(gate[1]);
      char go = 0;
      if (::read(gate[0], &go, 1) != 0) return std::string("no gate");
      return race(dir / "replay.db", all, std::to_string(self));
    });
  ::close(gate[0]);

  // when: the gate opens
  ::close(gate[1]);

  // then: every token was burned, and by one of them
  std::map<int, int> winners;
  for (auto& racer : racers) {
    const auto text = racer.text();
    INFO(text);
    CHECK(text.find_first_not_of("0123456789 ") == std::string::npos);
    std::istringstream numbers(text);
    for (int number = 0; numbers >> number;) ++winners[number];
  }
  CHECK(winners.size() == tokens);
  for (const auto& [number, times] : winners) CHECK(times == 1);
}

TEST_CASE("what a killed process burned stays burned and the store goes on") {
  const TempDir dir;
  const auto all = made_tokens(400);
  std::size_t next = 0;
  for (int round = 0; round < 8; ++round) {
    // given: a child that burns one token after the other and says so after each
    int answers[2];
    REQUIRE(::pipe(answers) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
      auto store = jeton::open_sqlite_replay_store(dir / "replay.db");
      for (std::size_t i = next; store && i < all.size(); ++i)
        if (!burn_surely(**store, all[i], "child") || ::write(answers[1], "+", 1) != 1) break;
      ::_exit(0);
    }
    ::close(answers[1]);

    // when: it is killed while it burns the next
    std::size_t said = 0;
    char one = 0;
    while (said < 5 + static_cast<std::size_t>(round) && ::read(answers[0], &one, 1) == 1) ++said;
    ::kill(child, SIGKILL);
    REQUIRE(::waitpid(child, nullptr, 0) == child);
    while (::read(answers[0], &one, 1) == 1) ++said;
    ::close(answers[0]);
    REQUIRE(said >= 5);

    // then: the store opens, and nothing it answered for is good again; the one in between may be either
    auto store = jeton::open_sqlite_replay_store(dir / "replay.db");
    REQUIRE(store);
    for (std::size_t i = 0; i < next + said; ++i) {
      const auto thief = (*store)->burn(all[i], jeton::redemption_key("thief"), now_us);
      REQUIRE_FALSE(thief);
      CHECK(thief.error().code == Code::already_redeemed);
    }
    next += said + 1;
    const auto unsure = (*store)->burn(all[next - 1], jeton::redemption_key("child"), now_us);
    CHECK(unsure);
  }
}
