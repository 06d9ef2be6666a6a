// Numbers keep their digits: what is rounded says so by its point.
#include "cli/status_words.hpp"

#include <array>
#include <cstdint>

#include <fmt/core.h>

#include "cli/table.hpp"
#include "jeton/clock.hpp"

namespace jeton::cli {
namespace {

std::string counted(std::int64_t number, std::string_view what) {
  return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

std::string bytes_in_words(std::int64_t bytes) {
  constexpr std::int64_t step = 1024;
  constexpr std::array<std::string_view, 4> larger{"KiB", "MiB", "GiB", "TiB"};
  std::int64_t unit = 1;
  std::string_view name = "bytes";
  for (const auto next : larger) {
    if (bytes / step < unit) break;
    unit *= step;
    name = next;
  }
  if (bytes == 1) return "1 byte";
  if (bytes % unit == 0) return fmt::format("{} {}", bytes / unit, name);
  return fmt::format("{:.1f} {}", static_cast<double>(bytes) / static_cast<double>(unit), name);
}

std::string time_in_words(std::int64_t time_s) {
  const bool fits = time_s > INT64_MIN / us_per_s && time_s < INT64_MAX / us_per_s;
  return fits ? utc_time(time_s * us_per_s) : std::to_string(time_s);
}

std::string number_in_words(std::string_view name, std::int64_t number) {
  if (name == "retain_days" && number == 0) return "for ever";
  if (name == "log_bytes_max" && number == 0) return "none";
  if (name.ends_with("_at")) return time_in_words(number);
  if (name.ends_with("_bytes") || name.ends_with("_bytes_max")) return bytes_in_words(number);
  if (name.ends_with("_days")) return counted(number, "day");
  if (name.ends_with("_ms")) return fmt::format("{} ms", number);
  if (name.ends_with("_s")) return fmt::format("{} s", number);
  return std::to_string(number);
}

}  // namespace

std::string status_in_words(std::string_view name, const Json& value) {
  if (value.is_string()) return for_terminal(value.get<std::string>());
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  if (value.is_number_integer()) return number_in_words(name, value.get<std::int64_t>());
  if (!value.is_array()) return for_terminal(value.dump(-1, ' ', true, Json::error_handler_t::replace));
  std::string all;
  for (const auto& item : value) all += (all.empty() ? "" : ", ") + status_in_words(name, item);
  return all.empty() ? "none" : all;
}

std::string issuer_in_words(const Json& issuer) {
  auto words = fmt::format("{}: {}", issuer.value("issuer", ""), counted(issuer.value("keys", std::int64_t{0}), "key"));
  if (issuer.contains("age_s")) words += fmt::format(", read {} s ago", issuer.value("age_s", std::int64_t{0}));
  words += " from " + issuer.value("jwks", "");
  if (issuer.contains("fault")) words += "; " + issuer.value("fault", "");
  return for_terminal(words);
}

}  // namespace jeton::cli
