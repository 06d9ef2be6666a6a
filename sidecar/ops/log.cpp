// logfmt, written with one call so that lines of two processes do not mix.
#include "ops/log.hpp"

#include <algorithm>
#include <array>
#include <atomic>

#include <fmt/core.h>
#include <unistd.h>

namespace jeton {
namespace {

constexpr std::array<std::string_view, 4> names{"debug", "info", "warning", "error"};
std::atomic<Level> least_level = Level::info;

std::string in_quotes(std::string_view value) {
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

std::optional<Level> level_named(std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Level>(found - names.begin());
}

void set_log_level(Level least) { least_level = least; }
bool is_logged(Level level) { return level >= least_level; }

void log_line(Level level, std::string_view message, std::initializer_list<LogField> fields) {
  if (!is_logged(level)) return;
  auto line = fmt::format("jetond: level={} msg={}", names[static_cast<std::size_t>(level)], in_quotes(message));
  for (const auto& [name, value] : fields) line += fmt::format(" {}={}", name, in_quotes(value));
  line += '\n';
  // Nothing is left to do when stderr is gone.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace jeton
