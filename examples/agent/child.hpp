// A child process with a pipe to its input and one from its output.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "jeton/error.hpp"
#include "unique_fd.hpp"

namespace example {

/// Starts with no descriptor but its three; its stderr is ours. Ended and reaped when this goes out of scope.
class Child {
 public:
  /// argv[0] is looked up in PATH.
  [[nodiscard]] static tl::expected<Child, std::string> start(const std::vector<std::string>& argv);
  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;
  ~Child();

  [[nodiscard]] bool write_line(std::string_view line);
  /// The next line without its end; nothing at the end of its output, after `limit` or beyond 4 MiB.
  [[nodiscard]] std::optional<std::string> read_line(std::chrono::milliseconds limit);
  /// Everything until the end of its output.
  [[nodiscard]] std::string read_all(std::chrono::milliseconds limit);
  /// Closes its input and waits; what does not end by itself is killed. The exit status, 128 + n after a signal n.
  int finish(std::chrono::milliseconds limit = std::chrono::seconds(5));

 private:
  Child(pid_t pid, UniqueFd in, UniqueFd out) : pid_(pid), in_(std::move(in)), out_(std::move(out)) {}
  bool fill(std::chrono::steady_clock::time_point until);
  pid_t pid_;
  UniqueFd in_;
  UniqueFd out_;
  std::string pending_;
};

}  // namespace example
