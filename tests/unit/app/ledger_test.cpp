// Opening a log: what an accepted rollback leaves behind when the start it belongs to is cut off.
#include "app/ledger.hpp"

#include "support/catch.hpp"
#include "support/fake_clock.hpp"
#include "support/temp_dir.hpp"

namespace {

using jeton::Event;
using jeton::EventKind;
using jeton::Ledger;

void append(Ledger& ledger, EventKind kind) {
  REQUIRE(ledger.store().transact([&] {
    Event event;
    event.kind = kind;
    event.role = jeton::Role::daemon;
    ledger.store().append(event);
  }));
}

Ledger::Options options_of(const std::filesystem::path& state, bool accept_rollback) {
  return {state, jeton::Sync::full, "acme.example", {}, accept_rollback};
}

}  // namespace

TEST_CASE("a start that is cut off after it gave a log up leaves one that still begins as recovered") {
  const jeton::testing::TempDir home;
  const jeton::testing::FakeClock clock;
  {
    auto old = Ledger::open(options_of(home.path(), false), clock);
    REQUIRE(old);
    CHECK_FALSE((*old)->recovered());
    append(**old, EventKind::sidecar_started);
    REQUIRE((*old)->first_checkpoint());
    append(**old, EventKind::sidecar_stopped);
    (*old)->checkpoint();
  }
  // given: no checkpoint is left outside, and a start that accepts that ends before its first event: a socket is taken
  std::filesystem::remove(home.path() / "checkpoint");
  REQUIRE_FALSE(Ledger::open(options_of(home.path(), false), clock));
  {
    const auto fresh = Ledger::open(options_of(home.path(), true), clock);
    REQUIRE(fresh);
    REQUIRE((*fresh)->recovered());
  }
  for (const bool accept_rollback : {true, false}) {
    const auto again = Ledger::open(options_of(home.path(), accept_rollback), clock);
    REQUIRE(again);
    CHECK((*again)->recovered());
  }
  // and once it has said so, it has
  {
    auto last = Ledger::open(options_of(home.path(), false), clock);
    append(**last, EventKind::log_recovered);
  }
  CHECK_FALSE((*Ledger::open(options_of(home.path(), false), clock))->recovered());
}
