// A running daemon and its threads, as the kernel sees them.
#include "support/catch.hpp"
#include "support/daemon.hpp"

using namespace jeton::outside;

TEST_CASE("every thread of a running daemon is confined") {
  const Daemon daemon;
  const auto status = daemon.client().status();
  REQUIRE(status);
  REQUIRE(status->at("seccomp") == true);
  int threads = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(daemon.pid()) + "/task")) {
    const auto said = read_file(task.path() / "status");
    CHECK_THAT(said, Catch::Contains("NoNewPrivs:\t1\n"));
    CHECK_THAT(said, Catch::Contains("Seccomp:\t2\n"));
    ++threads;
  }
  CHECK(threads > 1);
}
