// Readers of a log that was archived begin where its rows do, and say where the rest is.
#include "readers/export.hpp"
#include "readers/find.hpp"
#include "readers/follow.hpp"
#include "support/catch.hpp"
#include "support/events.hpp"
#include "support/memory_store.hpp"

namespace jeton::testing {
namespace {

/// So many opened calls, one event each.
struct OpenedCalls {
  MemoryStore store;

  explicit OpenedCalls(int calls) {
    REQUIRE(store.transact([&] {
      for (int i = 0; i < calls; ++i) {
        auto event = event_of(EventKind::call_opened, i);
        event.agent = "spiffe://acme.example/agent/billing";
        event.tool = "t";
        store.append(event);
      }
    }));
  }
  void archive(std::uint64_t below) {
    REQUIRE(store.transact([&] {
      Event event;
      event.kind = EventKind::log_archived;
      event.time_us = 1'796'000'000'000'000;  // 2026-11-30
      event.cited_size = static_cast<std::int64_t>(below);
      event.count = event.cited_size;
      store.append(event);
    }));
    SignedHead head;
    head.head.size = store.size();
    REQUIRE(store.keep(head));
    REQUIRE(store.move_archived(100));
  }
};

/// Looks so many times, and archives before the one that is named.
class Looks final : public LogWatch {
 public:
  Looks(int looks, std::function<void(int)> before) : looks_(looks), before_(std::move(before)) {}
  bool wait() override {
    before_(++seen_);
    return seen_ < looks_;
  }
  bool in_place() override { return true; }

 private:
  int looks_;
  std::function<void(int)> before_;
  int seen_ = 0;
};

}  // namespace

TEST_CASE("who follows an archived log begins with its first row and goes on when more is archived", "[archive]") {
  OpenedCalls log(1000);
  log.archive(256);
  std::vector<std::uint64_t> places;
  FollowRange range;
  range.from = 0;
  Looks looks(3, [&](int look) {
    if (look == 1) log.archive(768);
    if (look == 2) log.archive(log.store.size() / 256 * 256);  // also the event that was shown last
  });
  const auto put = [&](const std::vector<Event>& events) {
    for (const auto& event : events) places.push_back(event.log_index);
    return true;
  };
  std::vector<std::pair<std::uint64_t, std::uint64_t>> skipped;
  REQUIRE(follow_log(*log.store.reader(), range, looks, put,
                     [&](std::uint64_t first, const auto& archive) { skipped.emplace_back(first, archive.first); }));
  REQUIRE_FALSE(places.empty());
  CHECK(places.front() == 256);
  // Only what was never shown is told: all the rest was there when it was looked at.
  CHECK(skipped == std::vector<std::pair<std::uint64_t, std::uint64_t>>{{0, 256}});
  CHECK(places.back() >= 1001);
  CHECK(std::is_sorted(places.begin(), places.end()));
}

TEST_CASE("who follows one agent sees its newest ten also when they are the first that an archive left", "[archive]") {
  OpenedCalls log(600);
  log.archive(512);
  FollowRange range;
  range.wanted = [](const Event& event) { return event.log_index % 40 == 0 || event.log_index == 513; };
  Looks looks(1, [](int) {});
  std::vector<std::uint64_t> places;
  REQUIRE(follow_log(
      *log.store.reader(), range, looks,
      [&](const std::vector<Event>& events) {
        for (const auto& event : events) places.push_back(event.log_index);
        return true;
      },
      [](std::uint64_t, const auto&) {}));
  CHECK(places == std::vector<std::uint64_t>{513, 520, 560, 600});
}

TEST_CASE("who follows is told which events were archived before they were shown", "[archive]") {
  OpenedCalls log(1000);
  std::vector<std::uint64_t> places;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> skipped;
  FollowRange range;
  range.from = 0;
  SECTION("of every event") {}
  SECTION("of some, whatever it wants to see") {
    range.wanted = [](const Event& event) { return event.log_index % 2 == 0; };
  }
  Looks looks(2, [](int) {});
  // when: somebody archives while the first page is on its way out
  const auto put = [&](const std::vector<Event>& events) {
    if (places.empty()) log.archive(768);
    for (const auto& event : events) places.push_back(event.log_index);
    return true;
  };
  REQUIRE(follow_log(*log.store.reader(), range, looks, put,
                     [&](std::uint64_t first, const auto& archive) { skipped.emplace_back(first, archive.first); }));
  // then: what is in neither is in no gap
  CHECK(skipped == std::vector<std::pair<std::uint64_t, std::uint64_t>>{{256, 768}});
  const std::size_t all = 256 + (1001 - 768);
  CHECK(places.size() == (range.wanted ? (all + 1) / 2 : all));
}

TEST_CASE("an export ends where events were archived before they were written", "[archive]") {
  OpenedCalls log(1000);
  std::string text;
  const auto put = [&](const std::string& more) {
    if (text.empty()) log.archive(768);
    text += more;
    return true;
  };
  const auto done = export_events(*log.store.reader(), {}, ExportFormat::jsonl, put);
  REQUIRE(done.archived);
  CHECK(done.archived->first == 768);
  CHECK(done.next == 256);
  CHECK(done.lines == 256);
  CHECK(std::count(text.begin(), text.end(), '\n') == 256);  // nothing from behind the gap
  // and: one that has to go on there says so as well
  ExportRange range;
  range.from = 256;
  const auto again = export_events(*log.store.reader(), range, ExportFormat::jsonl, put);
  CHECK((again.archived && again.lines == 0));
}

TEST_CASE("an export of traces ends when the beginnings of calls were archived meanwhile", "[archive]") {
  OpenedCalls log(600);
  const auto end_call = [&](int seed) {
    REQUIRE(log.store.transact([&] {
      auto event = event_of(EventKind::call_outcome, seed);
      event.role = Role::agent;
      event.outcome = Outcome::ok;
      log.store.append(event);
    }));
  };
  end_call(590);
  for (int i = 0; i < 300; ++i) end_call(100 + i);  // they began long before
  std::string text;
  const auto put = [&](const std::string& more) {
    if (text.empty()) log.archive(512);
    text += more;
    return true;
  };
  const auto done = export_events(*log.store.reader(), {}, ExportFormat::otlp_traces, put);
  CHECK(done.archived);
  CHECK(done.next < log.store.size());
  CHECK(static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n')) == done.lines);
}

TEST_CASE("an export of an archived log begins with its first row", "[archive]") {
  OpenedCalls log(600);
  log.archive(512);
  std::string text;
  const auto done = export_events(*log.store.reader(), {}, ExportFormat::jsonl, [&](const std::string& more) {
    text += more;
    return true;
  });
  CHECK(done.lines == 601 - 512);
  CHECK_FALSE(done.archived);
  CHECK(index_of_line(text.substr(0, text.find('\n')), ExportFormat::jsonl) == 512);
}

TEST_CASE("an index from before an archive finds the calls that are there and no other", "[archive]") {
  OpenedCalls log(600);
  auto index = CallIndex::in_memory();
  CallFilter filter;
  filter.tool = "t";
  const auto found = [&] { return find_calls(*log.store.reader(), index, filter, UINT64_MAX, 1000, 0).calls.size(); };
  CHECK(found() == 600);
  log.archive(512);
  CHECK(found() == 600 - 512);

  // An open_id that comes again opens another call by the same txn.
  REQUIRE(log.store.transact([&] {
    auto event = event_of(EventKind::call_opened, 5);
    event.agent = "spiffe://acme.example/agent/billing";
    event.tool = "t";
    log.store.append(event);
  }));
  CHECK(found() == 600 - 512 + 1);
}

TEST_CASE("a call that is archived is told with the day and where to ask", "[archive]") {
  OpenedCalls log(600);
  const auto unknown = story_of(*log.store.reader(), id_of<Txn>(5000));
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().message.find("archived") == std::string::npos);
  log.archive(512);
  const auto gone = story_of(*log.store.reader(), id_of<Txn>(5));
  REQUIRE_FALSE(gone);
  CHECK(gone.error().code == Code::unknown_call);
  CHECK_THAT(gone.error().message, Catch::Contains("events 0 to 511 were archived on 2026-11-30; ask the archive: "
                                                   "jeton log show " +
                                                   id_of<Txn>(5).text() + " --state DIR"));
  CHECK(story_of(*log.store.reader(), id_of<Txn>(550)));
}

}  // namespace jeton::testing
