// Eighths of a cell where there are block elements, whole cells where not.
#include "cli/bars.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>

#include <unistd.h>

namespace jeton::cli {
namespace {

constexpr std::array<const char*, 9> widths{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};
constexpr std::array<const char*, 9> heights{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr std::array<const char*, 9> plain_heights{" ", ".", ":", "-", "=", "+", "*", "%", "#"};

/// value : largest as so many of `steps`, rounded up.
int steps_of(std::int64_t value, std::int64_t largest, int steps) {
  if (value <= 0 || largest <= 0) return 0;
  const auto part = static_cast<double>(std::min(value, largest)) / static_cast<double>(largest);
  return std::max(1, static_cast<int>(part * steps + 0.5));
}

}  // namespace

std::string bar(std::int64_t value, std::int64_t largest, int cells, bool blocks) {
  if (!blocks) return std::string(static_cast<std::size_t>(steps_of(value, largest, cells)), '#');
  const int eighths = steps_of(value, largest, cells * 8);
  std::string out;
  for (int i = 0; i < eighths / 8; ++i) out += widths[8];
  return out + widths.at(static_cast<std::size_t>(eighths % 8));
}

std::string sparkline(const std::vector<std::int64_t>& values, bool blocks) {
  const auto largest = values.empty() ? 0 : *std::max_element(values.begin(), values.end());
  std::string out;
  for (const auto value : values)
    out += (blocks ? heights : plain_heights).at(static_cast<std::size_t>(steps_of(value, largest, 8)));
  return out;
}

bool blocks_wanted() {
  if (::isatty(STDOUT_FILENO) != 1) return false;
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    std::string locale = value;
    std::transform(locale.begin(), locale.end(), locale.begin(), [](unsigned char c) { return std::tolower(c); });
    return locale.find("utf-8") != locale.npos || locale.find("utf8") != locale.npos;
  }
  return false;
}

}  // namespace jeton::cli
