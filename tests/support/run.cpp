// fork, exec, pipes and poll, so that a test reads what a shell would show.
#include "support/run.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/places.hpp"

extern char** environ;

namespace jeton::outside {
namespace {

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what + ": " + std::strerror(errno)); }

bool is_kept_out(const std::string& entry) {
  for (const char* prefix : {"JETON_", "XDG_", "NOTIFY_SOCKET=", "INVOCATION_ID="})
    if (entry.starts_with(prefix)) return true;
  return false;
}

std::vector<std::string> environment(const Environment& env) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (!is_kept_out(text) && !env.contains(text.substr(0, text.find('=')))) all.push_back(text);
  }
  for (const auto& [name, value] : env) all.push_back(name + "=" + value);
  return all;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (auto& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

struct Pipe {
  int read_end = -1;
  int write_end = -1;
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) fail("pipe");
    read_end = ends[0];
    write_end = ends[1];
  }
  ~Pipe() {
    close_read();
    close_write();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  void close_read() { close_one(read_end); }
  void close_write() { close_one(write_end); }

 private:
  static void close_one(int& fd) {
    if (fd >= 0) ::close(fd);
    fd = -1;
  }
};

/// One read; false at the end of the stream.
bool take(int fd, std::string& into) {
  std::array<char, 8192> chunk{};
  const auto count = ::read(fd, chunk.data(), chunk.size());
  if (count < 0) return errno == EINTR || errno == EAGAIN;
  into.append(chunk.data(), static_cast<std::size_t>(count));
  return count > 0;
}

/// One write; false when all is written or nobody reads any more.
bool give(int fd, std::string& from) {
  const auto count = ::write(fd, from.data(), from.size());
  if (count < 0) return errno == EINTR || errno == EAGAIN;
  from.erase(0, static_cast<std::size_t>(count));
  return !from.empty();
}

}  // namespace

std::string program(const std::string& name) {
  const char* folder = std::getenv("JETON_BIN");
  return std::string(folder != nullptr && *folder != '\0' ? folder : jeton::testing::bin_dir) + "/" + name;
}

pid_t spawn(const std::vector<std::string>& command, const Environment& env, int in, int out, int err) {
  auto words = command;
  auto variables = environment(env);
  const auto argv = pointers_to(words);
  const auto envp = pointers_to(variables);
  const auto child = ::fork();
  if (child < 0) fail("fork");
  if (child > 0) return child;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::dup2(in, 0) >= 0 && ::dup2(out, 1) >= 0 && ::dup2(err, 2) >= 0) ::execvpe(argv[0], argv.data(), envp.data());
  ::_exit(127);
}

int wait_for_exit(pid_t pid, std::chrono::milliseconds limit) {
  int status = 0;
  const bool ended = eventually([&] { return ::waitpid(pid, &status, WNOHANG) == pid; }, limit);
  if (!ended) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, &status, 0);
    throw std::runtime_error("a program did not end in time");
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Ran run(const Run& what) {
  std::signal(SIGPIPE, SIG_IGN);
  Pipe in, out, err;
  const auto pid = spawn(what.command, what.env, in.read_end, out.write_end, err.write_end);
  in.close_read();
  out.close_write();
  err.close_write();
  ::fcntl(in.write_end, F_SETFL, O_NONBLOCK);

  Ran ran{};
  auto input = what.input;
  if (input.empty()) in.close_write();
  const auto end = std::chrono::steady_clock::now() + what.limit;
  while (out.read_end >= 0 || err.read_end >= 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    pollfd fds[3] = {{out.read_end, POLLIN, 0}, {err.read_end, POLLIN, 0}, {in.write_end, POLLOUT, 0}};
    if (left.count() <= 0 || ::poll(fds, 3, static_cast<int>(left.count())) == 0) break;
    if (fds[0].revents != 0 && !take(out.read_end, ran.out)) out.close_read();
    if (fds[1].revents != 0 && !take(err.read_end, ran.err)) err.close_read();
    if (fds[2].revents != 0 && !give(in.write_end, input)) in.close_write();
  }
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
  ran.status = wait_for_exit(pid, std::max(left, std::chrono::milliseconds(0)));
  return ran;
}

TempDir::TempDir() {
  std::string name = "/tmp/jeton-test-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) fail("mkdtemp");
  ::chmod(name.c_str(), 0711);
  path_ = name;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string read_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void write_file(const std::filesystem::path& file, const std::string& text) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << text;
  if (!out.flush()) fail(file.string());
}

void pause_between_polls() { ::poll(nullptr, 0, 2); }

}  // namespace jeton::outside
