// The schema of jeton.db, step by step: version N is what the first N steps make, and a step, once released, never
// changes.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace jeton {

/// "JETN": tells `file` and a foreign program what this database is.
inline constexpr int schema_application_id = 0x4A45544E;

/// The SQL that leads from version i to version i+1. Each step runs in one transaction.
[[nodiscard]] std::span<const std::string_view> schema_steps();

/// Ledgers from this schema on have the tables and columns that readers ask for: nothing brings an archive up to date.
/// A step that adds one comes with a way to read those without it.
inline constexpr int schema_readable_from = 6;

/// Which events hold for as long as there is a log: switches, revoked runs and agents. The words are those of the index
/// event_of_control, by which SQLite knows that it may be used.
inline constexpr std::string_view control_rows =
    "(event = 14 OR event = 15 OR event = 17 OR (event = 10 AND jti IS NULL))";

/// A view and its whole CREATE VIEW.
struct View {
  std::string name;
  std::string sql;
};

/// The views for people and foreign checkers, each after those it reads. Made anew after every step, and when the file
/// is opened by a version that words them otherwise. A release that changes one comes with a step, if only an empty
/// one: readers take a view that differs for somebody else's.
[[nodiscard]] std::vector<View> schema_views();

}  // namespace jeton
