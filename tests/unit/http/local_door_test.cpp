// The local door: paths and shapes, refusals as events, and a tick in which one job fails or the log does.
#include <stdexcept>

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

const std::string some_txn = "AAECAwQFBgcICQoLDA0ODw";

}  // namespace

TEST_CASE("what is no request of the protocol is refused as an event") {
  DoorFixture door;
  const std::vector<std::pair<std::string, std::string>> requests = {{"GET", "/"},
                                                                     {"GET", "/v1/calls"},
                                                                     {"GET", "/v1/redeem"},
                                                                     {"PUT", "/v1/calls"},
                                                                     {"POST", "/v1/jwks"},
                                                                     {"POST", "/v1/status"},
                                                                     {"TRACE", "/v1/status"},
                                                                     {"GET", "/v1/status?verbose"},
                                                                     {"POST", "/v1/calls/"},
                                                                     {"POST", "/v1/calls/" + some_txn},
                                                                     {"POST", "/v1/calls/" + some_txn + "/"},
                                                                     {"POST", "/v1/calls/" + some_txn + "/tokens/"},
                                                                     {"POST", "/v1/calls/" + some_txn + "/x/tokens"},
                                                                     {"POST", "/V1/redeem"},
                                                                     {"post", "/v1/redeem"},
                                                                     {"POST", "/v1/redeem/../calls"}};
  for (const auto& [method, target] : requests) {
    CAPTURE(method, target);
    const auto size = door.company.memory.size();
    const auto job = door.ask(t::billing, method, target);
    CHECK(code_of(job) == "bad_request");
    REQUIRE(door.company.memory.size() == size + 1);
    CHECK(door.last().verb == Verb::request);
    CHECK(body_of(job)["log_index"] == size);
  }
}

TEST_CASE("a document that is asked for with a body is not given") {
  DoorFixture door;
  CHECK(code_of(door.ask(t::billing, "GET", "/v1/status", "{}")) == "bad_request");
  CHECK(code_of(door.ask(t::billing, "GET", "/v1/jwks", "x")) == "bad_request");
}

TEST_CASE("a refusal is problem json with the code and where its event stands") {
  DoorFixture door;
  const auto job = door.post(t::billing, "/v1/calls", Json{{"tool", "nothing"}, {"arguments", Json::object()}});
  CHECK(job.response.status == 403);
  CHECK(job.response.content_type == "application/problem+json");
  CHECK_FALSE(job.response.may_cache);
  const auto body = body_of(job);
  CHECK(body["type"] == "about:blank");
  CHECK(body["title"] == jeton::facts(jeton::Code::no_grant).sentence);
  CHECK(body["status"] == 403);
  CHECK(body["code"] == "no_grant");
  CHECK(body["detail"].is_string());
  CHECK(body["log_index"] == 0);
  CHECK_FALSE(body.contains("txn"));
  CHECK(body.size() == 6);
}

TEST_CASE("a refusal about a call names its txn") {
  DoorFixture door;
  auto body = door.refund_body();
  const auto txn = body_of(door.post(t::billing, "/v1/calls", body))["txn"].get<std::string>();
  body["tool"] = "lookup_x";
  const auto job = door.post(t::billing, "/v1/calls/" + txn + "/tokens", body);
  CHECK(code_of(job) == "call_mismatch");
  CHECK(job.response.status == 409);
  CHECK(body_of(job)["txn"] == txn);
  CHECK(door.last().txn->text() == txn);
}

TEST_CASE("a body that cannot be read is an event of the verb it was for") {
  DoorFixture door;
  const std::vector<std::pair<std::string, Verb>> paths = {{"/v1/calls", Verb::open},
                                                           {"/v1/redeem", Verb::redeem},
                                                           {"/v1/calls/" + some_txn + "/tokens", Verb::mint},
                                                           {"/v1/calls/" + some_txn + "/outcome", Verb::finish}};
  for (const auto& [path, verb] : paths) {
    CHECK(code_of(door.post(t::billing, path, std::string("{"))) == "bad_request");
    CHECK(door.last().verb == verb);
    CHECK(door.last().kind == EventKind::request_refused);
  }
  CHECK(code_of(door.post(t::billing, "/v1/calls/x/outcome", Json{{"outcome", "ok"}})) == "bad_request");
}

TEST_CASE("a whole life of a call has the members of the protocol") {
  DoorFixture door;
  auto open_body = door.refund_body();
  open_body["call_id"] = "call_1";
  const auto opened = door.post(t::billing, "/v1/calls", open_body);
  CHECK(opened.response.status == 200);
  CHECK(opened.response.content_type == "application/json");
  const auto open = body_of(opened);
  for (const auto* name :
       {"txn", "token", "jti", "attempt", "expires_at", "decision", "provisional", "grant", "log_index"})
    CHECK(open.contains(name));
  CHECK(open["decision"] == "permit");
  CHECK(open["provisional"] == false);
  const auto txn = open["txn"].get<std::string>();

  const auto mint = body_of(door.post(t::billing, "/v1/calls/" + txn + "/tokens", door.refund_body()));
  CHECK(mint["previous"] == "unredeemed");
  CHECK(mint["attempt"] == 2);
  CHECK(mint["txn"] == txn);
  CHECK(mint["expires_at"].is_number_integer());

  const auto token = mint["token"].get<std::string>();
  const auto redeemed = body_of(door.post(t::crm_account, "/v1/redeem", door.redeem_body(token)));
  CHECK(redeemed["active"] == true);
  CHECK(redeemed["iss"] == t::test_issuer);
  CHECK(redeemed["aud"] == t::crm);
  CHECK(redeemed["sub"] == "spiffe://acme.example/agent/billing");
  CHECK(redeemed["jti"] == mint["jti"]);
  CHECK(redeemed["txn"] == txn);
  CHECK(redeemed["attempt"] == 2);
  CHECK(redeemed["prior_redemptions"] == 0);
  CHECK(redeemed["repeated"] == false);
  CHECK(redeemed["authorization_details"][0]["identifier"] == "refund");
  CHECK(redeemed["authorization_details"][0]["call_id"] == "call_1");
  CHECK(redeemed["redeemed_at"].is_number_integer());
  CHECK_FALSE(redeemed.contains("token"));
  auto again = body_of(door.post(t::crm_account, "/v1/redeem", door.redeem_body(token)));
  CHECK(again["repeated"] == true);
  again["repeated"] = false;
  CHECK(again == redeemed);

  const Json receipt{
      {"jti", redeemed["jti"]}, {"redeemed_at", redeemed["redeemed_at"]}, {"log_index", redeemed["log_index"]}};
  const auto outcome =
      door.post(t::billing, "/v1/calls/" + txn + "/outcome", Json{{"outcome", "ok"}, {"receipt", receipt}});
  CHECK(body_of(outcome) == Json{{"log_index", door.company.memory.size() - 1}});
  CHECK(door.last().receipt == jeton::ReceiptCheck::match);
}

TEST_CASE("an open without a server answers without a token") {
  DoorFixture door;
  const auto body =
      body_of(door.post(t::billing, "/v1/calls", Json{{"tool", "refund"}, {"arguments", {{"amount", 1}}}}));
  CHECK(body["provisional"] == true);
  CHECK(body.size() == 5);
}

TEST_CASE("keys may be cached and everything else may not") {
  DoorFixture door;
  const auto transactions = door.company.memory.transactions();
  const auto keys = door.ask(t::stranger, "GET", "/v1/jwks");
  CHECK(keys.response.may_cache);
  CHECK(body_of(keys)["keys"].size() == 2);
  const auto status = door.ask(t::stranger, "GET", "/v1/status");
  CHECK_FALSE(status.response.may_cache);
  CHECK(door.company.memory.transactions() == transactions);
}

TEST_CASE("a status tells everybody their part and operators everything") {
  DoorFixture door;
  const auto little = body_of(door.ask(t::billing, "GET", "/v1/status"));
  CHECK(little["roles"] == Json{"agent:billing"});
  CHECK(little["keys"].size() == 2);
  CHECK_FALSE(little.contains("limits"));
  const auto full = body_of(door.ask(t::operator_uid, "GET", "/v1/status"));
  CHECK(full.contains("limits"));
  CHECK(full.contains("memory_locked"));
  CHECK(full["log"]["size"] == 0);
  CHECK(body_of(door.ask(t::stranger, "GET", "/v1/status"))["roles"].empty());
}

TEST_CASE("a fault of the transport is an event like every other refusal") {
  DoorFixture door;
  auto job = DoorFixture::job_of(t::billing, "GET", "/v1/status");
  job.fault = jeton::Error{jeton::Code::unattested_peer, "the process behind this connection has changed"};
  door.answer({&job});
  CHECK(job.response.status == 401);
  CHECK(door.last().code == jeton::Code::unattested_peer);
}

TEST_CASE("the twenty-first refusal of a minute is answered and counted") {
  DoorFixture door;
  for (int i = 0; i < 20; ++i) CHECK(body_of(door.ask(t::stranger, "GET", "/")).contains("log_index"));
  for (int i = 0; i < 3; ++i) {
    const auto job = door.ask(t::stranger, "GET", "/");
    CHECK(code_of(job) == "bad_request");
    CHECK_FALSE(body_of(job).contains("log_index"));
  }
  CHECK(door.company.memory.size() == 20);
  door.door.keep_house(false);
  CHECK(door.company.memory.size() == 20);
  door.company.clock.pass_s(60);
  door.company.memory.set_disk(Disk::fails_at_commit);
  door.door.keep_house(false);
  door.company.memory.set_disk(Disk::good);
  door.door.keep_house(false);
  door.door.keep_house(false);
  REQUIRE(door.company.memory.size() == 21);
  CHECK(door.last().kind == EventKind::refusals_suppressed);
  CHECK(door.last().count == 3);
}

TEST_CASE("what was counted is written at stop and while the disk is low nothing else of it is") {
  DoorFixture door;
  door.disk_low = true;
  door.door.keep_house(false);
  for (int i = 0; i < 3; ++i) door.ask(t::stranger, "GET", "/");
  CHECK(door.company.memory.size() == 0);
  CHECK(code_of(door.post(t::billing, "/v1/calls", door.refund_body())) == "ok");
  door.door.keep_house(true);
  CHECK(door.company.memory.size() == 2);
  CHECK(door.last().count == 3);
}

TEST_CASE("a key is rotated only when the event of it is durable") {
  DoorFixture door;
  const auto kid = [&] { return door.company.process->keyring.current().verifying_key().kid(); };
  const auto before = kid();
  door.company.clock.pass_s(3600);
  for (const auto disk : {Disk::refuses_to_begin, Disk::fails_at_commit}) {
    door.company.memory.set_disk(disk);
    door.door.keep_house(false);
    CHECK(kid() == before);
  }
  door.company.memory.set_disk(Disk::good);
  door.door.keep_house(false);
  CHECK(kid() != before);
  CHECK(door.company.count(EventKind::key_rotated) == 1);
}

TEST_CASE("when the log fails every answer is log_unavailable and nothing was done") {
  for (const auto disk : {Disk::refuses_to_begin, Disk::fails_at_commit}) {
    DoorFixture door;
    const auto minted = body_of(door.post(t::billing, "/v1/calls", door.refund_body()));
    const auto size = door.company.memory.size();
    door.company.memory.set_disk(disk);
    auto open = DoorFixture::job_of(t::billing, "POST", "/v1/calls", door.refund_body().dump());
    auto redeem = DoorFixture::job_of(t::crm_account, "POST", "/v1/redeem", door.redeem_body(minted["token"]).dump());
    auto outcome = DoorFixture::job_of(t::billing, "POST", "/v1/calls/" + minted["txn"].get<std::string>() + "/outcome",
                                       R"({"outcome":"ok"})");
    auto nonsense = DoorFixture::job_of(t::billing, "POST", "/v1/nonsense");
    auto status = DoorFixture::job_of(t::billing, "GET", "/v1/status");
    door.answer({&open, &redeem, &outcome, &nonsense, &status});
    for (const auto* job : {&open, &redeem, &outcome, &nonsense}) {
      CHECK(code_of(*job) == "log_unavailable");
      CHECK(job->response.status == 503);
      CHECK(job->response.body.find("token\"") == std::string::npos);
    }
    CHECK(code_of(status) == "ok");
    CHECK(door.company.memory.size() == size);
    door.answer({&open});
    CHECK(code_of(open) == "log_unavailable");

    door.company.memory.set_disk(Disk::good);
    const auto later = door.post(t::crm_account, "/v1/redeem", door.redeem_body(minted["token"]));
    CHECK(body_of(later)["repeated"] == false);
  }
}

namespace {

/// A policy with a mistake in it.
struct BrokenPolicy final : jeton::Policy {
  jeton::Grants grants = t::company_grants();
  jeton::Result<jeton::Permit> decide(const jeton::Question& question) const override {
    if (question.tool == "logic") throw std::logic_error("a mistake");
    if (question.tool == "runtime") throw std::runtime_error("not the store's");
    if (question.tool == "memory") throw std::bad_alloc();
    if (question.tool == "damaged") throw jeton::LogDamaged("event 7 has an impossible role");
    return grants.decide(question);
  }
};

struct BrokenDoor {
  DoorFixture fixture;
  BrokenPolicy policy;
  t::Process process{fixture.company.memory, policy, fixture.company.roles, fixture.company.secret,
                     fixture.company.clock};
  jeton::LocalDoor door{{process.exchange,
                         fixture.company.memory,
                         fixture.company.roles,
                         process.keyring,
                         {},
                         [] { return Json::object(); },
                         [] { return false; }}};

  [[nodiscard]] Job job_for(const std::string& tool) const {
    auto body = fixture.refund_body();
    body["tool"] = tool;
    return DoorFixture::job_of(t::billing, "POST", "/v1/calls", body.dump());
  }
  void answer(const std::vector<Job*>& jobs) { door.answer(jobs); }
};

}  // namespace

TEST_CASE("a mistake of ours harms its own job in a tick of several") {
  BrokenDoor broken;
  for (const auto* fault : {"logic", "memory"}) {
    auto before = broken.job_for("refund"), bad = broken.job_for(fault), after = broken.job_for("refund");
    auto refused = DoorFixture::job_of(t::stranger, "GET", "/");
    const auto size = broken.fixture.company.memory.size();
    broken.answer({&before, &bad, &refused, &after});
    CHECK(code_of(before) == "ok");
    CHECK(code_of(bad) == "internal");
    CHECK(bad.response.status == 500);
    CHECK(code_of(refused) == "bad_request");
    CHECK(code_of(after) == "ok");
    CHECK(broken.fixture.company.memory.size() == size + 3);
    CHECK(body_of(after)["log_index"] == size + 2);
    // And the token of a neighbour is a good one.
    const auto token = body_of(after)["token"].get<std::string>();
    auto redeem = DoorFixture::job_of(t::crm_account, "POST", "/v1/redeem", broken.fixture.redeem_body(token).dump());
    broken.answer({&redeem});
    CHECK(code_of(redeem) == "ok");
  }
}

TEST_CASE("a mistake of ours that is alone keeps nothing and the next request is served") {
  BrokenDoor broken;
  for (const auto* fault : {"logic", "runtime", "memory"}) {
    auto bad = broken.job_for(fault);
    broken.answer({&bad});
    CHECK(code_of(bad) == "internal");
  }
  CHECK(broken.fixture.company.memory.size() == 0);
  auto good = broken.job_for("refund");
  broken.answer({&good});
  CHECK(code_of(good) == "ok");
}

TEST_CASE("what may be a failure of the store takes the whole tick with it") {
  BrokenDoor broken;
  auto good = broken.job_for("refund"), bad = broken.job_for("runtime");
  broken.answer({&good, &bad});
  CHECK(code_of(good) == "internal");
  CHECK(code_of(bad) == "internal");
  CHECK(broken.fixture.company.memory.size() == 0);
}

TEST_CASE("a damaged row is the affair of the job that met it") {
  BrokenDoor broken;
  auto before = broken.job_for("refund"), bad = broken.job_for("damaged"), after = broken.job_for("refund");
  broken.answer({&before, &bad, &after});
  CHECK(code_of(before) == "ok");
  CHECK(code_of(bad) == "log_unavailable");
  CHECK(body_of(bad)["detail"].get<std::string>().find("event 7") != std::string::npos);
  CHECK(code_of(after) == "ok");
  CHECK(broken.fixture.company.memory.size() == 2);
}

TEST_CASE("jobs of one tick see one another") {
  DoorFixture door;
  const auto minted = body_of(door.post(t::billing, "/v1/calls", door.refund_body()));
  const auto transactions = door.company.memory.transactions();
  std::vector<Job> jobs;
  for (int i = 0; i < 8; ++i)
    jobs.push_back(DoorFixture::job_of(t::crm_account, "POST", "/v1/redeem",
                                       door.redeem_body(minted["token"], std::to_string(i)).dump()));
  std::vector<Job*> tick;
  for (auto& job : jobs) tick.push_back(&job);
  door.answer(tick);
  CHECK(door.company.memory.transactions() == transactions + 1);
  CHECK(code_of(jobs.front()) == "ok");
  for (std::size_t i = 1; i < jobs.size(); ++i) CHECK(code_of(jobs[i]) == "already_redeemed");
}

TEST_CASE("a megabyte of a stranger is refused unread unless it may be a redemption") {
  DoorFixture door;
  const std::string much(100 * 1024, '[');

  CHECK(code_of(door.post(t::stranger, "/v1/calls", much)) == "unknown_agent");
  CHECK(code_of(door.post(t::billing, "/v1/calls", much)) == "bad_request");
  CHECK(code_of(door.post(t::stranger, "/v1/redeem", much)) == "bad_request");  // a server without match is configured
}
