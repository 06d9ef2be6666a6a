// fork, perhaps setuid, and a pipe back.
#include "support/other_process.hpp"

#include <array>
#include <chrono>
#include <csignal>
#include <exception>
#include <stdexcept>
#include <utility>

#include <fcntl.h>
#include <grp.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/run.hpp"

namespace jeton::outside {
namespace {

bool become(uid_t uid) { return ::setgroups(0, nullptr) == 0 && ::setgid(uid) == 0 && ::setuid(uid) == 0; }

std::string said_by(const Child::Work& work, std::optional<uid_t> uid) {
  if (uid && !become(*uid)) return "threw: cannot become the account";
  try {
    return work(::getpid());
  } catch (const std::exception& error) {
    return std::string("threw: ") + error.what();
  }
}

}  // namespace

Child::Child(const Work& work, std::optional<uid_t> uid) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
  pid_ = ::fork();
  if (pid_ == 0) {
    const auto text = said_by(work, uid);
    // Not exit(): what the parent owns is not the child's to tear down.
    ::_exit(::write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : 1);
  }
  ::close(ends[1]);
  fd_ = ends[0];
}

Child::~Child() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  if (fd_ >= 0) ::close(fd_);
}

Child::Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, -1)), fd_(std::exchange(other.fd_, -1)) {}

std::string Child::text() {
  // A child hands back less than a pipe holds, so its end can be waited for before it is read.
  if (wait_for_exit(std::exchange(pid_, -1), std::chrono::seconds(60)) != 0)
    throw std::runtime_error("the child failed");
  std::string text;
  std::array<char, 4096> chunk{};
  for (ssize_t count = 0; (count = ::read(fd_, chunk.data(), chunk.size())) > 0;)
    text.append(chunk.data(), static_cast<std::size_t>(count));
  return text;
}

bool is_root() { return ::geteuid() == 0; }

}  // namespace jeton::outside
