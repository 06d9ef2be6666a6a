// A ledger whose rows somebody edited: is every value that no event can have found before it is shown?
#include <SQLiteCpp/SQLiteCpp.h>

#include "fuzz/all.hpp"
#include "fuzz/ledger.hpp"
#include "fuzz/take.hpp"
#include "jeton/event.hpp"
#include "support/temp_dir.hpp"

namespace jeton::fuzz {
namespace {

constexpr int edits_max = 16;

const std::vector<std::string>& columns() {
  static const std::vector<std::string> all = [] {
    std::vector<std::string> names{"log_index", "event", "time_us"};
    const Event none;
    for_each_member(none, [&names](const char* name, const auto&, auto...) { names.emplace_back(name); });
    return names;
  }();
  return all;
}

/// Whoever edits a ledger can also take away what it says about its types.
void forget_types(SQLite::Database& db) {
  db.exec("PRAGMA writable_schema = ON");
  db.exec("UPDATE sqlite_schema SET sql = replace(sql, 'STRICT', '') WHERE name IN ('event', 'term')");
}

void bind(SQLite::Statement& statement, Take& take) {
  switch (take.byte() % 5) {
    case 0: return statement.bind(1, take.number());
    case 1: return statement.bind(1, static_cast<int>(take.byte()));
    case 2: return statement.bind(1, take.text());
    case 3: {
      const auto blob = take.text();
      return statement.bind(1, blob.data(), static_cast<int>(blob.size()));
    }
    default: return statement.bind(1);
  }
}

void edit(SQLite::Database& db, Take& take) {
  const auto which = take.byte();
  const auto row = take.byte() % 8;
  const auto sql = which == 0xff ? "UPDATE term SET text = ? WHERE id = " + std::to_string(row + 1)
                                 : "UPDATE event SET \"" + columns()[which % columns().size()] +
                                       "\" = ? WHERE log_index = " + std::to_string(row);
  SQLite::Statement statement(db, sql);
  bind(statement, take);
  statement.tryExecuteStep();  // a key that is there already stays as it was
}

}  // namespace

void run_rows(Bytes input) {
  static const std::string untyped = [] {
    const auto file = fresh_ledger_file(small_ledger());
    {
      SQLite::Database db(file.string(), SQLite::OPEN_READWRITE);
      forget_types(db);
    }
    return testing::bytes_of(file);
  }();
  const auto file = fresh_ledger_file(untyped);
  {
    SQLite::Database db(file.string(), SQLite::OPEN_READWRITE);
    db.exec("PRAGMA journal_mode = OFF");
    db.exec("PRAGMA synchronous = OFF");
    Take take(input);
    for (int edits = 0; edits < edits_max && !take.empty(); ++edits) edit(db, take);
  }
  hold_for_ledger(file);
}

std::vector<std::string> seeds_rows() {
  std::vector<std::string> seeds{"", std::string("\x00\x05\x00\x7f\xff\xff\xff\xff\xff\xff\xff", 11)};
  // Every column of a full row once as a large number, a text and a blob.
  for (std::size_t column = 0; column < columns().size(); ++column) {
    const std::string place{static_cast<char>(column), '\x05'};
    seeds.push_back(place + std::string("\x00\x7f\xff\xff\xff\xff\xff\xff\xff", 9));
    seeds.push_back(place + "\x02\x04\xff\xfe\xed\xa0");
    seeds.push_back(place + "\x03\x02\xc3\x28");
  }
  seeds.emplace_back("\xff\x03\x02\x02\xc3\x28");
  return seeds;
}

}  // namespace jeton::fuzz
