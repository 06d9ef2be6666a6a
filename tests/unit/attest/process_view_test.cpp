// Does this machine's kernel tell us who is on the other end, through exec, exit and fork?
#include "attest/process_view.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

#include <sodium.h>
#include <sys/prctl.h>

#include "machine.hpp"
#include "support/other_process.hpp"
#include "support/skipped.hpp"

namespace jeton {
namespace {

using test::accept_on;
using test::cat;
using test::Child;
using test::copy_of_cat;
using test::kernel_has_peer_pidfd;
using test::Lead;
using test::Listener;
using test::own_exe;
using test::view_of;

std::string sha256_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  unsigned char digest[crypto_hash_sha256_BYTES];
  crypto_hash_sha256(digest, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  char hex[2 * sizeof digest + 1];
  return sodium_bin2hex(hex, sizeof hex, digest, sizeof digest);
}

}  // namespace

TEST_CASE("a socket without a unix peer has no credentials") {
  const auto view = make_process_view();
  const int tcp = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int unconnected = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  CHECK_FALSE(Peer::accept(*view, tcp, "/run/x.sock"));
  CHECK_FALSE(Peer::accept(*view, unconnected, "/run/x.sock"));
  CHECK_FALSE(Peer::accept(*view, -1, "/run/x.sock"));

  ::close(tcp);
  ::close(unconnected);
}

TEST_CASE("a process that becomes another program on its connection is refused") {
  const auto view = view_of(GENERATE(PinMethod::peer_pidfd, PinMethod::pidfd_open, PinMethod::none));
  const Listener listener;
  Child child([&](const Lead& lead) {  // given: an attested peer
    static_cast<void>(listener.connect());
    lead.await();
    test::become_cat(cat, lead);
  });
  const auto peer = accept_on(*view, listener);
  REQUIRE(peer);
  REQUIRE(peer->caller());

  child.tell();  // when: it executes something else, the connection still open
  child.tell();
  REQUIRE(child.hear() == '.');

  const auto caller = peer->caller();  // then
  REQUIRE_FALSE(caller);
  CHECK(caller.error().code == Code::unattested_peer);
  CHECK(caller.error().message.find("executable") != std::string::npos);
}

TEST_CASE("a connection that outlives its process in a child is refused") {
  const auto method = GENERATE(PinMethod::peer_pidfd, PinMethod::pidfd_open);
  const auto view = view_of(method);
  const Listener listener;
  Child child([&](const Lead& lead) {
    static_cast<void>(listener.connect());
    static_cast<void>(listener.connect());
    const pid_t heir = ::fork();
    if (heir == 0) {  // holds both connections until the test is over
      lead.say();
      for (;;) lead.await();
    }
    ::_exit(0);
  });
  REQUIRE(child.hear() == '.');
  child.await_end();  // a zombie still has its pid

  CHECK_FALSE(accept_on(*view, listener));
  child.reap();
  CHECK_FALSE(accept_on(*view, listener));
}

TEST_CASE("a peer that ends after accept is refused at its next request") {
  const auto method = GENERATE(PinMethod::peer_pidfd, PinMethod::pidfd_open, PinMethod::none);
  const auto view = view_of(method);
  const Listener listener;
  Child child([&](const Lead& lead) {
    static_cast<void>(listener.connect());
    lead.await();
    if (::fork() == 0) {
      lead.say();
      for (;;) lead.await();
    }
    ::_exit(0);
  });
  const auto peer = accept_on(*view, listener);
  REQUIRE(peer);
  REQUIRE(peer->caller());

  child.tell();
  REQUIRE(child.hear() == '.');
  child.await_end();

  CHECK_FALSE(peer->caller());
  child.reap();
  CHECK_FALSE(peer->caller());
}

TEST_CASE("a deleted executable has no path but keeps its hash") {
  const auto view = make_process_view();
  const Listener listener;
  const auto copy = copy_of_cat(listener);
  const auto expected = sha256_of(copy);
  Child child([&](const Lead& lead) {  // given: a peer that runs a copy of cat
    static_cast<void>(listener.connect());
    test::become_cat(copy, lead);
  });
  child.tell();
  REQUIRE(child.hear() == '.');

  std::filesystem::remove(copy);  // when: the file goes, and another takes its name, before the connection is seen
  const auto peer = accept_on(*view, listener);
  REQUIRE(peer);
  CHECK(peer->caller()->exe == std::nullopt);
  std::filesystem::copy_file("/bin/sh", copy);
  CHECK(view->path_of(view->open_proc(child.pid()), *view->executable(view->open_proc(child.pid()))) == std::nullopt);

  auto caller = peer->caller();  // then: the process is still the same, under no path
  REQUIRE(caller);
  CHECK(caller->exe == std::nullopt);
  peer->add_sha256(*caller);
  CHECK(caller->sha256 == expected);
}

TEST_CASE("a hash is not given for another file than the expected one") {
  const auto view = make_process_view();
  const Listener listener;
  const auto copy = copy_of_cat(listener);
  Child child([&](const Lead& lead) { test::become_cat(copy, lead); });
  child.tell();
  REQUIRE(child.hear() == '.');
  const int proc = view->open_proc(child.pid());
  const auto executable = view->executable(proc);
  REQUIRE(executable);

  CHECK(view->sha256(proc, {executable->first, executable->second + 1}) == std::nullopt);
  CHECK(view->sha256(proc, *executable) == sha256_of(copy));

  view->close(proc);
}

TEST_CASE("the kernel names a peer completely") {
  const auto method = GENERATE(PinMethod::peer_pidfd, PinMethod::pidfd_open, PinMethod::none);
  const auto view = view_of(method);
  const Listener listener;
  Child child([&](const Lead& lead) {
    static_cast<void>(listener.connect());
    lead.await();
  });

  const auto peer = accept_on(*view, listener);

  REQUIRE(peer);
  const auto caller = peer->caller();
  REQUIRE(caller);
  CHECK(caller->uid == ::geteuid());
  CHECK(caller->gid == ::getegid());
  CHECK(caller->pid == child.pid());
  CHECK(caller->exe == own_exe());
  CHECK(caller->sha256 == std::nullopt);
  CHECK(caller->socket == listener.path());
  if (method != PinMethod::peer_pidfd || kernel_has_peer_pidfd()) CHECK(peer->pin_method() == method);
}

TEST_CASE("a process cannot disguise its start time by its name") {
  const auto view = make_process_view();
  Child child([&](const Lead& lead) {
    lead.say();
    lead.await();
    ::prctl(PR_SET_NAME, "a) R 1 (1 2)");
    lead.say();
    lead.await();
  });
  REQUIRE(child.hear() == '.');
  const int proc = view->open_proc(child.pid());
  const auto before = view->start_time(proc);
  REQUIRE(before);

  child.tell();
  REQUIRE(child.hear() == '.');

  CHECK(view->start_time(proc) == before);
  CHECK(*before > 0);
  view->close(proc);
}

TEST_CASE("an open proc directory never comes to mean another process") {
  const auto view = make_process_view();
  Child child([](const Lead& lead) { lead.await(); });
  const int proc = view->open_proc(child.pid());
  REQUIRE(view->owner(proc) == ::geteuid());

  child.tell();
  child.reap();

  CHECK(view->start_time(proc) == std::nullopt);
  CHECK(view->owner(proc) == std::nullopt);
  CHECK(view->executable(proc) == std::nullopt);
  CHECK(view->open_cgroup(proc) == -1);
  CHECK(view->open_proc(child.pid()) == -1);
  CHECK(view->pidfd_open(child.pid()).error() == NoPidfd::failed);
  view->close(proc);
}

TEST_CASE("an account without CAP_SYS_PTRACE is told that it sees no executables of others") {
  if (!outside::is_root()) return outside::skipped("only root can become other accounts");
  const auto seen_by_nobody = outside::in_child_as(outside::nobody, [](pid_t) {
    const auto view = make_process_view();
    const int others = view->open_proc(::getppid());
    const bool sees = view->executable(others).has_value();
    return std::string(sight_of_executables() == ExecutableSight::nothing ? "nothing" : "something") +
           (sees ? " and the executable" : "");
  });
  CHECK(seen_by_nobody == "nothing");
}

}  // namespace jeton
