// `jeton run -- CMD`: a daemon for one program, gone with it.
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/config.hpp"
#include "app/paths.hpp"
#include "cli/commands.hpp"
#include "cli/table.hpp"

namespace jeton::cli {
namespace {

namespace fs = std::filesystem;

constexpr int ready_within_ms = 20'000;

/// A directory only this account can enter, gone with its owner.
class SocketDirectory {
 public:
  SocketDirectory() {
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");
    auto pattern = std::string(runtime != nullptr && *runtime != '\0' ? runtime : "/tmp") + "/jeton-run-XXXXXX";
    if (::mkdtemp(pattern.data()) != nullptr) path_ = pattern;  // mode 0700
  }
  ~SocketDirectory() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  SocketDirectory(const SocketDirectory&) = delete;
  SocketDirectory& operator=(const SocketDirectory&) = delete;
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// jetond of this installation: beside this program, else wherever the shell would find it.
std::string jetond() {
  std::error_code error;
  const auto self = fs::read_symlink("/proc/self/exe", error);
  const auto beside = self.parent_path() / "jetond";
  return !error && fs::exists(beside, error) ? beside.string() : "jetond";
}

/// Replaces this process; returns only when there is no such program.
[[noreturn]] void become(const std::vector<std::string>& words) {
  std::vector<char*> argv;
  for (const auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  ::execvp(argv[0], argv.data());
  const int why = errno;
  fmt::print(stderr, "jeton: cannot run {}: {}\n", for_terminal(words[0]), std::strerror(why));
  ::_exit(why == ENOENT ? 127 : 126);
}

int status_of(int status) { return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status); }

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  return status_of(status);
}

/// The daemon as a child that is stopped, and waited for, at the end of scope.
class PrivateDaemon {
 public:
  explicit PrivateDaemon(const std::vector<std::string>& command) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return;
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ == 0) {
      // It outlives neither the one that started it nor a Ctrl-C that is meant for the program.
      ::prctl(PR_SET_PDEATHSIG, SIGTERM);
      if (::getppid() != parent) ::_exit(1);
      ::setpgid(0, 0);
      // What stops it must reach it, whatever is blocked here, and it is nobody's service of its own.
      sigset_t none;
      sigemptyset(&none);
      ::sigprocmask(SIG_SETMASK, &none, nullptr);
      ::unsetenv("NOTIFY_SOCKET");
      ::dup2(ends[1], STDOUT_FILENO);
      become(command);
    }
    ::close(ends[1]);
    ready_ = pid_ > 0 && is_ready(ends[0]);
    ::close(ends[0]);
  }
  ~PrivateDaemon() { (void)stop(); }
  PrivateDaemon(const PrivateDaemon&) = delete;
  PrivateDaemon& operator=(const PrivateDaemon&) = delete;

  [[nodiscard]] bool ready() const { return ready_; }
  /// Its exit status; what it had to say stands on stderr.
  int stop() {
    if (pid_ <= 0) return 1;
    ::kill(pid_, SIGTERM);
    const int status = wait_for(pid_);
    pid_ = -1;
    return status;
  }

 private:
  static bool is_ready(int fd) {
    std::string line;
    std::array<char, 512> part{};
    while (line.find('\n') == line.npos) {
      pollfd readable{fd, POLLIN, 0};
      if (::poll(&readable, 1, ready_within_ms) <= 0) return false;
      const auto size = ::read(fd, part.data(), part.size());
      if (size <= 0) return false;
      line.append(part.data(), static_cast<std::size_t>(size));
    }
    return line.starts_with("ready ");
  }

  pid_t pid_ = -1;
  bool ready_ = false;
};

/// The program in the foreground: what a terminal sends reaches it by itself, what is sent to us is handed on.
int run_program(const std::vector<std::string>& command, const fs::path& socket) {
  static volatile pid_t child = -1;
  const pid_t parent = ::getpid();
  sigset_t handed_on, before;
  sigemptyset(&handed_on);
  for (const int signal : {SIGTERM, SIGHUP, SIGINT, SIGQUIT}) sigaddset(&handed_on, signal);
  ::sigprocmask(SIG_BLOCK, &handed_on, &before);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) ::_exit(1);
    ::setenv("JETON_SOCKET", socket.c_str(), 1);
    become(command);
  }
  if (pid < 0) return 1;
  child = pid;
  struct sigaction hand_on {};
  hand_on.sa_handler = [](int signal) { ::kill(child, signal); };
  for (const int signal : {SIGTERM, SIGHUP}) ::sigaction(signal, &hand_on, nullptr);
  struct sigaction leave_to_program {};
  leave_to_program.sa_handler = SIG_IGN;
  for (const int signal : {SIGINT, SIGQUIT}) ::sigaction(signal, &leave_to_program, nullptr);
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  return wait_for(pid);
}

/// The agent that was named, or the only one there is.
Result<std::string> agent_of(const RunOptions& options, const fs::path& file) {
  if (options.agent) {
    // It names a directory as well, before anybody looked it up.
    if (options.agent->find('/') == std::string::npos && *options.agent != "." && *options.agent != "..")
      return *options.agent;
    return refuse(Code::bad_request, "--agent takes the name of an [[agent]], which has no /");
  }
  const auto config = load_config(file, ::geteuid());
  if (!config) return refuse(config.error());
  const auto& agents = config->roles.agents;
  if (agents.size() == 1) return agents.front().name;
  std::string names;
  for (const auto& agent : agents) names += (names.empty() ? "" : ", ") + agent.name;
  return refuse(Code::bad_request, fmt::format("{} has {} agents; say which with --agent{}", file.string(),
                                               agents.size(), names.empty() ? "" : ": " + names));
}

}  // namespace

int run(const Common& common, const RunOptions& options) {
  if (common.socket) return usage("run makes a socket of its own; leave --socket out");
  const auto home = default_state();
  const auto config = options.config ? fs::path(*options.config) : default_config(home);
  const auto agent = agent_of(options, config);
  if (!agent) {
    (void)tell(common, agent.error());
    return 2;
  }
  // A log of its own for each agent, kept: two daemons never share a state directory.
  const auto state = common.state ? fs::path(*common.state) : home / "run" / *agent;
  std::error_code error;
  // One that is there keeps its mode: it may be anybody's, and the daemon says what is wrong with it.
  if (fs::create_directories(state, error) && !error) fs::permissions(state, fs::perms::owner_all, error);
  if (error) {
    return tell(common, {Code::log_unavailable, fmt::format("cannot make {}: {}; name another with --state",
                                                            state.string(), error.message())});
  }
  const SocketDirectory directory;
  if (directory.path().empty()) {
    return tell(common, {Code::sidecar_unavailable,
                         fmt::format("cannot make a directory for the socket: {}; set XDG_RUNTIME_DIR to a directory "
                                     "of yours",
                                     std::strerror(errno))});
  }
  const auto socket = directory.path() / "agent.sock";
  PrivateDaemon daemon({jetond(), "--config", config.string(), "--state", state.string(), "--socket", socket.string(),
                        "--only-agent", *agent});
  if (!daemon.ready()) {
    const int status = daemon.stop();
    fmt::print(stderr, "jeton: error: the sidecar did not start, and nothing was run\n");
    return status == 2 ? 2 : 3;
  }
  return run_program(options.command, socket);
}

}  // namespace jeton::cli
