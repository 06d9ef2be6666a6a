// Revoke, disable and enable at the door: bodies and paths, and answers when the log does not take them.
#include "support/door_fixture.hpp"

namespace {

namespace t = jeton::testing;
using jeton::EventKind;
using jeton::Job;
using jeton::Json;
using jeton::Verb;
using t::body_of;
using t::code_of;
using t::DoorFixture;
using Disk = t::MemoryStore::Disk;

const std::string disable = "/v1/agents/billing/disable", enable = "/v1/agents/billing/enable";

Json minted(DoorFixture& door) { return body_of(door.post(t::billing, "/v1/calls", door.refund_body())); }

bool says_in_memory_only(const Job& job) {
  return code_of(job) == "log_unavailable" && job.response.status == 503 &&
         body_of(job)["detail"].get<std::string>().starts_with("in memory only");
}

}  // namespace

TEST_CASE("a revocation that names nothing or two things or nonsense is a bad request of that verb") {
  DoorFixture door;
  const std::string id = "AAECAwQFBgcICQoLDA0ODw";
  for (const std::string body : {"", "{}", "[]", R"({"jti":"short"})", R"({"txn":1})", R"({"run_id":"a b"})",
                                 R"({"agent":""})", R"({"all":true})", R"({"run_id":"r","agent":"billing"})"}) {
    CAPTURE(body);
    CHECK(code_of(door.post(t::billing, "/v1/revoke", body)) == "bad_request");
    CHECK(door.last().verb == Verb::revoke);
  }
  CHECK(code_of(door.post(t::billing, "/v1/revoke", Json{{"jti", id}, {"txn", id}})) == "bad_request");
}

TEST_CASE("paths and bodies of the switch that are none are bad requests") {
  DoorFixture door;
  for (const auto* path : {"/v1/agents/disable", "/v1/agents//disable", "/v1/agents/billing/", "/v1/agents/billing",
                           "/v1/agents/billing/disable/", "/v1/agents/a b/enable"}) {
    CAPTURE(path);
    CHECK(code_of(door.post(t::operator_uid, path, std::string())) == "bad_request");
  }
  CHECK(code_of(door.ask(t::operator_uid, "GET", disable)) == "bad_request");
  CHECK(code_of(door.post(t::operator_uid, disable, Json{{"for_s", 60}})) == "bad_request");
  CHECK(door.last().verb == Verb::disable);
  CHECK(code_of(door.post(t::operator_uid, enable, std::string("null"))) == "bad_request");
  CHECK(door.last().verb == Verb::enable);
}

TEST_CASE("a revocation answers how many tokens were live and where its event stands") {
  DoorFixture door;
  const auto token = minted(door);
  CHECK(body_of(door.post(t::billing, "/v1/revoke", Json{{"jti", token["jti"]}})) ==
        Json{{"revoked", 1}, {"log_index", 1}});
  CHECK(body_of(door.post(t::billing, "/v1/revoke", Json{{"txn", token["txn"]}})) ==
        Json{{"revoked", 0}, {"log_index", 2}});
  CHECK(body_of(door.post(t::billing, "/v1/revoke", Json{{"agent", "billing"}})) == Json{{"revoked", 0}});
  CHECK(code_of(door.post(t::crm_account, "/v1/redeem", door.redeem_body(token["token"]))) == "revoked");
}

TEST_CASE("the switch answers with the event that stands and the status shows who is disabled") {
  DoorFixture door;
  CHECK(body_of(door.post(t::operator_uid, disable, std::string())) == Json{{"log_index", 0}});
  CHECK(body_of(door.post(t::operator_uid, disable, Json::object())) == Json{{"log_index", 0}});
  const auto status = body_of(door.ask(t::operator_uid, "GET", "/v1/status"));
  CHECK(status["disabled_agents"] == Json{"spiffe://acme.example/agent/billing"});
  CHECK(status["events_in_memory_only"] == 0);
  CHECK_FALSE(body_of(door.ask(t::billing, "GET", "/v1/status")).contains("disabled_agents"));
  CHECK(body_of(door.post(t::operator_uid, enable, std::string())) == Json{{"log_index", 1}});
  CHECK(body_of(door.ask(t::operator_uid, "GET", "/v1/status"))["disabled_agents"].empty());
}

TEST_CASE("a switch and a mint of one tick see one another") {
  DoorFixture door;
  auto off = DoorFixture::job_of(t::operator_uid, "POST", disable);
  auto mint = DoorFixture::job_of(t::billing, "POST", "/v1/calls", door.refund_body().dump());
  auto on = DoorFixture::job_of(t::operator_uid, "POST", enable);
  auto later = mint;
  door.answer({&off, &mint, &on, &later});
  CHECK(code_of(mint) == "agent_disabled");
  CHECK(code_of(later) == "ok");
}

TEST_CASE("when the log fails controls hold in memory and say so and everything else is refused") {
  for (const auto disk : {Disk::refuses_to_begin, Disk::fails_at_commit}) {
    DoorFixture door;
    const auto first = minted(door), second = minted(door);
    auto in_run = door.refund_body();
    in_run["run_id"] = "r";
    const auto third = body_of(door.post(t::billing, "/v1/calls", in_run));
    const auto size = door.company.memory.size();
    door.company.memory.set_disk(disk);

    // In one tick and alone, twice each: asking again changes nothing.
    auto token = DoorFixture::job_of(t::billing, "POST", "/v1/revoke", Json{{"jti", first["jti"]}}.dump());
    auto call = DoorFixture::job_of(t::billing, "POST", "/v1/revoke", Json{{"txn", second["txn"]}}.dump());
    auto run = DoorFixture::job_of(t::billing, "POST", "/v1/revoke", R"({"run_id":"r"})");
    auto foreign = DoorFixture::job_of(t::support, "POST", "/v1/revoke", Json{{"jti", first["jti"]}}.dump());
    auto forbidden = DoorFixture::job_of(t::billing, "POST", "/v1/agents/support/disable");
    auto open = DoorFixture::job_of(t::billing, "POST", "/v1/calls", in_run.dump());
    for (int i = 0; i < 2; ++i) {
      door.answer({&token, &call, &run, &foreign, &forbidden, &open});
      for (const auto* job : {&token, &call, &run}) CHECK(says_in_memory_only(*job));
      for (const auto* job : {&foreign, &forbidden, &open}) {
        CHECK(code_of(*job) == "log_unavailable");
        CHECK_FALSE(says_in_memory_only(*job));
      }
    }
    CHECK(says_in_memory_only(door.post(t::operator_uid, "/v1/agents/support/disable", std::string())));
    CHECK(says_in_memory_only(door.post(t::operator_uid, "/v1/agents/support/disable", std::string())));
    CHECK(door.company.memory.size() == size);
    // Two tokens and the closing of each of a call and a run, the token alone, and the switch.
    CHECK(body_of(door.ask(t::operator_uid, "GET", "/v1/status"))["events_in_memory_only"] == 6);

    // With room again the house is kept: first of all these, once.
    door.company.memory.set_disk(Disk::good);
    door.company.clock.pass_s(3600);
    door.door.keep_house(false);
    door.door.keep_house(false);
    REQUIRE(door.company.memory.size() == size + 7);
    CHECK(door.last().kind == EventKind::key_rotated);
    CHECK(door.company.count(EventKind::token_revoked) == 5);
    CHECK(door.company.count(EventKind::agent_disabled) == 1);
    CHECK(code_of(door.post(t::support, "/v1/calls", door.refund_body())) == "agent_disabled");
    CHECK(code_of(door.post(t::billing, "/v1/calls", in_run)) == "revoked");
  }
}

TEST_CASE("what waits is written before the next request is answered") {
  DoorFixture door;
  const auto token = minted(door);
  door.company.memory.set_disk(Disk::refuses_to_begin);
  CHECK(says_in_memory_only(door.post(t::operator_uid, "/v1/revoke", Json{{"agent", "billing"}})));
  door.company.memory.set_disk(Disk::good);
  CHECK(code_of(door.post(t::crm_account, "/v1/redeem", door.redeem_body(token["token"]))) == "revoked");
  REQUIRE(door.company.memory.size() == 3);
  CHECK(door.company.memory.events()[1].kind == EventKind::token_revoked);
  CHECK(door.company.memory.events()[1].jti->text() == token["jti"]);
}

TEST_CASE("a switch thrown to and fro in one tick that fails is written as it was thrown") {
  DoorFixture door;
  const auto token = minted(door);
  door.company.memory.set_disk(Disk::fails_at_commit);
  auto off = DoorFixture::job_of(t::operator_uid, "POST", disable);
  auto on = DoorFixture::job_of(t::operator_uid, "POST", enable);
  door.answer({&off, &on});
  CHECK(says_in_memory_only(off));
  CHECK(says_in_memory_only(on));
  door.company.memory.set_disk(Disk::good);
  door.door.keep_house(false);
  CHECK(door.company.memory.size() == 4);
  CHECK(door.company.count(EventKind::agent_disabled) == 1);
  CHECK(door.company.count(EventKind::agent_enabled) == 1);
  CHECK(door.company.count(EventKind::token_revoked) == 1);
  CHECK(code_of(door.post(t::billing, "/v1/calls", door.refund_body())) == "ok");
}

TEST_CASE("a low disk keeps nobody from revoking or switching off") {
  DoorFixture door;
  const auto token = minted(door);
  door.disk_low = true;
  door.door.keep_house(false);
  CHECK(body_of(door.post(t::billing, "/v1/revoke", Json{{"jti", token["jti"]}}))["revoked"] == 1);
  CHECK(code_of(door.post(t::operator_uid, disable, std::string())) == "ok");
}

TEST_CASE("while the disk hangs controls hold in memory without a look at the log") {
  DoorFixture door;
  const auto first = minted(door), second = minted(door);
  const auto opened =
      body_of(door.post(t::billing, "/v1/calls", Json{{"tool", "refund"}, {"args_digest", std::string(43, 'A')}}));
  door.company.memory.set_disk(Disk::refuses_to_begin);
  const auto transactions = door.company.memory.transactions();
  const auto job = [](uid_t uid, const Json& body) {
    return DoorFixture::job_of(uid, "POST", "/v1/revoke", body.dump());
  };
  auto token = job(t::billing, {{"jti", first["jti"]}}), call = job(t::billing, {{"txn", second["txn"]}});
  auto off = DoorFixture::job_of(t::operator_uid, "POST", "/v1/agents/support/disable");
  auto foreign = job(t::support, {{"txn", second["txn"]}}), unknown = job(t::billing, {{"txn", opened["txn"]}});
  auto open = DoorFixture::job_of(t::billing, "POST", "/v1/calls", door.refund_body().dump());
  std::vector<Job*> jobs{&foreign, &unknown, &open, &token, &call, &off};
  door.door.answer_stalled(jobs);
  for (const auto* held : {&token, &call, &off}) CHECK(says_in_memory_only(*held));
  for (const auto* refused : {&foreign, &unknown, &open}) {
    CHECK(code_of(*refused) == "log_unavailable");
    CHECK_FALSE(says_in_memory_only(*refused));
  }
  CHECK(door.company.memory.transactions() == transactions);

  door.company.memory.set_disk(Disk::good);
  CHECK(code_of(door.post(t::support, "/v1/calls", door.refund_body())) == "agent_disabled");
  for (const auto& ended : {first, second})
    CHECK(code_of(door.post(t::crm_account, "/v1/redeem", door.redeem_body(ended["token"]))) == "revoked");
  CHECK(code_of(door.post(t::billing, "/v1/calls/" + second["txn"].get<std::string>() + "/tokens",
                          door.refund_body())) == "revoked");
}
