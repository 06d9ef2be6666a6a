// Who follows a log sees each event once and in order, and is told when it is no longer that log.
#include "readers/follow.hpp"

#include <deque>

#include "support/catch.hpp"
#include "support/events.hpp"
#include "support/memory_store.hpp"

namespace {

namespace t = jeton::testing;
using jeton::Event;
using jeton::EventKind;
using jeton::FollowRange;
using Places = std::vector<std::uint64_t>;

/// Time passes by steps of the test: each wait does the next one, and after the last somebody interrupts.
class FakeWatch final : public jeton::LogWatch {
 public:
  using Step = std::function<void()>;
  explicit FakeWatch(std::deque<Step> steps) : steps_(std::move(steps)) {}
  bool wait() override {
    if (steps_.empty()) return false;
    steps_.front()();
    steps_.pop_front();
    return true;
  }
  bool in_place() override { return in_place_; }
  void move_away() { in_place_ = false; }
  [[nodiscard]] std::size_t left() const { return steps_.size(); }

 private:
  std::deque<Step> steps_;
  bool in_place_ = true;
};

struct Log {
  t::MemoryStore store;

  void grow(int count, const std::string& agent = "spiffe://acme.example/agent/billing", std::int64_t time_us = 0) {
    REQUIRE(store.transact([&] {
      for (int i = 0; i < count; ++i) {
        Event event;
        event.kind = EventKind::token_minted;
        event.agent = agent;
        event.time_us = time_us != 0 ? time_us : 1000 + static_cast<std::int64_t>(store.size());
        store.append(event);
      }
    }));
  }
  [[nodiscard]] std::vector<Event>& events() const { return store.log()->events; }
};

/// The same log, but the first so many looks at it fail.
class BusyReader final : public jeton::LogReader {
 public:
  BusyReader(const t::MemoryStore& store, int failures) : log_(store.reader()), failures_(failures) {}
  std::uint64_t size() const override { return log_->size(); }
  std::string origin() const override { return log_->origin(); }
  std::vector<Event> read(std::uint64_t from, std::size_t limit) const override { return log_->read(from, limit); }
  std::size_t visit(std::uint64_t from, std::size_t limit, const std::function<void(const Row&)>& see) const override {
    if (failures_ > 0) {
      --failures_;
      throw std::runtime_error("database is locked");
    }
    return log_->visit(from, limit, see);
  }
  std::vector<Event> everything_of(const jeton::Txn&, std::size_t) const override { return {}; }
  std::vector<Opening> openings(std::uint64_t, std::size_t) const override { return {}; }
  std::vector<Opening> children(const jeton::Txn&, std::size_t) const override { return {}; }
  Archive archive() const override { return log_->archive(); }
  bool is_cut(const jeton::Txn& txn) const override { return log_->is_cut(txn); }
  std::uint64_t gaps() const override { return 0; }
  std::uint64_t strays() const override { return 0; }
  std::vector<std::string> altered() const override { return {}; }
  std::optional<std::string> sealed(std::uint64_t) const override { return std::nullopt; }
  jeton::Sha256 subtree(unsigned level, std::uint64_t n) const override { return log_->subtree(level, n); }
  std::vector<jeton::SignedHead> heads(std::uint64_t, std::size_t) const override { return {}; }
  std::optional<jeton::SignedHead> newest_head() const override { return std::nullopt; }

 private:
  std::unique_ptr<jeton::LogReader> log_;
  mutable int failures_;
};

void nothing_archived(std::uint64_t, const jeton::LogReader::Archive&) { FAIL("nothing is archived here"); }

/// The places of what a follower is given.
struct Shown {
  Places places;
  jeton::Result<void> done;

  Shown(const jeton::LogReader& log, const FollowRange& range, jeton::LogWatch& watch)
      : done(follow_log(
            log, range, watch,
            [this](const std::vector<Event>& events) {
              for (const auto& event : events) places.push_back(event.log_index);
              return true;
            },
            nothing_archived)) {}
};

Places shown(const Log& log, const FollowRange& range, std::deque<FakeWatch::Step> steps = {}) {
  FakeWatch watch(std::move(steps));
  const Shown seen(*log.store.reader(), range, watch);
  CHECK(seen.done);
  CHECK(watch.left() == 0);
  return seen.places;
}

Places range_of(std::uint64_t from, std::uint64_t end) {
  Places places;
  for (auto i = from; i < end; ++i) places.push_back(i);
  return places;
}

}  // namespace

TEST_CASE("who follows sees the newest ten and then each event once as it comes") {
  Log log;
  log.grow(700);
  const auto seen = shown(log, {}, {[&] { log.grow(1); }, [] {}, [&] { log.grow(600); }, [&] { log.grow(1); }});
  CHECK(seen == range_of(690, 1302));
}

TEST_CASE("who follows an empty log sees its first event") {
  Log log;
  CHECK(shown(log, {}, {[] {}, [&] { log.grow(2); }}) == Places{0, 1});
}

TEST_CASE("who follows from an event or a time gets everything since") {
  Log log;
  log.grow(20);
  CHECK(shown(log, {.from = 3}, {[&] { log.grow(1); }}) == range_of(3, 21));
  CHECK(shown(log, {.since_us = 1018}) == range_of(18, 21));
  // From an event that is still to come.
  CHECK(shown(log, {.from = 23}, {[&] { log.grow(2); }, [&] { log.grow(2); }}) == Places{23, 24});
  CHECK(shown(log, {.from = UINT64_MAX}, {[&] { log.grow(1); }}).empty());
}

TEST_CASE("a clock that was set back hides no new event from who follows") {
  Log log;
  log.grow(3);
  CHECK(shown(log, {.since_us = 1002}, {[&] { log.grow(1, "spiffe://acme.example/agent/billing", 5); }}) ==
        Places{2, 3});
}

TEST_CASE("who follows one agent gets its newest ten and nothing of others") {
  Log log;
  const std::string rare = "spiffe://acme.example/agent/rare";
  log.grow(12, rare);
  log.grow(900);
  const FollowRange range{.wanted = [&](const Event& event) { return event.agent == rare; }};
  auto expected = range_of(2, 12);
  expected.push_back(913);
  CHECK(shown(log, range, {[&] { log.grow(1); }, [&] { log.grow(1, rare); }}) == expected);
}

TEST_CASE("who follows is told when another log lies in the place of this one") {
  Log log;
  log.grow(3);
  FakeWatch watch({[&] {
                     log.grow(1);
                     watch.move_away();
                   },
                   [] { FAIL("it goes on"); }});
  const Shown seen(*log.store.reader(), {}, watch);
  // What the old one got before is shown first.
  CHECK(seen.places == range_of(0, 4));
  REQUIRE_FALSE(seen.done);
  CHECK(seen.done.error().code == jeton::Code::log_unavailable);
  CHECK_THAT(seen.done.error().message, Catch::Contains("replaced"));
}

TEST_CASE("who follows is told when what was shown is gone or changed") {
  const auto damage = [](const std::function<void(Log&)>& harm) {
    Log log;
    REQUIRE(log.store.origin("acme.example/jeton/1"));
    log.grow(5);
    FakeWatch watch({[&] { harm(log); }, [&] { log.grow(1); }});
    try {
      (void)Shown(*log.store.reader(), {}, watch);
    } catch (const jeton::LogDamaged& error) {
      return std::string(error.what());
    }
    return std::string("nothing");
  };
  CHECK(damage([](Log&) {}) == "nothing");
  CHECK(damage([](Log& log) { log.events().pop_back(); }) == "the log had 5 events and has 4");
  CHECK(damage([](Log& log) { log.events().back().time_us = 1; }) == "event 4 is not what it was");
  CHECK_THAT(damage([](Log& log) { log.store.log()->origin = "acme.example/jeton/2"; }), Catch::Contains("is now"));
  CHECK(damage([](Log& log) {
          log.grow(3);
          log.events().erase(log.events().begin() + 5);
        }) == "events 5 to 5 are missing");
}

TEST_CASE("a log that is held for a moment is followed on and one that stays so is given up") {
  Log log;
  log.grow(3);
  std::deque<FakeWatch::Step> waits(100, [] {});
  FakeWatch patient(waits), tired(waits);
  const BusyReader briefly(log.store, jeton::follow_patience - 1), for_ever(log.store, 1000);
  CHECK(Shown(briefly, {}, patient).places == range_of(0, 3));
  CHECK_THROWS_WITH(Shown(for_ever, {}, tired), "database is locked");
  CHECK(tired.left() > 0);
}

TEST_CASE("who follows ends when nobody takes what is shown") {
  Log log;
  log.grow(700);
  FakeWatch watch({[] { FAIL("it goes on"); }});
  int pages = 0;
  CHECK(follow_log(
      *log.store.reader(), {.from = 0}, watch, [&](const auto&) { return ++pages < 2; }, nothing_archived));
  CHECK(pages == 2);
}
