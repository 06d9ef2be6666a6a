// The schema of jeton.db, step by step: version N is what the first N steps make, and a step, once released, never
// changes.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace jeton {

/// "JETN": tells `file` and a foreign program what this database is.
inline constexpr int schema_application_id = 0x4A45544E;

/// The SQL that leads from version i to version i+1. Each step runs in one transaction.
[[nodiscard]] std::span<const std::string_view> schema_steps();

/// The view `events` for people and foreign checkers, made from the same list of members as the leaf. Made anew after
/// every step, so it always fits the table.
[[nodiscard]] std::string events_view();

}  // namespace jeton
