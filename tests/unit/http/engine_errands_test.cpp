// The local door with an engine behind it: what it asks before a tick, and what it does not even read.
#include "support/door_fixture.hpp"
#include "support/fake_engine.hpp"

#include "policy/with_engine.hpp"

namespace {

namespace t = jeton::testing;
using jeton::EventKind;
using jeton::Job;
using jeton::Json;
using jeton::Ruling;
using t::body_of;
using t::code_of;
using t::crm;

/// As the server does: errands until there are none, then the tick.
class JudgedDoor {
 public:
  Job post(uid_t uid, const std::string& target, const Json& body) {
    auto job = t::DoorFixture::job_of(uid, "POST", target, body.dump());
    run_errands(job);
    door.answer(std::vector<Job*>{&job});
    return job;
  }
  int run_errands(Job& job) {
    int many = 0;
    for (auto errand = door.errand(job); errand; errand = door.errand(job), ++many) errand();
    return many;
  }
  [[nodiscard]] static Json refund(int amount = 1) {
    return {{"server", crm}, {"tool", "refund"}, {"arguments", {{"amount", amount}}}};
  }
  [[nodiscard]] std::string metrics() const {
    jeton::MetricText text;
    counts.write(text);
    return text.take();
  }

  t::Company company;
  const jeton::WithEngine both{company.grants};
  t::FakeEngine engine;
  jeton::EngineMetrics counts;
  bool made = judged();
  jeton::StallGuard guard{std::chrono::seconds(60)};
  jeton::EngineErrands::Parts parts{company.process->exchange, engine, counts, std::chrono::milliseconds(100)};
  std::optional<jeton::EngineErrands> errands{parts};
  jeton::LocalDoor door{parts_with(guard)};

  [[nodiscard]] jeton::LocalDoor::Parts parts_with(jeton::StallGuard& other) {
    jeton::LocalDoor::Parts all{
        company.process->exchange,     company.memory,      company.roles, company.process->keyring, {},
        [] { return Json::object(); }, [] { return false; }};
    all.guard = &other;
    all.engine = &*errands;
    return all;
  }

 private:
  /// The exchange is made anew, for the policy of both.
  bool judged() {
    company.process.emplace(company.memory, both, company.roles, company.secret, company.clock);
    return true;
  }
};

}  // namespace

TEST_CASE("a mint at the door waits for its verdict and is answered by it") {
  JudgedDoor door;
  const auto before = std::chrono::steady_clock::now();
  CHECK(code_of(door.post(t::billing, "/v1/calls", door.refund())) == "ok");
  REQUIRE(door.engine.asked.size() == 1);
  CHECK(door.engine.asked.front().tool == "refund");
  CHECK(door.engine.deadlines.front() >= before + std::chrono::milliseconds(100));
  CHECK(door.engine.deadlines.front() <= std::chrono::steady_clock::now() + std::chrono::milliseconds(100));
  door.engine.says.ruling = Ruling::denied;
  const auto denied = door.post(t::billing, "/v1/calls", door.refund());
  CHECK(denied.response.status == 403);
  CHECK(code_of(denied) == "denied_by_policy");
  CHECK_THAT(door.metrics(), Catch::Contains("jeton_policy_verdicts_total{result=\"permitted\"} 1\n") &&
                                 Catch::Contains("jeton_policy_verdicts_total{result=\"denied\"} 1\n") &&
                                 Catch::Contains("jeton_policy_seconds_count 2\n"));
}

TEST_CASE("each next attempt is asked about anew") {
  JudgedDoor door;
  const auto txn = body_of(door.post(t::billing, "/v1/calls", door.refund()))["txn"].get<std::string>();
  CHECK(code_of(door.post(t::billing, "/v1/calls/" + txn + "/tokens", door.refund())) == "ok");
  door.engine.says.ruling = Ruling::denied;
  CHECK(code_of(door.post(t::billing, "/v1/calls/" + txn + "/tokens", door.refund())) == "denied_by_policy");
  CHECK(door.engine.asked.size() == 3);
}

TEST_CASE("nobody else's request and no other request sends for anything") {
  JudgedDoor door;
  const auto none = [&](uid_t uid, const std::string& method, const std::string& target, const std::string& body) {
    CAPTURE(uid, method, target, body);
    auto job = t::DoorFixture::job_of(uid, method, target, body);
    CHECK(door.run_errands(job) == 0);
  };
  const auto refund = door.refund().dump();
  none(t::stranger, "POST", "/v1/calls", refund);
  none(t::stranger, "POST", "/v1/calls", std::string(1'000'000, ' '));
  none(t::crm_account, "POST", "/v1/calls", refund);
  none(t::billing, "GET", "/v1/calls", refund);
  none(t::billing, "GET", "/v1/status", "");
  none(t::billing, "POST", "/v1/redeem", refund);
  none(t::billing, "POST", "/v1/revoke", R"({"run_id":"r"})");
  none(t::billing, "POST", "/v1/calls/AAECAwQFBgcICQoLDA0ODw/outcome", R"({"outcome":"ok"})");
  none(t::billing, "POST", "/v1/calls", "no json");
  none(t::billing, "POST", "/v1/calls", R"({"server":"https://crm.example/mcp","tool":"drop","arguments":{}})");
  CHECK(door.engine.asked.empty());
}

TEST_CASE("a body that is no request is refused as it is without an engine") {
  JudgedDoor door;
  auto job = door.post(t::billing, "/v1/calls", Json{{"tool", "refund"}});
  CHECK(code_of(job) == "bad_request");
  CHECK(door.company.memory.events().back().verb == jeton::Verb::open);
}

TEST_CASE("a large body is read by an errand of its own and answered all the same") {
  JudgedDoor door;
  auto large = door.refund();
  large["arguments"]["note"] = std::string(100'000, 'x');
  auto job = t::DoorFixture::job_of(t::billing, "POST", "/v1/calls", large.dump());
  CHECK(door.run_errands(job) == 2);
  door.door.answer(std::vector<Job*>{&job});
  CHECK(code_of(job) == "ok");
}

TEST_CASE("an engine sees arguments only where that is configured") {
  JudgedDoor door;
  REQUIRE(code_of(door.post(t::billing, "/v1/calls", door.refund(7))) == "ok");
  CHECK_FALSE(door.engine.asked.back().arguments);
  door.parts.send_arguments = true;
  door.errands.emplace(door.parts);
  REQUIRE(code_of(door.post(t::billing, "/v1/calls", door.refund(7))) == "ok");
  CHECK(door.engine.asked.back().arguments == Json{{"amount", 7}});
}

TEST_CASE("more questions than may wait are denied as busy and a place comes back with each that ends") {
  JudgedDoor door;
  door.parts.waiting_max = 3;
  door.parts.waiting_max_each = 2;
  door.errands.emplace(door.parts);
  const auto job_of = [&](uid_t uid) { return t::DoorFixture::job_of(uid, "POST", "/v1/calls", door.refund().dump()); };
  // given: two questions of one agent and one of another wait
  std::vector<Job> jobs{job_of(t::billing), job_of(t::billing), job_of(t::support)};
  std::vector<std::function<void()>> waiting;
  for (auto& job : jobs) waiting.push_back(door.door.errand(job));
  for (const auto& errand : waiting) REQUIRE(errand);
  // when, then: a third of the first is one too many, and so is any fourth
  for (const uid_t uid : {t::billing, t::support}) {
    auto job = job_of(uid);
    CHECK_FALSE(door.door.errand(job));
    door.door.answer(std::vector<Job*>{&job});
    CHECK(code_of(job) == "denied_by_policy");
    CHECK(door.company.memory.events().back().decision_reason == "busy");
  }
  // then: whether it ran or not, what is gone has no place any more
  waiting[0]();
  waiting.clear();
  CHECK(code_of(door.post(t::billing, "/v1/calls", door.refund())) == "ok");
}

TEST_CASE("while the disk hangs no engine is asked and the answer says why") {
  jeton::StallGuard guard(std::chrono::milliseconds(1));
  JudgedDoor door;
  std::optional<Job> job;
  bool asked = true;
  guard.set_meanwhile([&](bool first) {
    if (!first) return;
    job = t::DoorFixture::job_of(t::billing, "POST", "/v1/calls", door.refund().dump());
    jeton::LocalDoor stalled{door.parts_with(guard)};
    asked = static_cast<bool>(stalled.errand(*job));
  });
  guard.begin();
  while (!guard.has_taken_over()) std::this_thread::yield();
  REQUIRE(guard.end());
  CHECK_FALSE(asked);
  CHECK(door.engine.asked.empty());
  door.door.answer(std::vector<Job*>{&*job});
  CHECK(code_of(*job) == "log_unavailable");
}

TEST_CASE("a log that cannot be read is told as that and not as a policy") {
  JudgedDoor door;
  const auto txn = body_of(door.post(t::billing, "/v1/calls", door.refund()))["txn"].get<std::string>();
  door.engine.asked.clear();
  door.company.memory.set_disk(t::MemoryStore::Disk::unreadable);
  CHECK(code_of(door.post(t::billing, "/v1/calls/" + txn + "/tokens", door.refund())) == "log_unavailable");
  CHECK(door.engine.asked.empty());
}
