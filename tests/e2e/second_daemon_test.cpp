// Two daemons never share a state directory, whatever name each has for it.
#include <csignal>

#include <fmt/core.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/door_fixture.hpp"
#include "support/other_process.hpp"
#include "support/skipped.hpp"

namespace jeton::outside {
namespace {

/// Starts another on what it calls its state, and expects it to end and to name the first.
void check_refused(const Daemon& first, const std::filesystem::path& state) {
  const auto socket = first.home() / "second.sock";
  const auto second = run({.command = {program("jetond"), "--dev", "--state", state, "--socket", socket}});
  INFO(second.err);
  CHECK(second.status == 2);
  CHECK(second.out.empty());
  CHECK_THAT(second.err, Catch::Contains(fmt::format("pid {}", first.pid())));
  CHECK_FALSE(std::filesystem::exists(socket));
}

}  // namespace

TEST_CASE("a second daemon that names the state by a link or a detour ends and names the first") {
  const Daemon first;
  std::filesystem::create_directory_symlink(first.state(), first.home() / "link");
  check_refused(first, first.home() / "link");
  check_refused(first, first.state() / ".." / first.state().filename() / ".");
  check_refused(first, std::filesystem::relative(first.state()));
  CHECK(first.client().status());
}

TEST_CASE("a second daemon that sees the state through another mount ends and names the first") {
  if (!is_root()) return skipped("only root can mount");
  const Daemon first;
  const auto elsewhere = first.home() / "elsewhere";
  std::filesystem::create_directory(elsewhere);
  if (::mount(first.state().c_str(), elsewhere.c_str(), nullptr, MS_BIND, nullptr) != 0)
    return skipped("no mounts here");
  check_refused(first, elsewhere);
  ::umount2(elsewhere.c_str(), MNT_DETACH);
  CHECK(first.client().status());
}

TEST_CASE("the state of a daemon that was killed is taken over and then it is the seconds") {
  Daemon first;
  first.kill9();
  const Daemon second({.state = first.state()});
  CHECK(second.client().status());
  const auto late = run({.command = first.command()});
  CHECK(late.status == 2);
  CHECK_THAT(late.err, Catch::Contains(fmt::format("pid {}", second.pid())));
}

TEST_CASE("a daemon that is about to stop keeps its state until it has ended") {
  Daemon first;
  // given: one that was told to stop and does not get to it
  REQUIRE(::kill(first.pid(), SIGSTOP) == 0);
  REQUIRE(::kill(first.pid(), SIGTERM) == 0);
  check_refused(first, first.state());
  REQUIRE(::kill(first.pid(), SIGCONT) == 0);
  CHECK(wait_for_exit(first.pid(), std::chrono::seconds(20)) == 0);
  const Daemon second({.state = first.state()});
  CHECK(Ledger(second.state()).count("event = 'sidecar.stopped'") == 1);
  CHECK(Ledger(second.state()).count("event = 'sidecar.started'") == 2);
}

TEST_CASE("a start that fails leaves no socket behind and a stop leaves none either") {
  const TempDir home;
  for (const char* name : {"own-a", "own-b"}) std::filesystem::create_directory(home.path() / name);
  const auto a = home.path() / "own-a" / "sock", b = home.path() / "own-b" / "sock";
  const auto config = fmt::format(
      "trust_domain = \"acme.example\"\n[[agent]]\nname = \"a\"\nmatch = [\"jeton:socket:{}\"]\n"
      "[[agent]]\nname = \"b\"\nmatch = [\"jeton:socket:{}\"]\n",
      a.string(), b.string());
  {
    Daemon daemon({.config = config});
    for (const auto& socket : {a, b, daemon.socket()}) CHECK(std::filesystem::exists(socket));
    CHECK(daemon.stop() == 0);
    for (const auto& socket : {a, b, daemon.socket()}) CHECK_FALSE(std::filesystem::exists(socket));

    // when: something else stands in the last one's place
    write_file(b, "notes");
    CHECK(run({.command = daemon.command()}).status == 2);
    for (const auto& socket : {a, daemon.socket()}) CHECK_FALSE(std::filesystem::exists(socket));
    CHECK(read_file(b) == "notes");
  }
}

}  // namespace jeton::outside
