// logfmt, written with one call so that lines of two processes do not mix.
#include "ops/log.hpp"

#include <fmt/core.h>
#include <unistd.h>

namespace jeton {
namespace {

std::string quoted(std::string_view value) {
  const auto plain = [](char c) { return c > ' ' && c <= '~' && c != '"' && c != '=' && c != '\\'; };
  bool simple = !value.empty();
  for (const char c : value) simple = simple && plain(c);
  if (simple) return std::string(value);
  std::string out = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') out += '\\';
    if (c >= ' ' && c <= '~')
      out += c;
    else
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  }
  return out + '"';
}

}  // namespace

void log_line(Level level, std::string_view message, std::initializer_list<LogField> fields) {
  constexpr std::string_view names[] = {"info", "warning", "error"};
  auto line = fmt::format("jetond: level={} msg={}", names[static_cast<int>(level)], quoted(message));
  for (const auto& [name, value] : fields) line += fmt::format(" {}={}", name, quoted(value));
  line += '\n';
  // Nothing is left to do when stderr is gone.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace jeton
