// A flood of refusals: twenty a minute are told, the rest is counted, and no count is lost.
#include "exchange/refusal_meter.hpp"

#include "support/catch.hpp"
#include "support/fake_clock.hpp"

namespace {

using jeton::Code;
using jeton::EventKind;
using jeton::RefusalMeter;
using jeton::testing::FakeClock;

/// How many of so many refusals become events.
int admitted(RefusalMeter& meter, const FakeClock& clock, int times, std::int64_t uid = 1001,
             Code code = Code::no_grant) {
  int events = 0;
  for (int i = 0; i < times; ++i) events += meter.admit({uid}, code, clock.wall_us(), clock.boot_us()) ? 1 : 0;
  return events;
}

std::vector<jeton::Event> due(const RefusalMeter& meter, const FakeClock& clock, bool all = false) {
  return meter.due(clock.wall_us(), clock.boot_us(), all);
}

}  // namespace

TEST_CASE("the first twenty refusals of a minute are told and the rest are counted") {
  FakeClock clock;
  RefusalMeter meter;
  CHECK(admitted(meter, clock, 20) == 20);
  clock.pass_s(10);
  const auto first_us = clock.wall_us();
  CHECK(admitted(meter, clock, 3) == 0);
  clock.pass_s(5);
  CHECK(admitted(meter, clock, 1) == 0);
  const auto last_us = clock.wall_us();

  CHECK(due(meter, clock).empty());
  clock.pass_s(45);
  const auto events = due(meter, clock);
  REQUIRE(events.size() == 1);
  CHECK(events[0].kind == EventKind::refusals_suppressed);
  CHECK(events[0].role == jeton::Role::daemon);
  CHECK(events[0].uid == 1001);
  CHECK(events[0].code == Code::no_grant);
  CHECK(events[0].count == 4);
  CHECK(events[0].first_us == first_us);
  CHECK(events[0].last_us == last_us);
  CHECK(events[0].time_us == clock.wall_us());
}

TEST_CASE("accounts and codes are counted apart") {
  FakeClock clock;
  RefusalMeter meter;
  CHECK(admitted(meter, clock, 25) == 20);
  CHECK(admitted(meter, clock, 25, 1002) == 20);
  CHECK(admitted(meter, clock, 25, 1001, Code::bad_request) == 20);
  CHECK(due(meter, clock, true).size() == 3);
}

TEST_CASE("counts stay until they are in the log") {
  FakeClock clock;
  RefusalMeter meter;
  admitted(meter, clock, 25);
  clock.pass_s(60);
  CHECK(due(meter, clock).size() == 1);
  CHECK(admitted(meter, clock, 1) == 0);
  const auto events = due(meter, clock);
  REQUIRE(events.size() == 1);
  CHECK(events[0].count == 6);
  meter.written(events);
  CHECK(due(meter, clock, true).empty());
  CHECK(admitted(meter, clock, 21) == 20);
}

TEST_CASE("a new minute begins after the old one even when nothing was counted") {
  FakeClock clock;
  RefusalMeter meter;
  CHECK(admitted(meter, clock, 20) == 20);
  clock.pass_s(59);
  CHECK(admitted(meter, clock, 1) == 0);
  meter.written(due(meter, clock, true));
  CHECK(admitted(meter, clock, 20) == 20);
  clock.pass_s(60);
  CHECK(admitted(meter, clock, 20) == 20);
}

TEST_CASE("a minute is a minute of the boot clock also right after boot") {
  FakeClock clock;
  clock.reboot();
  clock.pass_s(40);
  RefusalMeter meter;
  CHECK(admitted(meter, clock, 20) == 20);
  clock.pass_s(30);
  clock.set_wall_ahead_s(3600);
  CHECK(admitted(meter, clock, 1) == 0);
  CHECK(due(meter, clock).empty());
  clock.pass_s(30);
  clock.set_wall_back_s(7200);
  CHECK(due(meter, clock).size() == 1);
}

TEST_CASE("while the disk is low every refusal is counted and written when there is room or at stop") {
  FakeClock clock;
  RefusalMeter meter;
  meter.set_disk_low(true);
  CHECK(admitted(meter, clock, 5) == 0);
  clock.pass_s(120);
  CHECK(due(meter, clock).empty());
  CHECK(due(meter, clock, true).size() == 1);
  meter.set_disk_low(false);
  const auto events = due(meter, clock);
  REQUIRE(events.size() == 1);
  CHECK(events[0].count == 5);
}

TEST_CASE("many accounts that were refused once leave nothing behind") {
  FakeClock clock;
  RefusalMeter meter;
  for (std::int64_t uid = 0; uid < 5000; ++uid) admitted(meter, clock, 1, uid);
  admitted(meter, clock, 21, 9999);
  meter.written({});
  CHECK(due(meter, clock, true).size() == 1);
}
