// Spawning, talking to and reaping one child; every wait has an end.
#include "agent/child.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>

namespace example {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr std::size_t line_bytes_max = 4 << 20;

struct Pipe {
  UniqueFd read, write;
};

std::optional<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::nullopt;
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

bool wait_readable(int fd, SteadyClock::time_point until) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - SteadyClock::now()).count();
    pollfd waiting{fd, POLLIN, 0};
    const int ready = ::poll(&waiting, 1, left > 0 ? static_cast<int>(left) : 0);
    if (ready < 0 && errno == EINTR) continue;
    return ready > 0;
  }
}

/// posix_spawn, with the two ends as its stdin and stdout, no other descriptor, and signals as they were.
int spawn(const std::vector<std::string>& argv, int in, int out, pid_t& pid) {
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);

  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, in, 0);
  posix_spawn_file_actions_adddup2(&files, out, 1);
  posix_spawn_file_actions_addclosefrom_np(&files, 3);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  const int error = ::posix_spawnp(&pid, words[0], &files, &attributes, words.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  return error;
}

}  // namespace

tl::expected<Child, std::string> Child::start(const std::vector<std::string>& argv) {
  auto in = make_pipe();
  auto out = make_pipe();
  if (!in || !out) return tl::unexpected(fmt::format("no pipe: {}", std::strerror(errno)));
  pid_t pid = -1;
  const int error = spawn(argv, in->read.fd(), out->write.fd(), pid);
  if (error != 0) return tl::unexpected(fmt::format("{}: {}", argv[0], std::strerror(error)));
  return Child(pid, std::move(in->write), std::move(out->read));
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      in_(std::move(other.in_)),
      out_(std::move(other.out_)),
      pending_(std::move(other.pending_)) {}

Child::~Child() { finish(); }

bool Child::write_line(std::string_view line) {
  const std::string text = std::string(line) + '\n';
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t written = ::write(in_.fd(), rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

bool Child::fill(SteadyClock::time_point until) {
  if (!wait_readable(out_.fd(), until)) return false;
  std::array<char, 64 * 1024> buffer;
  const ssize_t got = ::read(out_.fd(), buffer.data(), buffer.size());
  if (got <= 0) return got < 0 && errno == EINTR;
  pending_.append(buffer.data(), static_cast<std::size_t>(got));
  return pending_.size() <= line_bytes_max;
}

std::optional<std::string> Child::read_line(std::chrono::milliseconds limit) {
  const auto until = SteadyClock::now() + limit;
  std::size_t end = pending_.find('\n');
  while (end == std::string::npos) {
    if (!fill(until)) return std::nullopt;
    end = pending_.find('\n');
  }
  std::string line = pending_.substr(0, end);
  pending_.erase(0, end + 1);
  return line;
}

std::string Child::read_all(std::chrono::milliseconds limit) {
  const auto until = SteadyClock::now() + limit;
  while (fill(until)) {
  }
  return std::exchange(pending_, {});
}

int Child::finish(std::chrono::milliseconds limit) {
  if (pid_ < 0) return 0;
  in_.reset();
  out_.reset();
  const UniqueFd ended(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  if (!ended.valid() || !wait_readable(ended.fd(), SteadyClock::now() + limit)) ::kill(pid_, SIGKILL);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace example
