// A forked process that a test leads step by step, and a Unix socket for it to connect to.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace jeton::test {

/// What the child holds: steps to wait for, and a byte to say after each.
struct Lead {
  int in;
  int out;
  void say(char word = '.') const {
    if (::write(out, &word, 1) != 1) ::_exit(3);
  }
  /// Ends the child when the test is over.
  void await() const {
    char word = 0;
    if (::read(in, &word, 1) != 1) ::_exit(0);
  }
};

/// Runs `body` in a forked process, which leaves by _exit only: no destructor of the test's may run there.
class Child {
 public:
  explicit Child(const std::function<void(const Lead&)>& body) {
    int down[2];
    int up[2];
    if (::pipe2(down, O_CLOEXEC) != 0 || ::pipe2(up, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(down[1]);
      ::close(up[0]);
      body({down[0], up[1]});
      ::_exit(0);
    }
    ::close(down[0]);
    ::close(up[1]);
    to_ = down[1];
    from_ = up[0];
  }
  ~Child() {
    ::close(to_);
    ::close(from_);
    if (!reaped_) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  /// The next byte the child says; 0 when it ended without.
  char hear() {
    char word = 0;
    return ::read(from_, &word, 1) == 1 ? word : '\0';
  }
  void tell() {
    if (::write(to_, ".", 1) != 1) throw std::runtime_error("the child has gone");
  }
  /// Returns once the child is a zombie.
  void await_end() {
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT);
  }
  void reap() {
    ::waitpid(pid_, nullptr, 0);
    reaped_ = true;
  }

 private:
  pid_t pid_ = -1;
  int to_ = -1;
  int from_ = -1;
  bool reaped_ = false;
};

/// A listening socket in a directory of its own, open to every account.
class Listener {
 public:
  Listener() {
    std::string name = "/tmp/jeton-attest-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
    directory_ = name;
    std::filesystem::permissions(directory_, std::filesystem::perms(0711));
    fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto address = address_of(path());
    if (::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || ::listen(fd_, 8) != 0) {
      throw std::runtime_error("no socket to listen on");
    }
    ::chmod(path().c_str(), 0666);
  }
  ~Listener() {
    ::close(fd_);
    std::filesystem::remove_all(directory_);
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  [[nodiscard]] std::string path() const { return directory_ / "s"; }
  [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }
  [[nodiscard]] int accept() const { return ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC); }
  /// For children: survives exec, as a descriptor does that somebody forgot.
  [[nodiscard]] int connect() const {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    const auto address = address_of(path());
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) ::_exit(2);
    return fd;
  }

 private:
  static sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    return address;
  }

  std::filesystem::path directory_;
  int fd_ = -1;
};

/// Becomes `program`, a copy of cat: it answers each byte of the test's, so the first answer says that exec is done.
inline void become_cat(const std::string& program, const Lead& lead) {
  ::dup2(lead.in, STDIN_FILENO);
  ::dup2(lead.out, STDOUT_FILENO);
  ::execl(program.c_str(), program.c_str(), nullptr);
  ::_exit(4);
}

}  // namespace jeton::test
