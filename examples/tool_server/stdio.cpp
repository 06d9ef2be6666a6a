// A line reader with a bound, and a writer that finishes what it began.
#include "tool_server/stdio.hpp"

#include <array>
#include <cerrno>

#include <unistd.h>

namespace example {
namespace {

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

ssize_t read_some(int fd, std::array<char, 64 * 1024>& buffer) {
  ssize_t got = 0;
  do {
    got = ::read(fd, buffer.data(), buffer.size());
  } while (got < 0 && errno == EINTR);
  return got;
}

}  // namespace

bool serve_lines(int in, int out, std::size_t limit, const AnswerLine& answer) {
  std::array<char, 64 * 1024> buffer;
  std::string line;
  const auto finish_line = [&] {
    const bool blank = line.find_first_not_of(" \t\r") == std::string::npos;
    const auto said = blank ? std::nullopt : answer(line);
    line.clear();
    return !said || write_all(out, *said + '\n');
  };
  for (;;) {
    const ssize_t got = read_some(in, buffer);
    if (got <= 0) return (line.empty() || finish_line()) && got == 0;
    std::string_view chunk(buffer.data(), static_cast<std::size_t>(got));
    while (!chunk.empty()) {
      const std::size_t end = chunk.find('\n');
      const std::string_view piece = chunk.substr(0, end);
      line.append(piece.substr(0, limit + 1 - line.size()));
      if (end == std::string_view::npos) break;
      if (!finish_line()) return false;
      chunk.remove_prefix(end + 1);
    }
  }
}

}  // namespace example
