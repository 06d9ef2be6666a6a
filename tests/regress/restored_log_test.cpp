// Is a token still spent when an older log is put back under a running daemon?
#include "support/door_fixture.hpp"

namespace jeton::testing {

TEST_CASE("a log put back under a running daemon un-redeems nothing") {
  DoorFixture door;
  const auto opened = body_of(door.post(billing, "/v1/calls", door.refund_body()));
  const auto token = opened.at("token").get<std::string>();
  const auto backup = door.company.memory.events().size();
  REQUIRE(door.post(crm_account, "/v1/redeem", door.redeem_body(token, "first")).response.status == 200);

  // Given the ledger loses its newest events, as when a backup is restored in place
  door.company.memory.log()->events.resize(backup);

  CHECK(code_of(door.post(crm_account, "/v1/redeem", door.redeem_body(token, "second"))) == "already_redeemed");
  CHECK(door.company.count(EventKind::token_redeemed) == 0);
}

TEST_CASE("a redemption whose write failed at the door leaves the token unspent") {
  DoorFixture door;
  const auto opened = body_of(door.post(billing, "/v1/calls", door.refund_body()));
  const auto token = opened.at("token").get<std::string>();
  door.company.memory.set_disk(MemoryStore::Disk::fails_at_commit);
  CHECK(code_of(door.post(crm_account, "/v1/redeem", door.redeem_body(token, "first"))) == "log_unavailable");
  door.company.memory.set_disk(MemoryStore::Disk::good);

  CHECK(code_of(door.post(crm_account, "/v1/redeem", door.redeem_body(token, "second"))) == "ok");
  CHECK(code_of(door.post(crm_account, "/v1/redeem", door.redeem_body(token, "first"))) == "already_redeemed");
}

}  // namespace jeton::testing
