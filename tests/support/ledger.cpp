// A connection for each question, so that no test keeps a read transaction open under the daemon.
#include "support/ledger.hpp"

#include <stdexcept>

#include <SQLiteCpp/SQLiteCpp.h>

namespace jeton::outside {

Ledger::Rows Ledger::rows(const std::string& sql) const {
  const SQLite::Database db(file_.string(), SQLite::OPEN_READONLY, 5000);
  SQLite::Statement statement(db, sql);
  Rows all;
  while (statement.executeStep()) {
    auto& row = all.emplace_back();
    for (int i = 0; i < statement.getColumnCount(); ++i)
      row.push_back(statement.isColumnNull(i) ? "" : statement.getColumn(i).getString());
  }
  return all;
}

std::string Ledger::one(const std::string& sql) const {
  const auto all = rows(sql);
  if (all.empty()) throw std::runtime_error("no row for: " + sql);
  return all.front().front();
}

long Ledger::count(const std::string& where) const {
  return std::stol(one("SELECT count(*) FROM events WHERE " + where));
}

std::string sql_text(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("''") : std::string(1, c);
  return out + "'";
}

}  // namespace jeton::outside
