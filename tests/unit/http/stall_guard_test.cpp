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
