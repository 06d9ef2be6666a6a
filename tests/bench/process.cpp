// fork, exec, one line, and SIGTERM at the end.
#include "bench/process.hpp"

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace jeton::bench {

Child::Child(const std::vector<std::string>& command) {
  int out[2];
  if (::pipe(out) != 0) throw std::runtime_error("pipe");
  std::vector<char*> words;
  for (const auto& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ == 0) {
    ::dup2(out[1], STDOUT_FILENO);
    // What a child says while all is well would only break the table.
    const int quiet = ::open("/dev/null", O_WRONLY);
    if (std::getenv("JETON_BENCH_VERBOSE") == nullptr) ::dup2(quiet, STDERR_FILENO);
    ::close(out[0]);
    ::close(out[1]);
    ::execv(words[0], words.data());
    ::_exit(127);
  }
  ::close(out[1]);
  std::string line;
  for (char c = 0; ::read(out[0], &c, 1) == 1 && c != '\n';) line += c;
  ::close(out[0]);
  if (!line.starts_with("ready")) throw std::runtime_error(command.front() + " did not become ready");
}

Child::~Child() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGTERM);
  ::waitpid(pid_, nullptr, 0);
}

long Child::rss_kib() const {
  std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmRSS:")) return std::strtol(line.c_str() + 6, nullptr, 10);
  return -1;
}

Scratch::Scratch(const std::filesystem::path& below) {
  std::string name = (below / "jeton-bench-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
  path_ = name;
}
Scratch::~Scratch() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace jeton::bench
