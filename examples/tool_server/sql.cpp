// sql_query behind SQLite's authorizer, progress handler and limits.
#include "tool_server/sql.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <system_error>

#include <fmt/format.h>
#include <sqlite3.h>

#include "text_file.hpp"

namespace example {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int steps_between_checks = 1000;
constexpr auto time_limit = std::chrono::seconds(1);

/// Functions of values alone. Everything else (load_extension, readfile, fts3_tokenizer) is refused by not being here.
constexpr std::array<std::string_view, 37> harmless_functions = {
    "abs",      "avg",    "ceil",   "ceiling",      "char",   "coalesce",  "count",   "date",  "datetime",   "floor",
    "glob",     "hex",    "ifnull", "iif",          "instr",  "julianday", "length",  "like",  "lower",      "ltrim",
    "max",      "min",    "nullif", "group_concat", "printf", "quote",     "replace", "round", "row_number", "rtrim",
    "strftime", "substr", "sum",    "time",         "total",  "trim",      "upper"};

int authorize(void*, int action, const char*, const char* second, const char*, const char*) {
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE: return SQLITE_OK;
    case SQLITE_FUNCTION: {
      std::string name = second;
      std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
      const auto found = std::find(harmless_functions.begin(), harmless_functions.end(), name);
      return found != harmless_functions.end() ? SQLITE_OK : SQLITE_DENY;
    }
    default: return SQLITE_DENY;
  }
}

/// Stops a statement whose time is up, for as long as this lives.
class TimeLimit {
 public:
  explicit TimeLimit(sqlite3* database) : database_(database), until_(Clock::now() + time_limit) {
    sqlite3_progress_handler(database, steps_between_checks, over, this);
  }
  ~TimeLimit() { sqlite3_progress_handler(database_, 0, nullptr, nullptr); }
  TimeLimit(const TimeLimit&) = delete;
  TimeLimit& operator=(const TimeLimit&) = delete;

 private:
  static int over(void* self) { return Clock::now() > static_cast<TimeLimit*>(self)->until_ ? 1 : 0; }
  sqlite3* database_;
  Clock::time_point until_;
};

struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

ToolOutput why_not(sqlite3* database, int status) {
  switch (status & 0xff) {
    case SQLITE_AUTH: return tool_failed("only SELECT with plain functions is allowed");
    case SQLITE_INTERRUPT: return tool_failed("stopped: the query takes too long; narrow it");
    case SQLITE_TOOBIG:
    case SQLITE_NOMEM: return tool_failed("stopped: the query needs too much memory; narrow it");
    default: return tool_failed(fmt::format("sqlite: {}", sqlite3_errmsg(database)));
  }
}

Json value_at(sqlite3_stmt* statement, int column) {
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER: return sqlite3_column_int64(statement, column);
    case SQLITE_FLOAT: return sqlite3_column_double(statement, column);
    case SQLITE_TEXT: return reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
    case SQLITE_BLOB: return fmt::format("[blob of {} bytes]", sqlite3_column_bytes(statement, column));
    default: return nullptr;
  }
}

Json row_at(sqlite3_stmt* statement) {
  Json row = Json::array();
  for (int i = 0; i < sqlite3_column_count(statement); ++i) row.push_back(value_at(statement, i));
  return row;
}

std::size_t bytes_at(sqlite3_stmt* statement) {
  std::size_t bytes = 0;
  for (int i = 0; i < sqlite3_column_count(statement); ++i) {
    bytes += static_cast<std::size_t>(sqlite3_column_bytes(statement, i)) + 8;
  }
  return bytes;
}

void restrict(sqlite3* database) {
  sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, nullptr);
  sqlite3_limit(database, SQLITE_LIMIT_ATTACHED, 0);
  sqlite3_limit(database, SQLITE_LIMIT_LENGTH, 1 << 20);
  sqlite3_limit(database, SQLITE_LIMIT_SQL_LENGTH, 64 << 10);
  sqlite3_limit(database, SQLITE_LIMIT_EXPR_DEPTH, 100);
  sqlite3_limit(database, SQLITE_LIMIT_COMPOUND_SELECT, 50);
  sqlite3_limit(database, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 200);
  sqlite3_busy_timeout(database, 250);
  sqlite3_set_authorizer(database, authorize, nullptr);
}

}  // namespace

void ReadOnlyDatabase::Close::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

tl::expected<ReadOnlyDatabase, std::string> ReadOnlyDatabase::open(const std::filesystem::path& file) {
  sqlite3* handle = nullptr;
  const int status = sqlite3_open_v2(file.c_str(), &handle, SQLITE_OPEN_READONLY, nullptr);
  ReadOnlyDatabase database(handle);
  if (status != SQLITE_OK) return tl::unexpected(fmt::format("{}: {}", file.string(), sqlite3_errstr(status)));
  restrict(handle);
  return database;
}

ToolOutput ReadOnlyDatabase::query(const Json& arguments) const {
  if (auto why = unfit_arguments(arguments, "sql", {"sql"}); !why.empty()) return tool_failed(why);
  return run(arguments["sql"].get<std::string>());
}

ToolOutput ReadOnlyDatabase::run(const std::string& sql) const {
  sqlite3_stmt* compiled = nullptr;
  const char* rest = nullptr;
  const TimeLimit limit(database_.get());
  int status = sqlite3_prepare_v2(database_.get(), sql.c_str(), -1, &compiled, &rest);
  const Statement statement(compiled);
  if (status != SQLITE_OK) return why_not(database_.get(), status);
  if (!statement) return tool_failed("sql holds no statement");
  // What has no columns is no SELECT, even where SQLite found nothing in it to ask the authorizer about.
  const bool selects = sqlite3_column_count(statement.get()) > 0 && sqlite3_stmt_readonly(statement.get()) != 0;
  if (!selects) return why_not(database_.get(), SQLITE_AUTH);
  if (std::string_view(rest).find_first_not_of(" \t\r\n;") != std::string_view::npos) {
    return tool_failed("one statement at a time");
  }

  Json columns = Json::array();
  for (int i = 0; i < sqlite3_column_count(statement.get()); ++i) {
    columns.push_back(sqlite3_column_name(statement.get(), i));
  }
  Json rows = Json::array();
  std::size_t bytes = 0;
  while ((status = sqlite3_step(statement.get())) == SQLITE_ROW && rows.size() < sql_rows_max) {
    bytes += bytes_at(statement.get());
    if (bytes > sql_result_bytes_max) break;
    rows.push_back(row_at(statement.get()));
  }
  if (status != SQLITE_DONE && status != SQLITE_ROW) return why_not(database_.get(), status);
  const Json result = {{"columns", columns}, {"rows", rows}, {"truncated", status == SQLITE_ROW}};
  return {result.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

void limit_sql_memory() { sqlite3_hard_heap_limit64(64 << 20); }

std::string seed_database(const std::filesystem::path& file, const std::filesystem::path& script) {
  if (std::filesystem::exists(file)) return {};
  const auto sql = read_text_file(script);
  if (!sql) return fmt::format("{}: cannot be read", script.string());

  sqlite3* handle = nullptr;
  int status = sqlite3_open_v2(file.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  if (status == SQLITE_OK) status = sqlite3_exec(handle, sql->c_str(), nullptr, nullptr, nullptr);
  const std::string why = status == SQLITE_OK ? "" : fmt::format("{}: {}", file.string(), sqlite3_errmsg(handle));
  sqlite3_close_v2(handle);
  std::error_code ignored;
  if (!why.empty()) std::filesystem::remove(file, ignored);
  return why;
}

void add_sql_tool(Toolbox& toolbox, std::shared_ptr<const ReadOnlyDatabase> database) {
  const Json sql = {{"type", "string"}, {"description", "one SELECT statement of SQLite"}};
  toolbox.add({"sql_query", "Asks the database; sqlite_schema shows its tables.",
               object_schema({{"sql", sql}}, {"sql"}),
               [database](const Json& arguments) { return database->query(arguments); }});
}

}  // namespace example
