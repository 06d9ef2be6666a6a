// What the daemon asks of the kernel before it holds a key, looked up in a process of its own.
#include "app/process.hpp"

#include <functional>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/catch.hpp"

namespace {

/// Whether it holds in a child that was hardened, and that could be dumped before.
bool in_hardened_child(const std::function<bool()>& holds) {
  const pid_t child = ::fork();
  if (child == 0) {
    rlimit core{};
    const bool was_soft = ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0 && ::getrlimit(RLIMIT_CORE, &core) == 0;
    core.rlim_cur = core.rlim_max;
    ::umask(0);
    const bool soft = was_soft && ::setrlimit(RLIMIT_CORE, &core) == 0;
    jeton::harden_process();
    ::_exit(soft && holds() ? 0 : 1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  return status == 0;
}

}  // namespace

TEST_CASE("a process that is hardened is not dumped and not looked into") {
  CHECK(in_hardened_child([] { return ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0; }));
  CHECK(in_hardened_child([] {
    rlimit core{1, 1};
    return ::getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 0 && core.rlim_max == 0;
  }));
}

TEST_CASE("what a hardened process makes is its own accounts alone") {
  CHECK(in_hardened_child([] { return ::umask(0) == 077; }));
}
