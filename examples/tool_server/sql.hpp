// SELECT on a real SQLite database, and nothing else, for a bounded time.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "tool_server/toolbox.hpp"

struct sqlite3;

namespace example {

inline constexpr int sql_rows_max = 200;
inline constexpr std::size_t sql_result_bytes_max = 256 * 1024;

/// A database opened read-only behind an authorizer: SQLite asks it about every table, column and function while it
/// compiles a statement, so what is not a plain SELECT never runs. One thread at a time.
class ReadOnlyDatabase {
 public:
  [[nodiscard]] static tl::expected<ReadOnlyDatabase, std::string> open(const std::filesystem::path& file);

  /// {sql}: one SELECT; answers {"columns":[…],"rows":[[…]],"truncated":false}.
  [[nodiscard]] ToolOutput query(const Json& arguments) const;

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  explicit ReadOnlyDatabase(sqlite3* database) : database_(database) {}
  [[nodiscard]] ToolOutput run(const std::string& sql) const;
  std::unique_ptr<sqlite3, Close> database_;
};

/// 64 MiB for all of SQLite in this process.
void limit_sql_memory();

/// Makes the database from a script when it is not there yet. What went wrong; empty: nothing.
[[nodiscard]] std::string seed_database(const std::filesystem::path& file, const std::filesystem::path& script);

/// Adds sql_query.
void add_sql_tool(Toolbox& toolbox, std::shared_ptr<const ReadOnlyDatabase> database);

}  // namespace example
