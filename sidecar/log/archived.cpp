// A day is enough: it leads to the archive of that day.
#include "log/archived.hpp"

#include <array>
#include <ctime>

#include <fmt/core.h>

#include "jeton/clock.hpp"

namespace jeton {

std::string archived_words(const LogReader::Archive& archive, std::string_view ask, std::uint64_t from) {
  const auto seconds = static_cast<std::time_t>(archive.time_us / us_per_s);
  std::tm parts{};
  std::array<char, 16> day{};
  if (::gmtime_r(&seconds, &parts) != nullptr) (void)std::strftime(day.data(), day.size(), "%Y-%m-%d", &parts);
  return fmt::format("events {} to {} were archived on {}; ask the archive: jeton log {} --state DIR", from,
                     archive.first - 1, day.data(), ask);
}

}  // namespace jeton
