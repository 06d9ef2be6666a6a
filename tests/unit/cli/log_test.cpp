// jeton log on a ledger that somebody edited: what reaches the terminal is harmless, and a damaged log is told as one.
#include <cstdio>

#include <SQLiteCpp/SQLiteCpp.h>
#include <unistd.h>

#include "cli/commands.hpp"
#include "store/sqlite_store.hpp"
#include "support/catch.hpp"
#include "support/events.hpp"
#include "support/printed.hpp"
#include "support/temp_dir.hpp"

namespace {

namespace t = jeton::testing;
using jeton::EventKind;
using jeton::cli::Common;
using jeton::cli::LogOptions;

const std::string hostile =
    "\x1b[2J\r\nfake line\xC2\x9B"
    "31m\xFF\x7f";

/// A call of one full event, then edited.
struct Edited {
  explicit Edited(const std::string& sql) {
    auto store = jeton::open_sqlite_store(dir / "jeton.db", jeton::Sync::normal);
    REQUIRE(store);
    REQUIRE((*store)->transact([&] {
      auto minted = t::full_event(EventKind::token_minted);
      minted.txn = id;
      minted.attempt = 1;
      (*store)->append(minted);
      auto outcome = t::full_event(EventKind::call_outcome, 2);
      outcome.txn = id;
      (*store)->append(outcome);
    }));
    store->reset();
    SQLite::Database db((dir / "jeton.db").string(), SQLite::OPEN_READWRITE);
    SQLite::Statement edit(db, sql);
    if (edit.getBindParameterCount() > 0) edit.bind(1, hostile);
    edit.exec();
  }
  std::string run(bool json, FILE* stream, int expected_status) {
    Common common;
    common.state = dir.path().string();
    common.json = json;
    LogOptions options;
    int calls = 0, show = 0;
    const auto both = [&] {
      calls = jeton::cli::log_calls(common, {});
      options.txn = id.text();
      show = jeton::cli::log_show(common, options);
    };
    std::string text;
    const auto other = t::printed_on(stream == stdout ? stderr : stdout, [&] { text = t::printed_on(stream, both); });
    CHECK(t::is_harmless(other));
    CHECK(calls == expected_status);
    CHECK(show == expected_status);
    return text;
  }

  t::TempDir dir;
  jeton::Txn id = t::id_of<jeton::Txn>(1);
};

}  // namespace

TEST_CASE("texts that somebody wrote into the ledger reach the terminal escaped") {
  for (const auto* sql :
       {"UPDATE term SET text = ? || id", "UPDATE event SET call_id = ?1, detail = ?1, traceparent = ?1"}) {
    Edited edited(sql);
    for (const bool json : {false, true}) {
      CAPTURE(sql, json);
      const auto shown = edited.run(json, stdout, 0);
      CHECK(t::is_harmless(shown));
      CHECK_THAT(shown, Catch::Contains("fake line"));
      CHECK(shown.find("\nfake line") == shown.npos);
    }
  }
}

TEST_CASE("numbers that somebody wrote into the ledger do no harm") {
  Edited edited(
      "UPDATE event SET expires_at = 9223372036854775807, time_us = -9223372036854775807 + 2 * log_index, "
      "duration_ms = -1, first_uid = -9223372036854775808");
  for (const bool json : {false, true}) CHECK(t::is_harmless(edited.run(json, stdout, 0)));
}

TEST_CASE("a damaged ledger is log_unavailable and not a crash") {
  for (const auto* sql : {"UPDATE event SET role = 99", "UPDATE event SET agent = 77777", "UPDATE event SET jti = 'x'",
                          "UPDATE event SET jti = NULL"}) {
    CAPTURE(sql);
    Edited edited(sql);
    CHECK_THAT(edited.run(false, stderr, 3), Catch::Contains("log_unavailable"));
    CHECK_THAT(edited.run(true, stdout, 3), Catch::Contains("log_unavailable"));
  }
}
