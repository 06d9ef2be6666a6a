// What becomes of an errand when the machine gives no more threads?
#include <chrono>
#include <csignal>
#include <functional>
#include <future>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "http/errand_pool.hpp"
#include "support/catch.hpp"

namespace jeton::testing {
namespace {

/// From here on this process, which is a child of the test's, makes no thread. Root could, so it is root no longer.
void want_no_more_threads() {
  if (::geteuid() == 0 && ::setresuid(65'534, 65'534, 65'534) != 0) ::_exit(90);
  const rlimit none{0, 0};
  if (::setrlimit(RLIMIT_NPROC, &none) != 0) ::_exit(91);
}

bool is_blocked(int signal) {
  sigset_t now;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &now);
  return ::sigismember(&now, signal) == 1;
}

/// What `work` returns in a child process; 99 when it threw.
int in_a_child(const std::function<int()>& work) {
  const auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    int code = 99;
    try {
      code = work();
    } catch (...) {
    }
    ::_exit(code);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  return WEXITSTATUS(status);
}

}  // namespace

TEST_CASE("an errand is not taken when there is no thread for it and signals still arrive") {
  CHECK(in_a_child([] {
          want_no_more_threads();
          ErrandPool pool;
          const bool taken = pool.post("uid 1", [] {});
          return (taken ? 1 : 0) + (is_blocked(SIGTERM) ? 2 : 0);
        }) == 0);
}

TEST_CASE("an errand waits for the threads there are when there are no more to be had") {
  CHECK(in_a_child([] {
          ErrandPool pool;
          std::promise<void> gate;
          std::promise<void> ran;
          if (!pool.post("uid 1", [open = gate.get_future().share()] { open.wait(); })) return 1;
          want_no_more_threads();
          if (!pool.post("uid 2", [&] { ran.set_value(); })) return 2;
          gate.set_value();
          const auto done = ran.get_future().wait_for(std::chrono::seconds(10)) == std::future_status::ready;
          return (done ? 0 : 4) + (is_blocked(SIGTERM) ? 8 : 0);
        }) == 0);
}

}  // namespace jeton::testing
