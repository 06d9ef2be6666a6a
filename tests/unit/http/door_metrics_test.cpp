// What a door counts, and who may see it.
#include "support/door_fixture.hpp"

namespace jeton::testing {
namespace {

std::string metrics_of(DoorFixture& door) {
  const auto job = door.ask(operator_uid, "GET", "/metrics");
  REQUIRE(job.response.status == 200);
  CHECK(job.response.content_type == "text/plain; version=0.0.4; charset=utf-8");
  return job.response.body;
}

}  // namespace

TEST_CASE("a reviewer sees how many requests ended how") {
  DoorFixture door;
  const auto opened = body_of(door.post(billing, "/v1/calls", door.refund_body()));
  const auto token = opened.at("token").get<std::string>();
  CHECK(code_of(door.post(crm_account, "/v1/redeem", door.redeem_body(token, "a"))) == "ok");
  CHECK(code_of(door.post(crm_account, "/v1/redeem", door.redeem_body(token, "b"))) == "already_redeemed");
  CHECK(code_of(door.post(stranger, "/v1/calls", door.refund_body())) == "unknown_agent");

  const auto text = metrics_of(door);
  CHECK_THAT(text, Catch::Contains("jeton_requests_total{verb=\"open\",code=\"ok\"} 1\n"));
  CHECK_THAT(text, Catch::Contains("jeton_requests_total{verb=\"open\",code=\"unknown_agent\"} 1\n"));
  CHECK_THAT(text, Catch::Contains("jeton_requests_total{verb=\"redeem\",code=\"ok\"} 1\n"));
  CHECK_THAT(text, Catch::Contains("jeton_requests_total{verb=\"redeem\",code=\"already_redeemed\"} 1\n"));
  CHECK_THAT(text, Catch::Contains("jeton_log_events_total " + std::to_string(door.company.memory.size()) + "\n"));
  CHECK_THAT(text, Catch::Contains("jeton_live_tokens 0\n"));
}

TEST_CASE("who is no reviewer gets no metrics, and the attempt is an event") {
  DoorFixture door;
  for (const auto uid : {billing, crm_account, stranger})
    CHECK(code_of(door.ask(uid, "GET", "/metrics")) == "wrong_role");
  CHECK(door.last().kind == EventKind::request_refused);
  CHECK(door.last().code == Code::wrong_role);
}

TEST_CASE("no word of a caller becomes a label") {
  DoorFixture door;
  (void)door.ask(billing, "GET", "/v1/\"}evil 1\n");
  (void)door.ask(billing, "BREW", "/v1/calls");
  (void)door.post(billing, "/v1/calls/evil/tokens", door.refund_body());
  const auto text = metrics_of(door);
  CHECK(text.find("evil") == text.npos);
  CHECK_THAT(text, Catch::Contains("jeton_requests_total{verb=\"request\",code=\"bad_request\"} 2\n"));
}

TEST_CASE("what could not be written is counted as that") {
  DoorFixture door;
  door.company.memory.set_disk(MemoryStore::Disk::fails_at_commit);
  CHECK(code_of(door.post(billing, "/v1/calls", door.refund_body())) == "log_unavailable");
  door.company.memory.set_disk(MemoryStore::Disk::good);
  CHECK_THAT(metrics_of(door), Catch::Contains("jeton_requests_total{verb=\"open\",code=\"log_unavailable\"} 1\n"));
}

TEST_CASE("live tokens and a low disk are seen") {
  DoorFixture door;
  REQUIRE(code_of(door.post(billing, "/v1/calls", door.refund_body())) == "ok");
  CHECK_THAT(metrics_of(door), Catch::Contains("jeton_live_tokens 1\n") && Catch::Contains("jeton_disk_low 0\n"));
  door.disk_low = true;
  door.company.clock.pass_s(31);
  CHECK_THAT(metrics_of(door), Catch::Contains("jeton_live_tokens 0\n") && Catch::Contains("jeton_disk_low 1\n"));
}

}  // namespace jeton::testing
