// Filters over calls in every state, each held against reading the whole log and filtering.
#include "readers/find.hpp"

#include <random>

#include <SQLiteCpp/SQLiteCpp.h>

#include "jeton/clock.hpp"
#include "store/sqlite_store.hpp"
#include "support/catch.hpp"
#include "support/events.hpp"
#include "support/temp_dir.hpp"

namespace {

namespace t = jeton::testing;
using jeton::CallFilter;
using jeton::CallIndex;
using jeton::CallSummary;
using jeton::Code;
using jeton::Event;
using jeton::EventKind;
using jeton::Jti;
using jeton::Role;
using jeton::Txn;
using t::id_of;

constexpr std::int64_t begin_us = 1'790'000'000'000'000;
constexpr std::int64_t now_us = begin_us + 600 * jeton::us_per_s;
constexpr int calls_max = 120;

/// A log that grows by events nobody planned: openings, mints, redemptions, refusals and outcomes in any order a
/// daemon, a hostile caller or a restart could bring about.
class RandomLog {
 public:
  explicit RandomLog(unsigned seed) : random_(seed) {}

  void grow(int events) {
    auto store = open();
    REQUIRE(store->transact([&] {
      for (int i = 0; i < events; ++i) store->append(next());
    }));
  }
  [[nodiscard]] std::unique_ptr<jeton::Store> open() const {
    auto store = jeton::open_sqlite_store(dir / "jeton.db", jeton::Sync::normal);
    REQUIRE(store);
    return std::move(*store);
  }
  [[nodiscard]] std::unique_ptr<jeton::LogReader> reader() const {
    auto log = jeton::open_sqlite_reader(dir / "jeton.db");
    REQUIRE(log);
    return std::move(*log);
  }
  int upto(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }

  t::TempDir dir;

 private:
  struct Made {
    bool opened = false;
    std::int64_t attempts = 0;
    bool redeemed = false;
  };

  Event next() {
    const int number = upto(std::min(calls_max, 3 + made_events_++ / 4));
    auto& made = calls_[number];
    Event event;
    // The clock goes on, and now and then it jumps.
    clock_us_ += upto(100) == 0 ? (upto(60) - 30) * jeton::us_per_s : upto(900'000);
    event.time_us = clock_us_;
    event.txn = id_of<Txn>(number);
    const int what = upto(10);
    if (what < 2 || (!made.opened && what < 4)) return refused(event, number);
    if (!made.opened) return opened(event, number, made);
    if (what < 5 || made.attempts == 0)
      return what == 3 && made.attempts == 0 ? closed(event) : minted(event, number, made);
    event.jti = jti(number, made.attempts - upto(2) % made.attempts);
    if (what == 5 && !made.redeemed) {
      event.kind = EventKind::token_redeemed;
      event.jti = jti(number, made.attempts);
      made.redeemed = true;
      event.role = Role::server;
    } else if (what == 6) {
      event.kind = EventKind::token_superseded;
    } else if (what == 7) {
      event.kind = EventKind::token_revoked;
      if (upto(2) == 0) event.jti.reset();
    } else {
      event.kind = EventKind::call_outcome;
      event.outcome = jeton::Outcome::ok;
      event.role = what == 8 ? Role::server : Role::agent;
    }
    return event;
  }
  static Event closed(Event event) {
    event.kind = EventKind::token_revoked;
    return event;
  }
  Event refused(Event event, int number) {
    constexpr std::array codes{Code::no_grant, Code::already_redeemed, Code::rate_limited};
    event.kind = EventKind::request_refused;
    event.code = codes.at(static_cast<std::size_t>(upto(3)));
    if (number % 5 == 0) event.txn.reset();
    return event;
  }
  Event opened(Event event, int number, Made& made) {
    made.opened = true;
    event.agent = "spiffe://acme.example/agent/" + std::string(number % 3 == 0 ? "billing" : "reports");
    event.tool = "tool_" + std::to_string(upto(4));
    if (upto(3) != 0) event.call_id = "call_" + std::to_string(upto(20));
    if (upto(3) != 0) event.run_id = "run-" + std::to_string(upto(6));
    if (upto(2) != 0) event.session_id = "session " + std::to_string(upto(3));
    event.kind = EventKind::call_opened;
    return upto(2) == 0 ? event : minted(event, number, made);
  }
  Event minted(Event event, int number, Made& made) {
    event.kind = EventKind::token_minted;
    event.attempt = ++made.attempts;
    made.redeemed = false;
    event.jti = jti(number, made.attempts);
    event.server = upto(2) == 0 ? "https://crm.example/mcp" : "mcp:stdio:files";
    if (!event.tool) event.tool = "refund";
    event.expires_at = event.time_us / jeton::us_per_s + 30;
    return event;
  }
  static Jti jti(int number, std::int64_t attempt) {
    return id_of<Jti>(1000 + number * 100 + static_cast<int>(attempt));
  }

  std::mt19937 random_;
  int made_events_ = 0;
  std::int64_t clock_us_ = begin_us;
  std::map<int, Made> calls_;
};

/// A filter, and the same said a second time, without the code under test.
struct Asked {
  CallFilter filter;
  std::function<bool(const CallSummary&, const std::vector<Event>&)> expected;
};

template <class T>
Asked by(std::optional<T> CallFilter::*member, T value, std::function<bool(const CallSummary&)> expected) {
  Asked asked;
  asked.filter.*member = std::move(value);
  asked.expected = [expected = std::move(expected)](const CallSummary& call, const auto&) { return expected(call); };
  return asked;
}

std::vector<Asked> all_filters() {
  std::vector<Asked> all;
  using S = std::string;
  all.push_back(by<S>(&CallFilter::agent, "billing", [](auto& c) { return c.agent.ends_with("/billing"); }));
  all.push_back(by<S>(&CallFilter::agent, "spiffe://acme.example/agent/reports",
                      [](auto& c) { return c.agent == "spiffe://acme.example/agent/reports"; }));
  all.push_back(by<S>(&CallFilter::agent, "bill", [](auto&) { return false; }));
  all.push_back(by<S>(&CallFilter::tool, "tool_*", [](auto& c) { return c.tool.starts_with("tool_"); }));
  all.push_back(by<S>(&CallFilter::tool, "tool_?", [](auto& c) { return c.tool.starts_with("tool_"); }));
  all.push_back(by<S>(&CallFilter::tool, "refund", [](auto& c) { return c.tool == "refund"; }));
  all.push_back(by<S>(&CallFilter::server, "mcp:stdio:files", [](auto& c) { return c.server == "mcp:stdio:files"; }));
  all.push_back(by<S>(&CallFilter::run_id, "run-2", [](auto& c) { return c.run_id == "run-2"; }));
  all.push_back(by<S>(&CallFilter::session_id, "session 1", [](auto& c) { return c.session_id == "session 1"; }));
  all.push_back(by<S>(&CallFilter::call_id, "call_7", [](auto& c) { return c.call_id == "call_7"; }));
  for (const char* state : {"opened", "minted", "expired", "superseded", "revoked", "redeemed", "reported"})
    all.push_back(by<S>(&CallFilter::state, state, [state](auto& c) { return c.state == state; }));
  for (const auto code : {Code::no_grant, Code::already_redeemed, Code::rate_limited, Code::expired}) {
    Asked asked;
    asked.filter.code = code;
    asked.expected = [code](const auto&, const std::vector<Event>& story) {
      for (const auto& event : story)
        if (event.code == code) return true;
      return false;
    };
    all.push_back(asked);
  }
  for (const int seconds : {0, 40, 120, 9000}) {
    const auto at = begin_us + seconds * jeton::us_per_s;
    all.push_back(by<std::int64_t>(&CallFilter::since_us, at, [at](auto& c) { return c.opened_us >= at; }));
    all.push_back(by<std::int64_t>(&CallFilter::until_us, at, [at](auto& c) { return c.opened_us < at; }));
  }
  return all;
}

/// Both at once, where they say something about different things.
std::optional<Asked> both(const Asked& a, const Asked& b) {
  Asked asked = a;
  const auto take = [](auto& into, const auto& from) {
    if (into && from) return false;
    if (from) into = from;
    return true;
  };
  auto& f = asked.filter;
  const auto& g = b.filter;
  if (!take(f.agent, g.agent) || !take(f.tool, g.tool) || !take(f.server, g.server) || !take(f.run_id, g.run_id) ||
      !take(f.session_id, g.session_id) || !take(f.call_id, g.call_id) || !take(f.state, g.state) ||
      !take(f.code, g.code) || !take(f.since_us, g.since_us) || !take(f.until_us, g.until_us))
    return std::nullopt;
  asked.expected = [a, b](const auto& call, const auto& story) {
    return a.expected(call, story) && b.expected(call, story);
  };
  return asked;
}

struct Known {
  CallSummary call;
  std::vector<Event> story;
};

std::vector<Known> whole_log(const jeton::LogReader& log) {
  std::vector<Known> all;
  for (auto& call : jeton::list_calls(log, UINT64_MAX, 10'000, now_us).calls) {
    auto story = log.everything_of(call.txn, 10'000);
    all.push_back({std::move(call), std::move(story)});
  }
  return all;
}

void check_pages(const jeton::LogReader& log, CallIndex& index, const Asked& asked, const std::vector<Known>& all,
                 std::size_t limit) {
  std::vector<std::string> expected, found;
  for (const auto& known : all)
    if (asked.expected(known.call, known.story)) expected.push_back(known.call.json().dump());
  std::optional<std::uint64_t> before = UINT64_MAX;
  while (before) {
    const auto page = find_calls(log, index, asked.filter, *before, limit, now_us);
    for (const auto& call : page.calls) found.push_back(call.json().dump());
    if (page.next_before) REQUIRE(page.calls.size() == limit);
    before = page.next_before;
  }
  CHECK((found == expected));
}

CallIndex index_in(const std::filesystem::path& directory) {
  auto index = CallIndex::open(directory);
  REQUIRE(index);
  return std::move(*index);
}

}  // namespace

TEST_CASE("every filter finds what reading the whole log and filtering finds, also after the log has grown") {
  for (unsigned seed = 1; seed <= 2; ++seed) {
    RandomLog log(seed);
    const auto filters = all_filters();
    for (const int more : {0, 300, 1, 40, 900}) {
      log.grow(more);
      const auto reader = log.reader();
      const auto all = whole_log(*reader);
      CAPTURE(seed, more, all.size());
      // Opened anew each time, as by one command after another.
      auto index = index_in(log.dir / "index");
      for (std::size_t i = 0; i < filters.size(); ++i) {
        CAPTURE(i);
        check_pages(*reader, index, filters[i], all, 7);
      }
      for (int i = 0; i < 40; ++i) {
        const auto a = static_cast<std::size_t>(log.upto(static_cast<int>(filters.size())));
        const auto b = static_cast<std::size_t>(log.upto(static_cast<int>(filters.size())));
        CAPTURE(a, b);
        if (const auto asked = both(filters[a], filters[b])) check_pages(*reader, index, *asked, all, 3);
      }
    }
  }
}

TEST_CASE("the calls of the random log are in every state there is") {
  RandomLog log(1);
  log.grow(1200);
  std::map<std::string, int> states;
  for (const auto& known : whole_log(*log.reader())) ++states[known.call.state];
  for (const auto state : jeton::call_states()) {
    CAPTURE(state);
    CHECK(states[std::string(state)] > 0);
  }
}
