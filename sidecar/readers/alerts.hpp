// What a reviewer should look at: findings of the view `alerts`, grouped, with what each kind means and what to do
// next.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "jeton/json.hpp"
#include "store/review.hpp"

namespace jeton {

/// high: somebody tries what the tokens are there against, or evidence is in doubt. medium: two records do not fit, or
/// somebody asks for what it may not. low: worth a look when there is time.
enum class Severity { high, medium, low };
[[nodiscard]] std::string_view name_of(Severity severity);

/// One row of the table behind every alert. docs/alerts.md has a section for each, and a test holds it to this table.
struct AlertKind {
  /// Where the evidence is read: the whole call, or the one event where there is none.
  enum class Look { call, event, whole_log, stats };
  std::string_view name;
  Severity severity;
  std::string_view means;
  Look look;
  bool may_switch_off;  ///< whether an operator may have to stop the agent while looking
};
[[nodiscard]] std::span<const AlertKind> alert_kinds();
[[nodiscard]] const AlertKind* alert_kind_named(std::string_view name);

/// Findings of one kind about the same agent (where none is known, the same account), tool and server.
struct Alert {
  const AlertKind* kind = nullptr;
  std::optional<std::string> agent;
  std::optional<std::int64_t> uid;
  std::optional<std::string> tool;
  std::optional<std::string> server;
  std::int64_t first_us = 0;
  std::int64_t last_us = 0;
  std::int64_t count = 0;  ///< of what the findings count, at most 2^53-1
  std::set<std::string> codes;
  std::int64_t log_index = 0;      ///< of the newest finding
  std::optional<std::string> txn;  ///< of the newest finding that is about a call

  /// The exact commands to type next, first the look at the evidence. Nothing in them comes from the log but ids and
  /// names that are checked to be ones. `state`: the state directory, where it is not the usual one.
  [[nodiscard]] std::vector<std::string> what_to_do(const std::optional<std::string>& state,
                                                    const std::filesystem::path& log) const;
};

/// Of a window and, if one is named, a kind. Newest first.
[[nodiscard]] std::vector<Alert> list_alerts(const Review& log, const Window& window, const AlertKind* only);

/// Members as in the view `alerts`; absent ones are left out. `first_us` and `last_us` are microseconds.
[[nodiscard]] Json json_of(const Alert& alert);

}  // namespace jeton
