// What is known of a peer in another namespace or of another account? Only root can see, so only root runs these.
#include <sched.h>
#include <sys/mount.h>

#include "machine.hpp"

namespace jeton {
namespace {

constexpr uid_t nobody = 65534;

using test::accept_on;
using test::cat;
using test::Child;
using test::copy_of_cat;
using test::kernel_has_peer_pidfd;
using test::Lead;
using test::Listener;
using test::needs_root;
using test::own_exe;
using test::view_of;

}  // namespace

TEST_CASE("a process of another mount namespace has no path but stays pinned") {
  if (needs_root()) return;
  const auto view = make_process_view();
  const Listener listener;
  Child child([&](const Lead& lead) {
    if (::unshare(CLONE_NEWNS) != 0) ::_exit(1);
    static_cast<void>(listener.connect());
    lead.await();
    test::become_cat(cat, lead);
  });
  const auto peer = accept_on(*view, listener);
  REQUIRE(peer);

  const auto caller = peer->caller();
  REQUIRE(caller);
  CHECK(caller->exe == std::nullopt);
  CHECK(caller->pid == child.pid());

  child.tell();
  child.tell();
  REQUIRE(child.hear() == '.');
  CHECK_FALSE(peer->caller());
}

TEST_CASE("an executable covered by a mount has no path") {
  if (needs_root()) return;
  const Listener listener;
  const auto copy = copy_of_cat(listener);
  Child daemon([&](const Lead& lead) {  // given: daemon and peer in one mount namespace of their own
    if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) ::_exit(1);
    Child child([&](const Lead& its) {
      static_cast<void>(listener.connect());
      test::become_cat(copy, its);
    });
    child.tell();
    const auto view = make_process_view();
    const auto peer = child.hear() == '.' ? accept_on(*view, listener) : refuse(Code::internal, "no peer");
    const bool seen = peer && peer->caller()->exe == copy;
    if (::mount("/bin/sh", copy.c_str(), nullptr, MS_BIND, nullptr) != 0) ::_exit(1);
    const auto file = view->executable(view->open_proc(child.pid()));
    lead.say(seen && file && !view->path_of(view->open_proc(child.pid()), *file) ? 'y' : 'n');
  });

  CHECK(daemon.hear() == 'y');
}

TEST_CASE("a peer of another pid namespace has neither pid nor path nor unit") {
  if (needs_root()) return;
  const bool old = GENERATE(false, true);
  const Listener listener;
  const int socket = listener.connect();  // given: a peer outside, a daemon inside a pid namespace of its own
  Child daemon([&](const Lead& lead) {
    if (::unshare(CLONE_NEWPID) != 0) ::_exit(1);
    if (::fork() != 0) lead.await();
    const auto view = view_of(old ? PinMethod::pidfd_open : PinMethod::peer_pidfd);
    const auto peer = accept_on(*view, listener);
    const auto caller = peer ? peer->caller() : refuse(peer.error());
    const bool bare = caller && !caller->pid && !caller->exe && !caller->unit && caller->uid == 0;
    lead.say(bare ? 'y' : 'n');
    ::_exit(0);
  });

  CHECK(daemon.hear() == 'y');
  ::close(socket);
}

TEST_CASE("a daemon without privileges attests other accounts without their executable") {
  if (needs_root()) return;
  const bool hidden = GENERATE(false, true);
  const Listener listener;
  const int socket = listener.connect();
  Child daemon([&](const Lead& lead) {
    if (hidden && (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
                   ::mount("proc", "/proc", "proc", 0, "hidepid=2") != 0)) {
      lead.say('-');
      ::_exit(1);
    }
    if (::setgid(nobody) != 0 || ::setuid(nobody) != 0) ::_exit(1);
    const auto view = make_process_view();
    const auto peer = accept_on(*view, listener);
    const auto caller = peer ? peer->caller() : refuse(peer.error());
    const bool right = caller && caller->uid == 0 && caller->pid == ::getppid() && !caller->exe;
    lead.say(right ? 'y' : 'n');
    ::_exit(0);
  });

  const char heard = daemon.hear();
  ::close(socket);
  if (hidden && heard == '-') {
    WARN("no second proc may be mounted here");
    return;
  }
  CHECK(heard == 'y');
}

TEST_CASE("another account is told apart by its uid") {
  if (needs_root()) return;
  const auto view = view_of(GENERATE(PinMethod::peer_pidfd, PinMethod::pidfd_open));
  const Listener listener;
  Child child([&](const Lead& lead) {
    if (::setgid(nobody) != 0 || ::setuid(nobody) != 0) ::_exit(1);
    static_cast<void>(listener.connect());
    lead.await();
  });

  const auto peer = accept_on(*view, listener);

  REQUIRE(peer);
  const auto caller = peer->caller();
  REQUIRE(caller);
  CHECK(caller->uid == nobody);
  CHECK(caller->gid == nobody);
  CHECK(caller->exe == own_exe());
}

TEST_CASE("rights given up after connecting cost an older kernel the evidence of proc") {
  if (needs_root()) return;
  const auto method = GENERATE(PinMethod::peer_pidfd, PinMethod::pidfd_open);
  const auto view = view_of(method);
  const Listener listener;
  Child child([&](const Lead& lead) {
    static_cast<void>(listener.connect());
    if (::setuid(nobody) != 0) ::_exit(1);
    lead.say();
    lead.await();
  });
  REQUIRE(child.hear() == '.');

  const auto peer = accept_on(*view, listener);

  REQUIRE(peer);
  CHECK(peer->caller()->uid == 0);
  if (kernel_has_peer_pidfd()) CHECK(peer->caller()->exe.has_value() == (method == PinMethod::peer_pidfd));
}

}  // namespace jeton
