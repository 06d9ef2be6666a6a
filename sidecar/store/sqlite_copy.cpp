// Page by page into a ledger of the same schema: an append-only log does not change behind the reader.
#include "store/sqlite_copy.hpp"

#include <fmt/core.h>

#include "store/schema/schema.hpp"
#include "store/sqlite_open.hpp"

namespace jeton {
namespace {

constexpr std::int64_t page_rows = 4096;

void copy_table(SQLite::Database& to, const std::string& table, const std::string& where) {
  to.exec(fmt::format("INSERT INTO main.{0} SELECT * FROM source.{0} WHERE {1}", table, where));
}

void copy_all(SQLite::Database& to, std::int64_t size) {
  to.exec("DELETE FROM main.meta");
  copy_table(to, "meta", "TRUE");
  // Terms first, by id: an event names only terms that stood there before it.
  const auto terms = to.execAndGet("SELECT coalesce(max(id), 0) FROM source.term").getInt64();
  for (std::int64_t from = 0; from <= terms; from += page_rows)
    copy_table(to, "term", fmt::format("id >= {} AND id < {}", from, from + page_rows));
  for (std::int64_t from = 0; from < size; from += page_rows)
    copy_table(to, "event", fmt::format("log_index >= {} AND log_index < {}", from, std::min(from + page_rows, size)));
  // Only nodes whose last leaf is among the copied ones: what is above them is not part of this tree.
  copy_table(to, "tree", fmt::format("((n + 1) << (8 * level)) <= {}", size));
  copy_table(to, "checkpoint", fmt::format("size <= {}", size));
}

}  // namespace

Result<void> copy_ledger(const std::filesystem::path& from, const std::filesystem::path& to, std::uint64_t size) {
  if (std::filesystem::exists(to))
    return refuse(Code::bad_request, fmt::format("{} is there already; name a new file", to.string()));
  try {
    SQLite::Database copy(to.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE | SQLite::OPEN_URI,
                          busy_timeout_ms);
    migrate(copy, 0, schema_steps());
    copy.exec("PRAGMA synchronous = NORMAL");
    SQLite::Statement attach(copy, "ATTACH ? AS source");
    attach.bind(1, "file:" + from.string() + "?mode=ro");
    attach.exec();
    copy_all(copy, static_cast<std::int64_t>(size));
    copy.exec("DETACH source");
    return {};
  } catch (const SQLite::Exception& error) {
    std::error_code ignored;
    std::filesystem::remove(to, ignored);
    return log_unavailable(fmt::format("cannot copy the log to {}", to.string()), error);
  }
}

}  // namespace jeton
