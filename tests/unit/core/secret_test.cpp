// Do secrets stay put: guarded, sealed, wiped, and out of every stream?
#include "jeton/secret.hpp"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <sstream>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "support/catch.hpp"

using jeton::Secret;
using jeton::Token;

static_assert(!std::is_copy_constructible_v<Secret> && !std::is_copy_assignable_v<Secret>);
static_assert(std::is_nothrow_move_constructible_v<Secret> && std::is_nothrow_move_assignable_v<Secret>);

namespace {

/// Runs `act` in a child process; true if it ended by a signal or as the sanitizer ends a process that faults.
template <class Act>
bool kills_the_process(Act act) {
  const pid_t child = fork();
  if (child == 0) {
    std::signal(SIGSEGV, SIG_DFL);
    std::signal(SIGABRT, SIG_DFL);
    act();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status);
}

/// The oracle. AddressSanitizer turns mlock into nothing that succeeds; only other builds see a refusal.
bool kernel_locks_a_page() {
  void* page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const bool locked = mlock(page, 4096) == 0;
  munmap(page, 4096);
  return locked;
}

}  // namespace

TEST_CASE("a sealed secret hands out nothing writable") {
  auto secret = Secret::random(32);
  secret.seal();
  CHECK_THROWS_AS(secret.writable(), std::logic_error);
}

TEST_CASE("writing to a sealed secret kills the process") {
  Secret secret(32);
  auto* byte = secret.writable().data();
  CHECK_FALSE(kills_the_process([&] { *static_cast<volatile unsigned char*>(byte) = 1; }));
  secret.seal();
  CHECK(kills_the_process([&] { *static_cast<volatile unsigned char*>(byte) = 1; }));
}

TEST_CASE("a secret starts as zeros and keeps what it is given") {
  Secret secret(3);
  CHECK(std::ranges::all_of(secret.expose_for_signing(), [](auto byte) { return byte == 0; }));
  secret.writable()[1] = 7;
  secret.seal();
  CHECK(secret.expose_for_signing()[1] == 7);
  CHECK(secret.size() == 3);
}

TEST_CASE("two random secrets differ") {
  const auto one = Secret::random(32);
  const auto other = Secret::random(32);
  CHECK_FALSE(std::ranges::equal(one.expose_for_signing(), other.expose_for_signing()));
}

TEST_CASE("moving a secret moves the pages and their seal") {
  auto first = Secret::random(16);
  first.seal();
  const auto* pages = first.expose_for_signing().data();

  Secret second(8);
  second = std::move(first);
  Secret third(std::move(second));

  CHECK(third.expose_for_signing().data() == pages);
  CHECK(third.size() == 16);
  CHECK_THROWS_AS(third.writable(), std::logic_error);
}

TEST_CASE("a secret knows whether the kernel locked it") { CHECK(Secret(32).locked() == kernel_locks_a_page()); }

TEST_CASE("a secret that may not be locked says so and works") {
  const pid_t child = fork();
  if (child == 0) {
    // given: an account without the right to lock memory
    const rlimit none{0, 0};
    const bool poor = setrlimit(RLIMIT_MEMLOCK, &none) == 0 && (geteuid() != 0 || setuid(65534) == 0);
    const auto secret = Secret::random(32);
    _exit(poor && secret.locked() == kernel_locks_a_page() ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  CHECK(status == 0);
}

TEST_CASE("wiping a text overwrites its bytes and empties it") {
  // given: a text whose buffer stays where it is
  std::string text(64, 'k');
  const char* bytes = text.data();
  text.resize(32);  // the second half is still in the buffer

  jeton::wipe(text);

  CHECK(text.empty());
  REQUIRE(text.data() == bytes);
  CHECK(std::all_of(bytes, bytes + 64, [](char byte) { return byte == '\0'; }));
}

TEST_CASE("wiping bytes zeroes them") {
  std::string text = "key";
  jeton::wipe(std::span(reinterpret_cast<unsigned char*>(text.data()), text.size()));
  CHECK(text == std::string(3, '\0'));
  jeton::wipe(std::span<unsigned char>{});
}

TEST_CASE("a token never prints itself and leaves nothing where it moved from") {
  Token token("eyJ0.payload.signature");
  std::ostringstream out;
  out << token;
  CHECK(out.str() == "[token]");

  Token moved(std::move(token));
  CHECK(moved.expose_for_transport() == "eyJ0.payload.signature");
  CHECK(token.expose_for_transport().empty());
}
