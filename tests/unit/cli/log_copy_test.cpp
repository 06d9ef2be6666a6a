// A copy that is made while somebody archives is one of the log as it is then.
#include "cli/log_copying.hpp"
#include "support/archiving.hpp"
#include "support/signed_log.hpp"

namespace jeton::testing {

TEST_CASE("a copy begins anew when somebody archives meanwhile and verifies", "[archive]") {
  const SignedLog log(90, 100);
  const auto store = log.open();
  const auto to = log.dir / "copy";
  int begun = 0;
  std::uint64_t before = UINT64_MAX;
  const auto archive_once = [&](std::uint64_t next) {
    if (next < before) ++begun;
    if (before == UINT64_MAX) {
      archive(*store, 8'704);
      log.sign(*store);
      REQUIRE(store->move_archived(100) == 34);
    }
    before = next;
  };
  cli::Common common;
  common.state = log.dir.path().string();

  const auto made = cli::copy_log(common, *log.reader(), log.note_key, to, WithArguments::no, archive_once);

  REQUIRE(made);
  CHECK(made->head.size == 9'001);
  CHECK(begun == 2);
  const auto copy = open_sqlite_reader(to / "jeton.db");
  REQUIRE(copy);
  const auto audit = audit_log(**copy, log.note_key, {{"checkpoint", bytes_of(to / "checkpoint")}});
  CHECK(audit.faults_in_all == 0);
  CHECK(audit.events == 9'001);
  CHECK((*copy)->archive().first == 8'704);
}

}  // namespace jeton::testing
