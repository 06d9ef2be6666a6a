// Whatever bytes somebody planted in the file: no command lets them act in a terminal, and every document stays JSON.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <thread>

#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <unistd.h>

#include "cli/commands.hpp"
#include "support/catch.hpp"
#include "support/events.hpp"
#include "support/ledger.hpp"
#include "support/printed.hpp"
#include "support/temp_dir.hpp"
#include "support/told_log.hpp"

namespace {

namespace t = jeton::testing;
using jeton::cli::Common;
using jeton::cli::LogOptions;
using jeton::cli::ReviewOptions;

struct Bytes {
  const char* what;
  std::string bytes;
};

const std::vector<Bytes>& hostile() {
  static const std::vector<Bytes> all{
      {"html", "<script>alert(1)</script><img src=x onerror=alert(1)>&amp;\"'"},
      {"terminal escapes", "\x1b]0;owned\x07\x1b[2J\x1b[31m\r\n\x08\x7f"},
      {"c1 controls",
       "\xC2\x9B"
       "31m\xC2\x90q\xC2\x9C"},
      {"right to left", "\xE2\x80\xAEtxt.exe\xE2\x80\xAC\xE2\x81\xA6x\xE2\x81\xA9\xD8\x9C\xE2\x80\x8F\xE2\x80\x8B"},
      {"sql quotes", "'; DROP TABLE event; --\" ` ] \\"},
      {"csv formulas", "=HYPERLINK(\"http://x\");+1;-1;@SUM(A1)\t|"},
      {"no utf-8", "\xFF\xFE\xC3\x28\xED\xA0\x80"},
      {"a line of its own", "x\n2026-11-21 22:37:50Z  high  replay  fake\n"},
      {"fmt fields", "{} {0} {:9999999}%s%n"},
      {"shell", "$(reboot) `reboot` ; reboot & | > /etc/passwd"},
      {"long", std::string(70'000, 'w')},
  };
  return all;
}

/// Where a text can be planted: a shared word, and texts of a row's own.
const std::vector<const char*>& places() {
  static const std::vector<const char*> all{
      "UPDATE term SET text = ?1 || id",
      "UPDATE event SET call_id = ?1, detail = ?1, traceparent = ?1",
      // One agent whose name goes on.
      "UPDATE term SET text = text || '/' || ?1",
  };
  return all;
}

using Command = std::function<int(const Common&)>;
const std::vector<std::pair<const char*, Command>>& commands() {
  static const std::vector<std::pair<const char*, Command>> all{
      {"calls", [](const Common& common) { return jeton::cli::log_calls(common, {}); }},
      {"show",
       [](const Common& common) {
         LogOptions options;
         options.txn = t::id_of<jeton::Txn>(3).text();
         return jeton::cli::log_show(common, options);
       }},
      {"alerts", [](const Common& common) { return jeton::cli::log_alerts(common, {}); }},
      {"stats", [](const Common& common) { return jeton::cli::log_stats(common, {}); }},
  };
  return all;
}

}  // namespace

TEST_CASE("no bytes that somebody planted in the log act in a terminal or break a document") {
  const t::TempDir made;
  { const t::ToldLog log(made / "jeton.db"); }
  for (const auto& [what, bytes] : hostile())
    for (const auto* place : places()) {
      const t::TempDir dir;
      std::filesystem::copy_file(made / "jeton.db", dir / "jeton.db");
      {
        SQLite::Database db((dir / "jeton.db").string(), SQLite::OPEN_READWRITE);
        db.exec("PRAGMA synchronous = OFF");
        SQLite::Statement plant(db, place);
        plant.bind(1, bytes);
        plant.exec();
      }
      for (const auto& [name, command] : commands())
        for (const bool json : {false, true}) {
          INFO(what << " by " << place << " in " << name << (json ? " --json" : ""));
          Common common;
          common.state = dir.path().string();
          common.json = json;
          int status = -1;
          std::string out;
          const auto err =
              t::printed_on(stderr, [&] { out = t::printed_on(stdout, [&] { status = command(common); }); });
          CHECK(status == 0);
          CHECK(t::is_harmless(out));
          CHECK(t::is_harmless(err));
          CHECK(out.size() > 20);
          if (json) CHECK(jeton::Json::accept(out));
          if (!json) CHECK(out.find("\n2026-11-21 22:37:50Z  high  replay  fake") == out.npos);
        }
    }
}

TEST_CASE("the views answer whatever bytes stand in the rows") {
  const t::TempDir dir;
  { const t::ToldLog log(dir / "jeton.db"); }
  const jeton::outside::Ledger ledger(dir.path());
  for (const auto& [what, bytes] : hostile()) {
    INFO(what);
    {
      SQLite::Database db((dir / "jeton.db").string(), SQLite::OPEN_READWRITE);
      SQLite::Statement plant(db, "UPDATE term SET text = ?1 || id");
      plant.bind(1, bytes);
      plant.exec();
    }
    CHECK(ledger.rows("SELECT * FROM calls").size() == 11);
    CHECK(ledger.rows("SELECT * FROM attempts").size() == 13);
    CHECK(ledger.rows("SELECT * FROM alerts").size() >= 10);
    CHECK(ledger.rows("SELECT agent FROM calls LIMIT 1").at(0).at(0).starts_with(bytes));
  }
}

TEST_CASE("no number that somebody planted in the log and no text in its place ends a command") {
  const t::TempDir made;
  { const t::ToldLog log(made / "jeton.db"); }
  for (const char* value :
       {"9223372036854775807", "-9223372036854775808", "'1e300'", "1e300", "'text'", "x'ff'", "NULL"})
    for (const char* column : {"time_us", "expires_at", "count", "log_index", "attempt", "uid", "code", "outcome"}) {
      const t::TempDir dir;
      std::filesystem::copy_file(made / "jeton.db", dir / "jeton.db");
      SQLite::Database db((dir / "jeton.db").string(), SQLite::OPEN_READWRITE);
      db.exec("PRAGMA synchronous = OFF; PRAGMA writable_schema = ON");
      db.exec(
          "UPDATE sqlite_schema SET sql = replace(replace(sql, 'STRICT', ''), 'NOT NULL', '') WHERE name = 'event'");
      db.exec("PRAGMA writable_schema = RESET");
      db.tryExec(std::string("UPDATE event SET ") + column + " = " + value + " WHERE log_index IN (3, 14, 35, 50)");
      for (const auto& [name, command] : commands()) {
        INFO(column << " = " << value << " in " << name);
        Common common;
        common.state = dir.path().string();
        int status = -1;
        std::string out;
        const auto err = t::printed_on(stderr, [&] { out = t::printed_on(stdout, [&] { status = command(common); }); });
        CHECK((status == 0 || status == 3 || status == 4));
        CHECK(t::is_harmless(out + err));
      }
    }
}

TEST_CASE("an export to a terminal lets no planted byte act there") {
  for (const char* format : {"csv", "jsonl"}) {
    CAPTURE(format);
    const t::TempDir dir;
    { const t::ToldLog log(dir / "jeton.db"); }
    {
      SQLite::Database db((dir / "jeton.db").string(), SQLite::OPEN_READWRITE);
      SQLite::Statement plant(db, "UPDATE event SET call_id = ?1, detail = ?1");
      plant.bind(1, hostile().at(1).bytes);
      plant.exec();
    }
    // Given a terminal that takes what is printed
    const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    REQUIRE((terminal >= 0 && ::grantpt(terminal) == 0 && ::unlockpt(terminal) == 0));
    const int screen = ::open(::ptsname(terminal), O_RDWR | O_NOCTTY | O_CLOEXEC);
    REQUIRE(screen >= 0);
    std::string shown;
    std::thread reader([&] {
      std::array<char, 4096> part{};
      for (auto size = ::read(terminal, part.data(), part.size()); size > 0;
           size = ::read(terminal, part.data(), part.size()))
        shown.append(part.data(), static_cast<std::size_t>(size));
    });
    std::fflush(stdout);
    const int kept = ::dup(STDOUT_FILENO);
    ::dup2(screen, STDOUT_FILENO);
    ::close(screen);
    Common common;
    common.state = dir.path().string();
    jeton::cli::ExportOptions options;
    options.format = format;
    const auto err = t::printed_on(stderr, [&] { (void)jeton::cli::log_export(common, options); });
    ::dup2(kept, STDOUT_FILENO);
    ::close(kept);
    reader.join();
    ::close(terminal);
    std::erase(shown, '\r');  // the terminal's own
    CHECK(t::is_harmless(shown + err));
    if (std::string(format) == "csv") CHECK(std::count(shown.begin(), shown.end(), '\n') > 20);
  }
}
