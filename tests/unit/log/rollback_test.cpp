// At start: the log that was signed for, or none.
#include "log/rollback.hpp"

#include "support/signed_log.hpp"

namespace {

using jeton::testing::SignedLog;

std::string finding_in(const SignedLog& log, const std::vector<jeton::OutsideNote>& outside) {
  const auto store = log.open();
  const auto found = find_rollback(*store, log.note_key, outside);
  REQUIRE(found);
  return found->value_or("");
}

}  // namespace

TEST_CASE("a shorter log is a rollback") {
  const SignedLog log;
  log.edit("DELETE FROM event WHERE log_index >= 350; DELETE FROM checkpoint WHERE size > 350");
  CHECK_THAT(finding_in(log, log.outside()), Catch::Contains("the log has 350 events, but 400 were signed for"));
}

TEST_CASE("a shorter log is a rollback by its own checkpoints where none is left outside") {
  const SignedLog log;
  log.edit("DELETE FROM event WHERE log_index >= 350");
  CHECK_THAT(finding_in(log, {{"elsewhere", ""}}), Catch::Contains("elsewhere"));
  CHECK_THAT(finding_in(log, {}), Catch::Contains("none is left outside"));
}

TEST_CASE("other events than those that were signed for are a rollback") {
  const SignedLog log;
  log.edit("UPDATE event SET leaf = zeroblob(32) WHERE log_index = 399");
  CHECK_THAT(finding_in(log, log.outside()), Catch::Contains("the first 400 events are not those"));
  const SignedLog forked;
  forked.edit("UPDATE tree SET hash = zeroblob(32)");
  CHECK_THAT(finding_in(forked, forked.outside()), Catch::Contains("are not those"));
}

TEST_CASE("a checkpoint of another log or key is no checkpoint of this one") {
  const SignedLog log;
  const SignedLog other;
  CHECK_THAT(finding_in(log, other.outside()), Catch::Contains("is not this log's"));
  CHECK_THAT(finding_in(log, {{"STATE/checkpoint", "nonsense"}}), Catch::Contains("is not this log's"));
  CHECK_THAT(finding_in(log, {{"STATE/checkpoint", log.shown}, {"/mnt/second", other.shown}}),
             Catch::Contains("/mnt/second"));
}

TEST_CASE("a log that lost its only outside checkpoint is refused once it signed twice") {
  CHECK(finding_in(SignedLog(1), {}).empty());
  CHECK_FALSE(finding_in(SignedLog(2), {}).empty());
}

TEST_CASE("a log that grew since its newest checkpoint is no rollback") {
  const SignedLog log;
  {
    auto store = log.open();
    REQUIRE(store->transact([&] { store->append(SignedLog::unlike_event(999)); }));
  }
  CHECK(finding_in(log, log.outside()).empty());
  const SignedLog empty(0);
  CHECK(finding_in(empty, {}).empty());
}

TEST_CASE("a new log cites the largest checkpoint that was claimed") {
  const SignedLog log(2);
  const SignedLog longer(3);
  const auto claim = jeton::largest_claim({{"a", log.shown}, {"b", "nonsense"}, {"c", longer.shown}});
  REQUIRE(claim);
  CHECK(claim->size == 300);
  CHECK_FALSE(jeton::largest_claim({{"b", "nonsense"}}));
}
