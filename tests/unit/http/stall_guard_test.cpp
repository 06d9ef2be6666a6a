// Who runs while the loop waits: the loop or the guard, never both.
#include "http/stall_guard.hpp"

#include <future>

#include "support/catch.hpp"

TEST_CASE("a wait that is over in time is nobody's business") {
  jeton::StallGuard guard(std::chrono::seconds(60));
  guard.set_meanwhile([](bool) { FAIL("taken over"); });
  for (int i = 0; i < 1000; ++i) {
    guard.begin();
    CHECK_FALSE(guard.end());
  }
  CHECK_FALSE(guard.end());
}

TEST_CASE("a wait that takes long is taken over once and given back whole") {
  jeton::StallGuard guard(std::chrono::milliseconds(1));
  int slices = 0, firsts = 0;
  bool running = false;
  std::promise<void> seen;
  guard.set_meanwhile([&](bool first) {
    running = true;
    firsts += first ? 1 : 0;
    if (++slices == 3) seen.set_value();
    running = false;
  });
  guard.begin();
  seen.get_future().wait();
  CHECK(guard.end());
  // Not atomic on purpose: whatever the guard did has been done, and it does no more.
  CHECK_FALSE(running);
  CHECK(firsts == 1);
  CHECK(slices >= 3);
  const auto before = slices;
  CHECK_FALSE(guard.end());
  CHECK(slices == before);
}

TEST_CASE("a wait that is over as it is taken over was still answered by the guard before it is given back") {
  // given: no patience at all, so that the guard looks all the time and both often come to a wait at once
  jeton::StallGuard guard(std::chrono::nanoseconds(0));
  int slices = 0, taken_over = 0, unanswered = 0;
  guard.set_meanwhile([&](bool) { ++slices; });
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  for (unsigned i = 0; std::chrono::steady_clock::now() < until; ++i) {
    slices = 0;
    guard.begin();
    for (volatile unsigned spin = i % 997 * 4; spin > 0;) spin = spin - 1;
    if (!guard.end()) continue;
    ++taken_over;
    if (slices == 0) ++unanswered;
  }
  CHECK(taken_over > 0);
  // Who is told that the guard answered sends nothing more: an answer of a commit that failed would leave otherwise.
  CHECK(unanswered == 0);
}
