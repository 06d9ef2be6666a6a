// `jeton log follow` beside a real daemon: what it prints, and how it ends.
#include <csignal>

#include <fcntl.h>
#include <unistd.h>

#include "support/catch.hpp"
#include "support/daemon.hpp"

namespace {

using namespace jeton::outside;
namespace fs = std::filesystem;

void mint(const Daemon& daemon) {
  REQUIRE(daemon.client().post("/v1/calls",
                               {{"server", "mcp:stdio:x"}, {"tool", "t"}, {"arguments", jeton::Json::object()}}));
}

std::string exported(const fs::path& state) {
  const auto ran =
      run({.command = {program("jeton"), "log", "export", "--format", "jsonl", "--state", state.string()}});
  REQUIRE(ran.status == 0);
  return ran.out;
}

std::size_t lines_in(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

/// The command while it runs, with its stdout in a file, or on a descriptor of the test.
class Following {
 public:
  explicit Following(const fs::path& state, const std::vector<std::string>& more = {}, int out = -1) {
    std::vector<std::string> command{program("jeton"), "log", "follow", "--state", state.string()};
    command.insert(command.end(), more.begin(), more.end());
    const int in = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    const int err = opened("err");
    const int file = opened("out");
    pid_ = spawn(command, {}, in, out >= 0 ? out : file, err);
    for (const int fd : {in, err, file}) ::close(fd);
  }
  ~Following() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    (void)wait_for_exit(pid_, std::chrono::seconds(10));
  }
  Following(const Following&) = delete;
  Following& operator=(const Following&) = delete;

  [[nodiscard]] std::string out() const { return read_file(dir_.path() / "out"); }
  [[nodiscard]] std::string err() const { return read_file(dir_.path() / "err"); }
  [[nodiscard]] bool says(const std::string& text) const {
    return eventually([&] { return out().find(text) != std::string::npos; }, std::chrono::seconds(30));
  }
  [[nodiscard]] bool has_lines(std::size_t count) const {
    return eventually([&] { return lines_in(out()) >= count; }, std::chrono::seconds(30));
  }
  int ended() { return wait_for_exit(std::exchange(pid_, -1), std::chrono::seconds(30)); }
  int interrupted(int signal) {
    ::kill(pid_, signal);
    return ended();
  }

 private:
  [[nodiscard]] int opened(const char* name) const {
    return ::open((dir_.path() / name).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  }
  TempDir dir_;
  pid_t pid_ = -1;
};

}  // namespace

TEST_CASE("following shows events as they happen across a restart and ends at a signal with status 0") {
  Daemon daemon;
  Following people(daemon.state()), programs(daemon.state(), {"--from", "0", "--json"});
  mint(daemon);
  CHECK(people.says("token.minted"));
  daemon.kill9();
  daemon.restart();
  mint(daemon);
  CHECK(daemon.stop() == 0);
  CHECK(people.says("sidecar.stopped"));
  const auto everything = exported(daemon.state());
  CHECK(programs.has_lines(lines_in(everything)));
  CHECK(people.interrupted(SIGINT) == 0);
  CHECK(programs.interrupted(SIGTERM) == 0);
  CHECK(programs.out() == everything);
  CHECK(people.err() == "");
  CHECK(programs.err() == "");

  // No daemon runs any more.
  Following later(daemon.state(), {"--json", "--agent", "dev"});
  CHECK(later.has_lines(2));
  CHECK(later.interrupted(SIGINT) == 0);
  CHECK(lines_in(later.out()) == 2);
}

TEST_CASE("following ends quietly when nobody reads its stdout") {
  const Daemon daemon;
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  Following following(daemon.state(), {}, ends[1]);
  ::close(ends[1]);
  char first = 0;
  REQUIRE(::read(ends[0], &first, 1) == 1);
  ::close(ends[0]);
  // Nothing more happens in the log: it must see that by itself.
  CHECK(following.ended() == 0);
  CHECK(following.err() == "");
}

TEST_CASE("following a log that is given up for a new one ends with status 3 and says so") {
  Daemon daemon;
  mint(daemon);
  REQUIRE(daemon.stop() == 0);
  fs::copy_file(daemon.state() / "jeton.db", daemon.home() / "older.db");
  daemon.restart();
  mint(daemon);
  REQUIRE(daemon.stop() == 0);
  Following following(daemon.state(), {"--json"});
  REQUIRE(following.has_lines(5));
  for (const char* name : {"jeton.db-wal", "jeton.db-shm"}) fs::remove(daemon.state() / name);
  fs::copy_file(daemon.home() / "older.db", daemon.home() / "put-back.db");
  fs::rename(daemon.home() / "put-back.db", daemon.state() / "jeton.db");
  const Daemon accepted({.arguments = {"--accept-rollback"}, .state = daemon.state()});
  CHECK(following.ended() == 3);
  CHECK_THAT(following.err(), Catch::Contains("log_unavailable") && Catch::Contains("replaced"));
}

TEST_CASE("following where no log lies is refused with status 3") {
  const TempDir nothing;
  Following following(nothing.path(), {"--json"});
  CHECK(following.ended() == 3);
  CHECK(following.out() == "");
  CHECK_THAT(following.err(), Catch::Contains("log_unavailable"));
}
