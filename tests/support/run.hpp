// Running other programs from a test: started with what it says, never waited for without a limit.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <sys/types.h>

namespace jeton::outside {

using Environment = std::map<std::string, std::string>;

/// A program of this build: from $JETON_BIN, else from the build's own bin folder.
[[nodiscard]] std::string program(const std::string& name);

/// Starts a program with these descriptors as stdin, stdout and stderr; it dies with the thread that started it.
/// Nothing of this process's JETON_*, XDG_* and NOTIFY_SOCKET reaches it; `env` is added. Throws when it cannot be
/// started.
[[nodiscard]] pid_t spawn(const std::vector<std::string>& command, const Environment& env, int in, int out, int err);

/// Waits for the end of a child: its exit status, or 128 and the number of the signal. Kills it, and throws, when the
/// limit is over.
int wait_for_exit(pid_t pid, std::chrono::milliseconds limit);

struct Run {
  std::vector<std::string> command;
  std::string input = {};
  Environment env = {};
  std::chrono::milliseconds limit = std::chrono::seconds(30);
};

struct Ran {
  int status;
  std::string out;
  std::string err;
};

/// Runs a program to its end.
[[nodiscard]] Ran run(const Run& what);

/// A directory of one's own under /tmp that goes away with its owner. Others may pass through it.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

[[nodiscard]] std::string read_file(const std::filesystem::path& file);
void write_file(const std::filesystem::path& file, const std::string& text);

/// Asks `holds` again and again until it does; false when it did not within the limit.
template <class Condition>
[[nodiscard]] bool eventually(Condition&& holds, std::chrono::milliseconds limit = std::chrono::seconds(10));

void pause_between_polls();

template <class Condition>
bool eventually(Condition&& holds, std::chrono::milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!holds()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    pause_between_polls();
  }
  return true;
}

}  // namespace jeton::outside
