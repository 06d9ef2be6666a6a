// The log's archive at the door: its body, its answer, and a house that lets go of a little each second.
#include "support/door_fixture.hpp"

namespace jeton::testing {
namespace {

/// A door to a log of so many events, all signed for, and a day and more ago.
struct OldLog : DoorFixture {
  explicit OldLog(std::uint64_t size) {
    company.durably([&] {
      while (company.store().size() < size) company.process->exchange.record(EventKind::key_rotated);
      return 0;
    });
    sign();
    for (int hour = 0; hour < 26; ++hour) {
      company.clock.pass_s(3600);
      company.process->exchange.settle({});
    }
  }
  void sign() {
    SignedHead head;
    head.head = company.store().head();
    head.signature.resize(64);
    REQUIRE(company.store().keep(head));
  }
  [[nodiscard]] Json body(std::uint64_t below) {
    const auto size = company.store().size();
    return {{"below", below}, {"size", size}, {"root", hex(company.store().root_at(size))}};
  }
};

}  // namespace

TEST_CASE("an operator is told what of the log goes and nobody else may let it go", "[archive]") {
  OldLog door(600);
  CHECK(code_of(door.post(stranger, "/v1/log/archive", door.body(512))) == "unknown_agent");
  CHECK(code_of(door.post(billing, "/v1/log/archive", door.body(512))) == "wrong_role");
  CHECK(door.last().kind == EventKind::request_refused);
  const auto job = door.post(operator_uid, "/v1/log/archive", door.body(590));
  REQUIRE(job.response.status == 200);
  CHECK(body_of(job) == Json{{"below", 512}, {"count", 512}, {"log_index", 602}});
  CHECK(door.last().kind == EventKind::log_archived);
  CHECK(body_of(door.post(operator_uid, "/v1/log/archive", door.body(590))) == Json{{"below", 512}, {"count", 0}});
}

TEST_CASE("a body that names no copy is refused", "[archive]") {
  OldLog door(600);
  for (const auto* member : {"below", "size", "root"}) {
    auto body = door.body(512);
    body.erase(member);
    CHECK(code_of(door.post(operator_uid, "/v1/log/archive", body)) == "bad_request");
    body[member] = "x";
    CHECK(code_of(door.post(operator_uid, "/v1/log/archive", body)) == "bad_request");
  }
  auto more = door.body(512);
  more["force"] = true;
  CHECK(code_of(door.post(operator_uid, "/v1/log/archive", more)) == "bad_request");
  auto loud = door.body(512);
  loud["root"] = std::string(64, 'A');
  CHECK(code_of(door.post(operator_uid, "/v1/log/archive", loud)) == "bad_request");
  CHECK(code_of(door.ask(operator_uid, "GET", "/v1/log/archive")) == "bad_request");
  CHECK(door.company.store().archived() == 0);
}

TEST_CASE("the house lets go of a thousand events a second until all are gone", "[archive]") {
  OldLog door(3000);
  REQUIRE(door.post(operator_uid, "/v1/log/archive", door.body(2816)).response.status == 200);
  door.door.keep_house(false);
  CHECK(door.company.memory.log()->moved == 0);  // nothing is signed for yet that says so
  door.sign();
  for (const std::uint64_t moved : {1024, 2048, 2816, 2816}) {
    door.door.keep_house(false);
    CHECK(door.company.memory.log()->moved == moved);
  }
}

}  // namespace jeton::testing
