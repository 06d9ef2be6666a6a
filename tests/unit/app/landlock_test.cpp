// What a process can still reach once it gave up its files, by every ABI this kernel has, each tried in a process of
// its own.
#include "app/landlock.hpp"

#include <cerrno>
#include <cstring>
#include <functional>
#include <thread>

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/whole_file.hpp"
#include "support/catch.hpp"
#include "support/skipped.hpp"
#include "support/temp_dir.hpp"

namespace jeton::testing {
namespace {

namespace fs = std::filesystem;
using Use = Reach::Use;
using outside::skipped;

/// Whether it holds in a child that gave up everything but `reaches`.
bool in_landlocked_child(const std::vector<Reach>& reaches, int abi, const std::function<bool()>& holds) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(give_up_files(reaches, abi) && holds() ? 0 : 1);
  int status = -1;
  ::waitpid(child, &status, 0);
  return status == 0;
}

bool opens(const fs::path& file, int flags) {
  const int fd = ::open(file.c_str(), flags | O_CLOEXEC, 0600);
  if (fd >= 0) ::close(fd);
  return fd >= 0;
}
bool is_closed_to(const fs::path& file, int flags) { return !opens(file, flags) && errno == EACCES; }

/// A directory that is kept, one that is read, and one outside, with a file `text` in each.
struct Three {
  Three() {
    for (const char* name : {"kept", "read", "outside"}) {
      fs::create_directory(dir / name);
      write_bytes(dir / name / "text", name);
    }
  }
  [[nodiscard]] std::vector<Reach> reaches() const { return {{dir / "kept", Use::keep}, {dir / "read", Use::read}}; }

  TempDir dir;
};

sockaddr_un address_of(const std::string& path, socklen_t& size) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';
  size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  return address;
}

bool on_socket(int (*act)(int, const sockaddr*, socklen_t), int fd, const std::string& path) {
  socklen_t size = 0;
  const auto address = address_of(path, size);
  return act(fd, reinterpret_cast<const sockaddr*>(&address), size) == 0;
}

}  // namespace

TEST_CASE("a process that gave up its files opens none outside of what it kept") {
  if (landlock_abi() == 0) return skipped("this kernel has no Landlock");
  const Three three;
  fs::create_symlink(three.dir / "outside" / "text", three.dir / "kept" / "link");
  for (int abi = 1; abi <= landlock_abi(); ++abi) {
    INFO("ABI " << abi);
    const auto holds = [&](const std::function<bool()>& what) {
      return in_landlocked_child(three.reaches(), abi, what);
    };
    CHECK(holds([&] { return is_closed_to(three.dir / "outside" / "text", O_RDONLY); }));
    CHECK(holds([&] { return is_closed_to(three.dir / "outside" / "text", O_WRONLY); }));
    CHECK(holds([&] { return is_closed_to(three.dir / "outside", O_RDONLY | O_DIRECTORY); }));
    CHECK(holds([&] { return is_closed_to(three.dir / "outside" / "new", O_WRONLY | O_CREAT); }));
    CHECK(holds([&] { return is_closed_to(three.dir / "kept" / "link", O_RDONLY); }));
    CHECK(holds([&] { return is_closed_to("/etc/passwd", O_RDONLY); }));
    CHECK(holds([&] { return is_closed_to("/proc/self/mem", O_RDWR); }));
    // a thread is as confined as its maker
    CHECK(holds([&] {
      bool closed = false;
      std::thread([&] { closed = is_closed_to(three.dir / "outside" / "text", O_RDONLY); }).join();
      return closed;
    }));
  }
}

TEST_CASE("what was kept can be used as before and what was open stays open") {
  if (landlock_abi() == 0) return skipped("this kernel has no Landlock");
  for (int abi = 1; abi <= landlock_abi(); ++abi) {
    INFO("ABI " << abi);
    const Three three;
    const auto kept = three.dir / "kept", read = three.dir / "read";
    const int open_before = ::open((three.dir / "outside" / "text").c_str(), O_RDONLY | O_CLOEXEC);
    CHECK(in_landlocked_child(three.reaches(), abi, [&] {
      std::error_code error;
      char c = 0;
      return opens(kept / "new", O_RDWR | O_CREAT | O_TRUNC) && opens(kept, O_RDONLY | O_DIRECTORY) &&
             replace_file(kept / "text", "other") && ::mkdir((kept / "sub").c_str(), 0700) == 0 &&
             ::truncate((kept / "text").c_str(), 1) == 0 && fs::remove_all(kept / "sub", error) == 1 &&
             fs::remove(kept / "new", error) && ::pread(open_before, &c, 1, 0) == 1;
    }));
    CHECK(in_landlocked_child(three.reaches(), abi, [&] {
      return opens(read / "text", O_RDONLY) && opens(read, O_RDONLY | O_DIRECTORY) &&
             is_closed_to(read / "text", O_WRONLY) && is_closed_to(read / "new", O_WRONLY | O_CREAT) &&
             ::unlink((read / "text").c_str()) != 0;
    }));
    // A log is moved aside by links from one directory to another: with ABI 1 nothing is.
    CHECK(in_landlocked_child(three.reaches(), abi, [&] {
      std::error_code error;
      fs::create_directory(kept / "aside", error);
      fs::create_hard_link(kept / "text", kept / "aside" / "text", error);
      return !error == (abi > 1);
    }));
    ::close(open_before);
  }
}

TEST_CASE("a place for checkpoints and a directory for sockets can be used for these alone") {
  if (landlock_abi() == 0) return skipped("this kernel has no Landlock");
  const TempDir place, sockets;
  write_bytes(place / "other", "of somebody else");
  const std::vector<Reach> reaches{{place.path(), Use::replace}, {sockets.path(), Use::listen}};
  const auto abi = landlock_abi();
  CHECK(in_landlocked_child(reaches, abi, [&] {
    return replace_file(place / "checkpoint", "one") && replace_file(place / "checkpoint", "two") &&
           ::mkdir((place / "sub").c_str(), 0700) != 0 && ::symlink("/etc/passwd", (place / "link").c_str()) != 0;
  }));
  CHECK(bytes_of(place / "checkpoint") == "two");
  CHECK(in_landlocked_child(reaches, abi, [&] {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return on_socket(::bind, fd, sockets / "s") && ::unlink((sockets / "s").c_str()) == 0 &&
           is_closed_to(sockets / "file", O_WRONLY | O_CREAT);
  }));
}

TEST_CASE("what is not there is left out and the rest holds") {
  if (landlock_abi() == 0) return skipped("this kernel has no Landlock");
  const Three three;
  auto reaches = three.reaches();
  reaches.push_back({three.dir / "nowhere", Use::keep});
  CHECK(in_landlocked_child(reaches, landlock_abi(), [&] {
    return opens(three.dir / "kept" / "text", O_RDWR) && is_closed_to(three.dir / "outside" / "text", O_RDONLY);
  }));
}

TEST_CASE("a process that gave up its files sees neither executable nor memory of another") {
  if (landlock_abi() == 0) return skipped("this kernel has no Landlock");
  for (int abi = 1; abi <= landlock_abi(); ++abi) {
    INFO("ABI " << abi);
    CHECK(in_landlocked_child({{"/proc", Use::read}}, abi, [] {
      const auto other = fs::path("/proc") / std::to_string(::getppid());
      struct stat info {};
      return opens(other / "stat", O_RDONLY) && opens(other / "cgroup", O_RDONLY) &&
             is_closed_to(other / "mem", O_RDONLY) && ::stat((other / "exe").c_str(), &info) != 0;
    }));
  }
}

TEST_CASE("a process that gave up its files connects nowhere and signals nobody as far as its kernel can say so") {
  const auto abi = landlock_abi();
  if (abi < 6) return skipped("this kernel's Landlock knows no scopes");
  CHECK(in_landlocked_child({}, abi, [] {
    sockaddr_in nobody{};
    nobody.sin_family = AF_INET;
    nobody.sin_port = htons(9);
    nobody.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return ::connect(fd, reinterpret_cast<const sockaddr*>(&nobody), sizeof nobody) != 0 && errno == EACCES;
  }));
  CHECK(in_landlocked_child({}, abi, [] { return ::kill(::getppid(), 0) != 0 && errno == EPERM; }));

  const auto name = "@jeton-landlock-test-" + std::to_string(::getpid());
  const int listening = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(on_socket(::bind, listening, name));
  REQUIRE(::listen(listening, 4) == 0);
  const auto refused = [&] {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return !on_socket(::connect, fd, name) && errno == EPERM;
  };
  CHECK(in_landlocked_child({}, abi, refused));
  // but for a service manager that listens so
  REQUIRE(::setenv("NOTIFY_SOCKET", name.c_str(), 1) == 0);
  CHECK_FALSE(in_landlocked_child({}, abi, refused));
  ::unsetenv("NOTIFY_SOCKET");
  ::close(listening);
}

TEST_CASE("without Landlock nothing is given up and that is said") {
  const auto refused = give_up_files({}, 0);
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().message, Catch::Contains("no Landlock"));
  CHECK(opens("/etc/passwd", O_RDONLY));
}

}  // namespace jeton::testing
