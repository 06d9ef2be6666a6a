// The views `attempts` and `calls` say what the code that folds events says, over stories of every kind.
#include <map>
#include <random>
#include <set>

#include "jeton/clock.hpp"
#include "readers/view.hpp"
#include "store/schema/schema.hpp"
#include "store/sqlite_open.hpp"
#include "store/sqlite_store.hpp"
#include "support/catch.hpp"
#include "support/events.hpp"
#include "support/ledger.hpp"
#include "support/temp_dir.hpp"

namespace {

namespace t = jeton::testing;
using jeton::Event;
using jeton::EventKind;
using jeton::Role;
using jeton::outside::Ledger;
using Rows = Ledger::Rows;

/// Calls whose events come in every order that a ledger can hold, woven into each other.
class Stories {
 public:
  explicit Stories(unsigned seed) : random_(seed) {
    auto store = jeton::open_sqlite_store(dir / "jeton.db", jeton::Sync::normal);
    REQUIRE(store);
    store_ = std::move(*store);
  }

  void write(int calls, int steps) {
    REQUIRE(store_->transact([&] {
      for (int step = 0; step < steps; ++step) take_step(below(calls));
    }));
  }

  t::TempDir dir;
  [[nodiscard]] Rows rows(const std::string& sql) const { return Ledger(dir.path()).rows(sql); }
  [[nodiscard]] const jeton::Store& store() const { return *store_; }
  [[nodiscard]] std::unique_ptr<jeton::LogReader> reader() const {
    auto reader = jeton::open_sqlite_reader(dir / "jeton.db");
    REQUIRE(reader);
    return std::move(*reader);
  }

 private:
  struct Story {
    bool begun = false;
    std::vector<int> jtis = {};
    std::set<int> spent = {};
  };

  int below(int end) { return static_cast<int>(random_() % static_cast<unsigned>(end)); }

  Event of(EventKind kind, int call, int jti = 0) {
    Event event;
    event.kind = kind;
    event.time_us = 1'700'000'000'000'000 + static_cast<std::int64_t>(store_->size());
    event.txn = t::id_of<jeton::Txn>(call);
    if (jti != 0) event.jti = t::id_of<jeton::Jti>(jti);
    return event;
  }
  void describe(Event& event, int call) {
    event.agent = "spiffe://acme.example/agent/a" + std::to_string(call % 3);
    event.tool = "tool-" + std::to_string(below(4));
    if (below(2) == 0) event.call_id = "call_" + std::to_string(call);
    if (below(2) == 0) event.run_id = "run_" + std::to_string(call % 5);
    if (below(2) == 0) event.session_id = "session_" + std::to_string(call % 7);
    if (below(2) == 0) event.parent_txn = t::id_of<jeton::Txn>(call + 1);
  }
  void mint(int call, Story& story) {
    const int jti = ++last_jti_;
    story.jtis.push_back(jti);
    auto event = of(EventKind::token_minted, call, jti);
    describe(event, call);
    event.server = "https://s" + std::to_string(below(3)) + ".example";
    event.attempt = static_cast<std::int64_t>(story.jtis.size());
    event.expires_at = below(2) == 0 ? 1'700'000'000 : 9'700'000'000;
    store_->append(event);
  }
  void report(int call, int jti, Role role) {
    auto event = of(EventKind::call_outcome, call, jti);
    event.role = role;
    event.outcome = static_cast<jeton::Outcome>(1 + below(5));
    store_->append(event);
  }
  void take_step(int call) {
    auto& story = stories_[call];
    if (below(4) == 0) {
      store_->append(of(EventKind::request_refused, call));
      return;
    }
    if (!story.begun) return begin(call, story);
    const int jti =
        story.jtis.empty() ? 0 : story.jtis[static_cast<std::size_t>(below(static_cast<int>(story.jtis.size())))];
    switch (below(8)) {
      case 0: return mint(call, story);
      case 1:
        if (jti != 0) store_->append(of(EventKind::token_superseded, call, jti));
        return;
      case 2: return redeem(call, jti, story);
      case 3: store_->append(of(EventKind::token_revoked, call, below(3) == 0 ? 0 : jti)); return;
      case 4: return report(call, below(2) == 0 ? 0 : jti, Role::agent);
      case 5:
        if (jti != 0) report(call, jti, Role::server);
        return;
      default: return;  // some stories end early
    }
  }
  void begin(int call, Story& story) {
    story.begun = true;
    if (below(2) == 0) return mint(call, story);
    auto event = of(EventKind::call_opened, call);
    describe(event, call);
    store_->append(event);
  }
  void redeem(int call, int jti, Story& story) {
    if (jti == 0 || !story.spent.insert(jti).second) return;
    auto event = of(EventKind::token_redeemed, call, jti);
    event.uid = 1000 + jti;
    event.pid = jti;
    store_->append(event);
  }

  std::minstd_rand random_;
  std::unique_ptr<jeton::Store> store_;
  std::map<int, Story> stories_;
  int last_jti_ = 0;
};

std::string text_of(const std::optional<std::string>& text) { return text.value_or(""); }

std::vector<std::string> row_of(const jeton::CallSummary& call, const Event& opening) {
  return {call.txn.text(),
          std::to_string(call.log_index),
          std::to_string(call.opened_us),
          call.agent,
          call.tool,
          text_of(call.server),
          text_of(call.call_id),
          text_of(call.run_id),
          text_of(opening.session_id),
          opening.parent_txn ? opening.parent_txn->text() : "",
          call.state,
          std::to_string(call.attempts),
          std::to_string(call.redemptions),
          std::to_string(call.refusals),
          text_of(call.openers_outcome),
          text_of(call.redeemers_outcome)};
}

std::string word_of(jeton::Attempt::State state) {
  using State = jeton::Attempt::State;
  switch (state) {
    case State::unredeemed: return "unredeemed";
    case State::redeemed: return "redeemed";
    case State::reported: return "reported";
    case State::superseded: return "superseded";
    case State::revoked: return "revoked";
  }
  return "?";
}

std::string outcome_of(const Event* event) { return event == nullptr ? "" : std::string(name_of(*event->outcome)); }

std::vector<std::string> row_of(const jeton::Call& call, const jeton::Attempt& attempt) {
  const auto& minted = attempt.minted;
  const auto& spent = attempt.redemption;
  return {minted.txn->text(),
          minted.jti->text(),
          std::to_string(*minted.attempt),
          std::to_string(minted.log_index),
          *minted.agent,
          *minted.server,
          *minted.tool,
          std::to_string(minted.time_us),
          std::to_string(*minted.expires_at),
          word_of(attempt.state),
          spent ? std::to_string(spent->time_us) : "",
          spent ? std::to_string(*spent->uid) : "",
          spent ? std::to_string(*spent->pid) : "",
          outcome_of(call.openers_outcome()),
          outcome_of(call.redeemers_outcome(*minted.jti))};
}

}  // namespace

TEST_CASE("the view calls says what the summary of each call says whatever became of it") {
  std::set<std::string> states;
  for (const unsigned seed : {1U, 2U, 3U}) {
    Stories log(seed);
    log.write(60, 900);
    const auto page = jeton::list_calls(*log.reader(), UINT64_MAX, 10'000, jeton::SystemClock().wall_us());
    Rows expected;
    for (const auto& call : page.calls) {
      expected.push_back(row_of(call, log.store().story(call.txn).front()));
      states.insert(call.state);
    }
    const auto rows = log.rows("SELECT * FROM calls ORDER BY log_index DESC");
    REQUIRE(rows.size() == expected.size());
    for (std::size_t i = 0; i < rows.size(); ++i) CHECK(rows[i] == expected[i]);
  }
  CHECK(states ==
        std::set<std::string>{"opened", "minted", "expired", "superseded", "revoked", "redeemed", "reported"});
}

TEST_CASE("the view attempts says what the fold of each call says of its tokens") {
  std::set<std::string> states;
  for (const unsigned seed : {4U, 5U, 6U}) {
    Stories log(seed);
    log.write(60, 900);
    std::map<std::string, std::vector<std::string>> expected;  // by place
    for (const auto& row : log.rows("SELECT DISTINCT txn FROM calls")) {
      const auto call = jeton::Call::from(log.store().story(*jeton::Txn::parse(row[0])));
      REQUIRE(call);
      for (const auto& attempt : call->attempts())
        expected[std::to_string(attempt.minted.log_index)] = row_of(*call, attempt);
    }
    const auto rows = log.rows("SELECT * FROM attempts");
    CHECK(rows.size() == expected.size());
    for (const auto& row : rows) {
      CHECK(row == expected[row.at(3)]);
      states.insert(row.at(9));
    }
  }
  CHECK(states == std::set<std::string>{"unredeemed", "redeemed", "reported", "superseded", "revoked"});
}

TEST_CASE("one call is found in the views by index and not by reading the log") {
  Stories log(7);
  log.write(20, 100);
  for (const auto* view : {"calls", "attempts"}) {
    std::string plan;
    for (const auto& row : log.rows(std::string("EXPLAIN QUERY PLAN SELECT * FROM ") + view + " WHERE txn = 'x'"))
      plan += row.at(3) + "\n";
    CAPTURE(plan);
    CHECK(plan.find("SCAN") == plan.npos);
  }
}

TEST_CASE("a view that somebody changed or dropped is made anew when jetond opens the log") {
  const t::TempDir dir;
  const auto file = dir / "jeton.db";
  const auto open = [&file] { REQUIRE(jeton::open_sqlite_store(file, jeton::Sync::normal)); };
  const auto all = [&file] {
    SQLite::Database db(file.string(), SQLite::OPEN_READONLY);
    SQLite::Statement select(db, "SELECT name, sql FROM sqlite_schema WHERE type = 'view' ORDER BY rowid");
    std::vector<std::pair<std::string, std::string>> views;
    while (select.executeStep()) views.emplace_back(select.getColumn(0).getString(), select.getColumn(1).getString());
    return views;
  };
  open();
  std::vector<std::pair<std::string, std::string>> expected;
  for (const auto& view : jeton::schema_views()) expected.emplace_back(view.name, view.sql);
  CHECK(all() == expected);
  for (const auto* edit : {"DROP VIEW calls", "DROP VIEW attempts; CREATE VIEW attempts AS SELECT 1 AS txn"}) {
    SQLite::Database(file.string(), SQLite::OPEN_READWRITE).exec(edit);
    CHECK(all() != expected);
    open();
    CHECK(all() == expected);
  }
  // And only then: the schema of a log that is opened twice does not change.
  const auto changes = [&file] {
    return SQLite::Database(file.string(), SQLite::OPEN_READONLY).execAndGet("PRAGMA schema_version").getInt();
  };
  const auto before = changes();
  open();
  CHECK(changes() == before);
}

TEST_CASE("a table in the place of a view keeps jetond from starting and stays") {
  const t::TempDir dir;
  const auto file = dir / "jeton.db";
  REQUIRE(jeton::open_sqlite_store(file, jeton::Sync::normal));
  SQLite::Database(file.string(), SQLite::OPEN_READWRITE)
      .exec("DROP VIEW calls; CREATE TABLE calls (kept); INSERT INTO calls VALUES (1)");
  const auto store = jeton::open_sqlite_store(file, jeton::Sync::normal);
  REQUIRE_FALSE(store);
  CHECK(store.error().code == jeton::Code::log_unavailable);
  CHECK(Ledger(dir.path()).one("SELECT kept FROM calls") == "1");
}
