// An event as OCSF 1.5.0 has it, for a SIEM that knows that schema.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "jeton/event.hpp"

namespace jeton {

inline constexpr std::string_view ocsf_version = "1.5.0";

/// What an event is in that schema; a refusal's activity and severity depend on what it met, and an outcome's status on
/// what it says.
struct OcsfKind {
  EventKind kind;
  int class_uid;
  int activity_id;
  std::string_view activity;
  int severity_id;
  int status_id;
};

/// One row a kind of event, in the order of the kinds.
[[nodiscard]] std::span<const OcsfKind> ocsf_kinds();

/// 0 unknown, 1 informational, 2 low, 3 medium, 4 high.
[[nodiscard]] int ocsf_severity(const Event& event);

/// The event in that schema. `origin` names the log. What has no place of its own in the schema is in `unmapped`, under
/// its name in the leaf. Throws nothing of its own, whatever stands in the event.
[[nodiscard]] Json ocsf_json(const Event& event, std::string_view origin);

}  // namespace jeton
