// What a confined process can no longer do, and what it still can, tried in a process of its own.
#include "app/confine.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <functional>
#include <thread>

#include <fcntl.h>
#include <netdb.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "outbound/curl_fetch.hpp"
#include "support/catch.hpp"
#include "support/loopback_server.hpp"

namespace {

using jeton::Network;

bool in_confined_child(const std::function<bool()>& holds, Network network = Network::none) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(jeton::give_up_system_calls(network) && holds() ? 0 : 1);
  int status = -1;
  ::waitpid(child, &status, 0);
  return status == 0;
}

void* stack_end() {
  static std::array<char, 256 * 1024> stack;
  return stack.data() + stack.size() - 64;
}

bool refused(long answer) { return answer < 0 && errno == EPERM; }

}  // namespace

TEST_CASE("a confined process runs no program and makes no process") {
  CHECK(in_confined_child([] {
    char name[] = "/bin/true";
    char* argv[] = {name, nullptr};
    return refused(::execv(name, argv));
  }));
  CHECK(in_confined_child([] { return refused(::fork()); }));
  CHECK(in_confined_child([] { return refused(::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr)); }));
  // vfork by another name: a process with its maker's memory
  CHECK(in_confined_child([] {
    return refused(::clone([](void*) { return 0; }, stack_end(), CLONE_VM | CLONE_VFORK | SIGCHLD, nullptr));
  }));
  CHECK(in_confined_child([] { return ::syscall(SYS_clone3, nullptr, 0) < 0 && errno == ENOSYS; }));
}

TEST_CASE("a confined process has no network") {
  for (const int family : {AF_INET, AF_INET6, AF_NETLINK, AF_PACKET})
    CHECK(in_confined_child([family] { return refused(::socket(family, SOCK_STREAM, 0)); }));
}

TEST_CASE("a confined process that asks other programs has IP and nothing else of the network") {
  for (const int family : {AF_UNIX, AF_INET, AF_INET6})
    CHECK(in_confined_child([family] { return ::socket(family, SOCK_STREAM, 0) >= 0; }, Network::ip));
  for (const int family : {AF_NETLINK, AF_PACKET, AF_VSOCK, AF_ALG, AF_MAX})
    CHECK(in_confined_child([family] { return refused(::socket(family, SOCK_DGRAM, 0)); }, Network::ip));
  // The same family to the kernel, another number to a filter.
  for (const long family : {AF_NETLINK, AF_PACKET})
    CHECK(in_confined_child([family] { return refused(::syscall(SYS_socket, family | 1L << 32, SOCK_RAW, 0)); },
                            Network::ip));
  CHECK(in_confined_child([] { return refused(::fork()); }, Network::ip));
}

TEST_CASE("a confined process with something to fetch resolves a name and speaks HTTP") {
  using jeton::testing::LoopbackServer;
  LoopbackServer server([](LoopbackServer::Peer& peer) { peer.send(jeton::testing::http_answer("{}")); });
  const auto url = server.url();
  // Before the server's thread: a child of several threads could inherit a lock that nobody opens.
  const pid_t child = ::fork();
  if (child == 0) {
    const auto curl = jeton::make_curl_fetch().value();
    addrinfo* found = nullptr;
    const bool good = jeton::give_up_system_calls(Network::ip) &&
                      ::getaddrinfo("localhost", "1", nullptr, &found) == 0 && curl->fetch(url, {}) == "{}" &&
                      curl->fetch("http://localhost" + url.substr(url.rfind(':')), {}) == "{}";
    ::_exit(good ? 0 : 1);
  }
  server.start();
  int status = -1;
  ::waitpid(child, &status, 0);
  CHECK(status == 0);
}

TEST_CASE("a confined process looks into no other and gets no other rights") {
  CHECK(in_confined_child([] { return refused(::ptrace(PTRACE_ATTACH, ::getppid(), nullptr, nullptr)); }));
  CHECK(in_confined_child(
      [] { return refused(::syscall(SYS_process_vm_readv, ::getppid(), nullptr, 0, nullptr, 0, 0)); }));
  CHECK(in_confined_child([] { return refused(::unshare(CLONE_NEWUSER)); }));
  CHECK(in_confined_child([] { return refused(::setuid(::getuid())); }));
  CHECK(in_confined_child([] { return refused(::mount("none", "/", "none", 0, nullptr)); }));
  CHECK(in_confined_child([] { return refused(::syscall(SYS_io_uring_setup, 1, nullptr)); }));
}

TEST_CASE("a confined process still starts threads, opens files and speaks over Unix sockets") {
  CHECK(in_confined_child([] {
    bool ran = false;
    std::thread([&ran] {
      char name[] = "/bin/true";
      char* argv[] = {name, nullptr};
      ran = refused(::execv(name, argv));  // and a thread is as confined as its maker
    }).join();
    return ran;
  }));
  CHECK(in_confined_child([] { return ::open("/proc/self/stat", O_RDONLY | O_CLOEXEC) >= 0; }));
  CHECK(in_confined_child([] { return ::socket(AF_UNIX, SOCK_STREAM, 0) >= 0; }));
}
