// Findings and their groups: how many, since when, and what to type next; and what a question costs.
#include "readers/alerts.hpp"

#include <set>

#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include "readers/stats.hpp"
#include "support/review_log.hpp"

namespace {

namespace t = jeton::testing;
using jeton::Alert;
using jeton::Code;
using jeton::Event;
using jeton::EventKind;
using jeton::Outcome;
using jeton::Role;
using jeton::us_per_s;

std::vector<Alert> alerts_of(const t::ReviewLog& log, jeton::Window window = {}, const char* kind = nullptr) {
  const auto review = jeton::open_sqlite_review(log.dir / "jeton.db");
  REQUIRE(review);
  return jeton::list_alerts(**review, window, kind == nullptr ? nullptr : jeton::alert_kind_named(kind));
}

/// A refusal of an account that is nobody.
Event stranger_refused(const t::ReviewLog& log, std::int64_t uid) {
  Event event;
  event.kind = EventKind::request_refused;
  event.time_us = log.company.clock.wall_us();
  event.code = Code::unknown_agent;
  event.uid = uid;
  event.tool = "refund";
  return event;
}

/// Steps of SQLite's machine that a question takes: the same in every run.
std::int64_t steps_for(const t::ReviewLog& log, const std::string& sql) {
  SQLite::Database db((log.dir / "jeton.db").string(), SQLite::OPEN_READONLY);
  sqlite3_stmt* statement = nullptr;
  REQUIRE(sqlite3_prepare_v2(db.getHandle(), sql.c_str(), -1, &statement, nullptr) == SQLITE_OK);
  while (sqlite3_step(statement) == SQLITE_ROW) continue;
  const auto steps = sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 0);
  sqlite3_finalize(statement);
  return steps;
}

}  // namespace

TEST_CASE("findings about the same agent or account and the same tool are one alert with a count") {
  t::ReviewLog log;
  for (const std::int64_t uid : {4242, 4242, 4242, 4711}) {
    log.append(stranger_refused(log, uid));
    log.company.clock.pass_s(60);
  }
  const auto alerts = alerts_of(log);
  REQUIRE(alerts.size() == 2);
  CHECK(alerts[0].uid == 4711);
  CHECK(alerts[0].count == 1);
  CHECK(alerts[1].uid == 4242);
  CHECK(alerts[1].count == 3);
  CHECK(alerts[1].last_us - alerts[1].first_us == 120 * us_per_s);
  CHECK(alerts[1].log_index == 2);
  CHECK(alerts[1].codes == std::set<std::string>{"unknown_agent"});
  const auto json = jeton::json_of(alerts[1]);
  CHECK(json["kind"] == "refused_agent");
  CHECK(json["severity"] == "medium");
  CHECK(json["uid"] == 4242);
  CHECK_FALSE(json.contains("agent"));
}

TEST_CASE("a window takes what is in it and a kind only itself") {
  t::ReviewLog log;
  const auto begin = log.company.clock.wall_us();
  for (int minute = 0; minute < 3; ++minute) {
    log.append(stranger_refused(log, 4000 + minute));
    log.company.clock.pass_s(60);
  }
  CHECK(alerts_of(log, {begin + 60 * us_per_s, begin + 120 * us_per_s}).at(0).uid == 4001);
  CHECK(alerts_of(log, {begin + 60 * us_per_s, begin + 120 * us_per_s}).size() == 1);
  CHECK(alerts_of(log, {begin + 1}).size() == 2);
  CHECK(alerts_of(log, {}, "refused_agent").size() == 3);
  CHECK(alerts_of(log, {}, "replay").empty());
}

TEST_CASE("an alert says the exact command to type next and puts nothing of the log into it unchecked") {
  Alert alert;
  alert.kind = jeton::alert_kind_named("replay");
  alert.log_index = 12;
  alert.agent = "spiffe://acme.example/agent/billing";
  alert.txn = "kYUmNcE9DWQ5GZYuTj_Hsg";
  using Commands = std::vector<std::string>;
  CHECK(alert.what_to_do(std::nullopt, "/s/jeton.db") ==
        Commands{"jeton log show kYUmNcE9DWQ5GZYuTj_Hsg", "jeton agent disable billing"});
  CHECK(alert.what_to_do("/my state", "/my state/jeton.db").at(0) ==
        "jeton log show --state '/my state' kYUmNcE9DWQ5GZYuTj_Hsg");
  alert.txn = "-YUmNcE9DWQ5GZYuTj_HsQ";
  CHECK(alert.what_to_do(std::nullopt, "/s/jeton.db").at(0) == "jeton log show -- -YUmNcE9DWQ5GZYuTj_HsQ");
  alert.txn = "$(rm -rf ~)";
  alert.agent = "spiffe://acme.example/agent/x;reboot";
  CHECK(alert.what_to_do(std::nullopt, "/it's/jeton.db") ==
        Commands{"sqlite3 -readonly -line '/it'\\''s/jeton.db' 'SELECT * FROM events WHERE log_index = 12'"});
}

TEST_CASE("a redemption is without an outcome only ten minutes after its token expired") {
  t::ReviewLog log;
  log.company.clock.set_wall_ahead_s(7'000'000'000);  // beyond any reader's clock: then the newest event is the time
  log.company.durably([&] { return log.redeemed(log.minted(t::habits()[0]), t::crm_account); });
  const auto look = [&log](std::int64_t later_s) {
    log.company.clock.pass_s(later_s);
    Event event;
    event.kind = EventKind::key_rotated;
    event.time_us = log.company.clock.wall_us();
    log.append(event);
    return alerts_of(log).size();
  };
  CHECK(look(0) == 0);
  CHECK(look(629) == 0);
  CHECK(look(1) == 1);
}

TEST_CASE("counts that only an edited log has are cut to size and still summed up") {
  t::ReviewLog log;
  Event event;
  event.kind = EventKind::refusals_suppressed;
  event.uid = 1;
  event.code = Code::no_grant;
  event.count = 5;
  for (int i = 0; i < 3; ++i) log.append(event);
  SQLite::Database((log.dir / "jeton.db").string(), SQLite::OPEN_READWRITE)
      .exec(
          "UPDATE event SET count = CASE log_index WHEN 0 THEN -5 ELSE 9223372036854775807 END, "
          "time_us = CASE log_index WHEN 0 THEN -9223372036854775808 ELSE 9223372036854775807 - 1 END");
  const auto alerts = alerts_of(log);
  REQUIRE(alerts.size() == 1);
  CHECK(alerts[0].count == (std::int64_t{1} << 53) - 1);
  const auto review = jeton::open_sqlite_review(log.dir / "jeton.db");
  REQUIRE(review);
  CHECK(jeton::sum_up(**review, {}).all.refusals == 2'000'000'000);
}

TEST_CASE("alerts and calls cost twice as much in a log twice as long") {
  t::ReviewLog half, whole;
  half.traffic(600, 86'400);
  whole.traffic(1200, 2 * 86'400);
  for (const auto* sql : {"SELECT * FROM alerts", "SELECT * FROM calls", "SELECT * FROM attempts"}) {
    CAPTURE(sql);
    const auto ratio = static_cast<double>(steps_for(whole, sql)) / static_cast<double>(steps_for(half, sql));
    CHECK(ratio > 1.5);
    CHECK(ratio < 2.3);
  }
}

TEST_CASE("alerts of a call with twice as many attempts cost twice as much") {
  const auto steps_for_attempts = [](int attempts) {
    t::ReviewLog log;
    log.company.durably([&] {
      auto token = log.minted(t::habits()[0]);
      for (int attempt = 2; attempt <= attempts; ++attempt) {
        log.redeemed(token, t::crm_account);
        log.reported(token, Role::server, t::crm_account, Outcome::ok);
        token = log.minted(t::habits()[0], attempt, token.txn);
      }
      return true;
    });
    return static_cast<double>(steps_for(log, "SELECT * FROM alerts"));
  };
  CHECK(steps_for_attempts(600) / steps_for_attempts(300) < 2.3);
}

TEST_CASE("sums count calls and tokens and redemptions and refusals under every name they have") {
  t::ReviewLog log;
  log.traffic(80, 7200);
  log.append(stranger_refused(log, 4242));
  const auto review = jeton::open_sqlite_review(log.dir / "jeton.db");
  REQUIRE(review);
  const auto stats = jeton::sum_up(**review, {});
  const SQLite::Database db((log.dir / "jeton.db").string(), SQLite::OPEN_READONLY);
  const auto count = [&db](const std::string& sql) {
    SQLite::Statement select(db, "SELECT count(*) FROM " + sql);
    select.executeStep();
    return select.getColumn(0).getInt64();
  };
  CHECK(stats.all.calls == count("calls"));
  CHECK(stats.all.tokens == count("attempts"));
  CHECK(stats.all.redemptions == count("attempts WHERE state = 'redeemed'"));
  CHECK(stats.all.reported == count("attempts WHERE state = 'reported'"));
  CHECK(stats.all.refusals == count("events WHERE event = 'request.refused'"));
  CHECK(stats.codes.at("unknown_agent") == 1);
  CHECK(stats.agents.at("uid 4242").refusals == 1);
  CHECK(stats.agents.at("spiffe://acme.example/agent/support").calls == 10);
  CHECK(stats.tools.at("refund").calls == 20);
  CHECK(stats.servers.at(t::crm).redemptions ==
        count("attempts WHERE state = 'redeemed' AND server = 'https://crm.example/mcp'"));
  CHECK(stats.hours.size() >= 2);
  std::int64_t calls = 0;
  for (const auto& [hour, sums] : stats.hours) calls += sums.calls;
  CHECK(calls == stats.all.calls);
}
