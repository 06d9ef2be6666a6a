// `jeton log stats`: how much of what happened, as numbers and as pictures of them.
#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "cli/bars.hpp"
#include "cli/commands.hpp"
#include "cli/review.hpp"
#include "cli/table.hpp"
#include "jeton/clock.hpp"
#include "readers/stats.hpp"

namespace jeton::cli {
namespace {

constexpr int bar_cells = 20;
constexpr std::int64_t columns_max = 60;

std::int64_t weight_of(const Sums& sums) { return sums.calls + sums.refusals; }

/// The busiest first.
template <class Value, class Weight>
std::vector<std::pair<std::string, Value>> busiest(const std::map<std::string, Value>& all, Weight weight) {
  std::vector<std::pair<std::string, Value>> list(all.begin(), all.end());
  list.erase(std::remove_if(list.begin(), list.end(), [](const auto& entry) { return entry.first.empty(); }),
             list.end());
  std::stable_sort(list.begin(), list.end(),
                   [&weight](const auto& a, const auto& b) { return weight(a.second) > weight(b.second); });
  return list;
}

void print_more(std::size_t all, std::uint64_t limit) {
  if (all > limit) fmt::print("and {} more: --limit {}\n", all - limit, all);
}

void print_sums(const char* title, const std::map<std::string, Sums>& all, std::uint64_t limit, bool names_are_ids) {
  const auto list = busiest(all, weight_of);
  if (list.empty()) return;
  Table table({title, "CALLS", "TOKENS", "REDEEMED", "REPORTED", "REFUSED", "CALLS AND REFUSALS"});
  table.numbers(1, 5);
  for (std::size_t i = 0; i < list.size() && i < limit; ++i) {
    const auto& [key, sums] = list[i];
    table.add({for_terminal(names_are_ids ? key.substr(key.rfind('/') + 1) : key), std::to_string(sums.calls),
               std::to_string(sums.tokens), std::to_string(sums.redemptions), std::to_string(sums.reported),
               std::to_string(sums.refusals),
               bar(weight_of(sums), weight_of(list.front().second), bar_cells, blocks_wanted())});
  }
  fmt::print("\n{}", table.text(colour_wanted()));
  print_more(list.size(), limit);
}

void print_codes(const std::map<std::string, std::int64_t>& codes, std::uint64_t limit) {
  const auto list = busiest(codes, [](std::int64_t n) { return n; });
  if (list.empty()) return;
  Table table({"CODE", "REFUSED", ""});
  table.numbers(1, 1);
  for (std::size_t i = 0; i < list.size() && i < limit; ++i)
    table.add({for_terminal(list[i].first), std::to_string(list[i].second),
               bar(list[i].second, list.front().second, bar_cells, blocks_wanted())});
  fmt::print("\n{}", table.text(colour_wanted()));
  print_more(list.size(), limit);
}

/// How many hours a column stands for, so that all of them fit on a line.
std::int64_t hours_a_column(std::int64_t hours) {
  constexpr std::array<std::int64_t, 6> widths{1, 24, 168, 730, 8766, 87'660};
  for (const auto width : widths)
    if (hours / width < columns_max) return width;
  return hours / columns_max + 1;  // only an edited log lasts that long
}

std::string width_words(std::int64_t hours) {
  if (hours == 1) return "an hour";
  if (hours == 24) return "a day";
  return hours % 24 == 0 ? fmt::format("{} days", hours / 24) : fmt::format("{} hours", hours);
}

void print_hours(const std::map<std::int64_t, Sums>& hours) {
  if (hours.empty()) return;
  const auto first = hours.begin()->first, last = hours.rbegin()->first;
  const auto width = hours_a_column(last - first + 1);
  const auto columns = static_cast<std::size_t>((last - first) / width + 1);
  std::vector<std::int64_t> calls(columns), redemptions(columns), refusals(columns);
  for (const auto& [hour, sums] : hours) {
    const auto column = static_cast<std::size_t>((hour - first) / width);
    calls[column] += sums.calls;
    redemptions[column] += sums.redemptions + sums.reported;
    refusals[column] += sums.refusals;
  }
  const auto line = [blocks = blocks_wanted()](const char* name, const std::vector<std::int64_t>& values) {
    fmt::print("{:<9} |{}| at most {}\n", name, sparkline(values, blocks),
               *std::max_element(values.begin(), values.end()));
  };
  constexpr std::int64_t us_per_hour = 3600 * us_per_s;
  fmt::print("\n{} a column, from {}\n", width_words(width), utc_time(first * us_per_hour));
  line("calls", calls);
  line("redeemed", redemptions);
  line("refused", refusals);
}

}  // namespace

int log_stats(const Common& common, const ReviewOptions& options) {
  return with_review(common, options, [&](const Review& log, const Window& window) {
    const auto stats = sum_up(log, window);
    if (common.json) {
      fmt::print("{}\n", json_for_terminal(stats.json()));
      return 0;
    }
    fmt::print("calls {}  tokens {}  redeemed {}  reported {}  refused {}\n", stats.all.calls, stats.all.tokens,
               stats.all.redemptions, stats.all.reported, stats.all.refusals);
    print_hours(stats.hours);
    print_codes(stats.codes, options.limit);
    print_sums("AGENT", stats.agents, options.limit, true);
    print_sums("TOOL", stats.tools, options.limit, false);
    print_sums("SERVER", stats.servers, options.limit, false);
    return 0;
  });
}

}  // namespace jeton::cli
