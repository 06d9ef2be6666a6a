// Is a request looked at again after the guard answered it, when the commit that hung ends in a mistake of our own?
#include <atomic>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

#include "http/stall_guard.hpp"
#include "support/door_fixture.hpp"
#include "support/temp_dir.hpp"

namespace jeton::testing {
namespace {

/// What is written to stderr while this lives.
class Stderr {
 public:
  explicit Stderr(const std::filesystem::path& file) : file_(file), before_(::dup(STDERR_FILENO)) {
    const int into = ::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ::dup2(into, STDERR_FILENO);
    ::close(into);
  }
  ~Stderr() { give_back(); }
  Stderr(const Stderr&) = delete;
  Stderr& operator=(const Stderr&) = delete;
  std::string text() {
    give_back();
    return bytes_of(file_);
  }

 private:
  void give_back() {
    if (before_ < 0) return;
    ::dup2(before_, STDERR_FILENO);
    ::close(before_);
    before_ = -1;
  }
  std::filesystem::path file_;
  int before_;
};

}  // namespace

TEST_CASE("a request that the guard answered is not looked at when its commit ends in a mistake of our own") {
  const TempDir home;
  DoorFixture fixture;
  StallGuard guard(std::chrono::milliseconds(1));
  LocalDoor door({fixture.company.process->exchange,
                  fixture.company.memory,
                  fixture.company.roles,
                  fixture.company.process->keyring,
                  {},
                  [] { return Json::object(); },
                  [] { return false; },
                  [] {},
                  &guard});
  auto job = DoorFixture::job_of(billing, "POST", "/v1/calls", fixture.refund_body().dump());
  job.id = "the-request";
  Job* const jobs[] = {&job};

  // Given a guard that answers the request while its commit hangs, whereupon it is gone
  std::atomic<bool> gone = false;
  guard.set_meanwhile([&](bool first) {
    if (!first) return;
    door.answer_stalled(jobs);
    job.id = "somebody-elses";
    job.response.body = "somebody else's";
    gone = true;
  });
  // When the commit then ends with an exception
  fixture.company.memory.set_at_commit([&] {
    while (!gone) std::this_thread::yield();
    throw std::runtime_error("a mistake");
  });
  Stderr captured(home / "stderr");
  door.answer(jobs);

  // Then it is told under the request's own name, and nothing is put into what is no longer ours
  const auto told = captured.text();
  CHECK_THAT(told, Catch::Contains("request=the-request"));
  CHECK_THAT(told, !Catch::Contains("somebody-elses"));
  CHECK(job.response.body == "somebody else's");
}

}  // namespace jeton::testing
