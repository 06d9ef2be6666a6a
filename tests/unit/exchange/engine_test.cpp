// An engine that also decides: when it is asked, what its verdict is good for, and what the log keeps of it.
#include "policy/with_engine.hpp"

#include "support/exchange_fixture.hpp"
#include "support/fake_engine.hpp"

namespace {

namespace t = jeton::testing;
using jeton::Code;
using jeton::EngineQuestion;
using jeton::Event;
using jeton::EventKind;
using jeton::MintRequest;
using jeton::OpenRequest;
using jeton::Ruling;
using jeton::Verdict;
using t::binding;
using t::caller_of;
using t::code_of;
using t::crm;

/// The company, with an engine that has to permit as well.
class Judged : public t::Company {
 public:
  Judged() { process.emplace(memory, both, roles, secret, clock); }

  /// As a door does: the engine is asked, if there is anything to ask, and then the exchange decides.
  template <class Request>
  void judge(uid_t uid, Request& request) {
    auto question = process->exchange.question(caller_of(uid), request, false);
    if (question) request.call.verdict = std::make_shared<const Verdict>(engine.ask(std::move(*question), {}));
  }
  auto judged_open(OpenRequest request, uid_t uid = t::billing) {
    judge(uid, request);
    return open(uid, request);
  }
  auto judged_mint(MintRequest request, uid_t uid = t::billing) {
    judge(uid, request);
    return durably([&] { return process->exchange.mint(caller_of(uid), request); });
  }
  [[nodiscard]] const Event& last() const { return memory.events().back(); }

  const jeton::WithEngine both{grants};
  t::FakeEngine engine;
};

OpenRequest refund(std::optional<std::string> open_id = "open-1") {
  OpenRequest request{binding("refund")};
  request.server = crm;
  request.open_id = std::move(open_id);
  request.call_id = "call_1";
  request.run_id = "run_1";
  request.session_id = "session_1";
  return request;
}

OpenRequest provisional(std::optional<std::string> open_id = "open-1") {
  auto request = refund(std::move(open_id));
  request.server = std::nullopt;
  return request;
}

}  // namespace

TEST_CASE("an engine is asked about exactly the call and its permit opens it") {
  Judged company;
  company.engine.says.id = "d-1";
  company.engine.says.code = "small";
  const auto opened = company.judged_open(refund());
  REQUIRE(opened);
  REQUIRE(company.engine.asked.size() == 1);
  const auto& asked = company.engine.asked.front();
  CHECK(asked.agent == "spiffe://acme.example/agent/billing");
  CHECK(asked.subject == asked.agent);
  CHECK(asked.server == crm);
  CHECK(asked.tool == "refund");
  CHECK(asked.digest.equals(binding("refund").digest));
  CHECK(asked.txn == opened->txn);
  CHECK(asked.attempt == 1);
  CHECK(asked.call_id == "call_1");
  CHECK(asked.run_id == "run_1");
  CHECK(asked.session_id == "session_1");
  CHECK_FALSE(asked.arguments);
  CHECK(company.last().kind == EventKind::token_minted);
  CHECK(company.last().decision_id == "d-1");
  CHECK(company.last().decision_reason == "permitted:small");
}

TEST_CASE("an opening before its server is known is asked about and so is each mint") {
  Judged company;
  const auto opened = company.judged_open(provisional());
  REQUIRE(opened);
  CHECK_FALSE(company.engine.asked.back().server);
  CHECK_FALSE(company.engine.asked.back().attempt);
  CHECK(company.last().kind == EventKind::call_opened);
  CHECK(company.last().decision_reason == "permitted");

  REQUIRE(company.judged_mint({opened->txn, crm, binding("refund")}));
  REQUIRE(company.judged_mint({opened->txn, crm, binding("refund")}));
  REQUIRE(company.engine.asked.size() == 3);
  CHECK(company.engine.asked[1].attempt == 1);
  CHECK(company.engine.asked[2].attempt == 2);
  CHECK(company.engine.asked[2].run_id == "run_1");
}

TEST_CASE("what the engine does not permit is refused with its ruling and its id on record") {
  for (const auto ruling : {Ruling::denied, Ruling::obligation, Ruling::undefined, Ruling::malformed, Ruling::timeout,
                            Ruling::unreachable, Ruling::busy}) {
    Judged company;
    company.engine.says = {ruling, {}, "d-2", std::nullopt};
    const auto opened = company.judged_open(refund());
    REQUIRE_FALSE(opened);
    CAPTURE(opened.error().message);
    CHECK(opened.error().code == Code::denied_by_policy);
    CHECK_THAT(opened.error().message, Catch::StartsWith(std::string(name_of(ruling)) + ": "));
    CHECK(company.last().kind == EventKind::request_refused);
    CHECK(company.last().code == Code::denied_by_policy);
    CHECK(company.last().decision_id == "d-2");
    CHECK(company.last().decision_reason == name_of(ruling));
    CHECK(company.count(EventKind::token_minted) == 0);
  }
}

TEST_CASE("a request that no engine was asked about is refused as that") {
  Judged company;
  CHECK(code_of(company.open(t::billing, refund())) == "denied_by_policy");
  CHECK(company.last().decision_reason == "unasked");
  CHECK_FALSE(company.last().decision_id);
}

TEST_CASE("a permit for one call mints nothing for another") {
  // given: a permit for a refund of 1
  Judged company;
  auto small = refund("open-1");
  company.judge(t::billing, small);
  // when: it is shown for another amount, another call, another server, another agent
  auto large = refund("open-1");
  large.call = binding("refund", R"({"amount":1000})");
  auto other_call = refund("open-2");
  auto nameless = refund(std::nullopt);
  auto no_server = provisional("open-1");
  for (auto* other : {&large, &other_call, &nameless, &no_server}) {
    other->call.verdict = small.call.verdict;
    CHECK(code_of(company.open(t::billing, *other)) == "denied_by_policy");
    CHECK(company.last().decision_reason == "mismatch");
  }
  CHECK(code_of(company.open(t::support, small)) == "denied_by_policy");
  CHECK(company.last().decision_reason == "mismatch");
  // then: only for its own
  CHECK(company.count(EventKind::token_minted) == 0);
  CHECK(code_of(company.open(t::billing, small)) == "ok");
}

TEST_CASE("the permit that opened a call is none for its mints") {
  Judged company;
  auto request = provisional();
  company.judge(t::billing, request);
  const auto opened = company.open(t::billing, request);
  REQUIRE(opened);
  MintRequest mint{opened->txn, crm, binding("refund")};
  mint.call.verdict = request.call.verdict;
  const auto minted = company.durably([&] { return company.process->exchange.mint(caller_of(t::billing), mint); });
  CHECK(code_of(minted) == "denied_by_policy");
  CHECK(company.last().decision_reason == "mismatch");
}

TEST_CASE("what is refused without an engine reaches none and keeps its own code") {
  Judged company;
  const auto refused = [&](uid_t uid, OpenRequest request, const std::string& code) {
    CHECK(code_of(company.judged_open(std::move(request), uid)) == code);
    CHECK(company.engine.asked.empty());
  };
  refused(t::stranger, refund(), "unknown_agent");
  refused(t::crm_account, refund(), "wrong_role");
  auto other_tool = refund();
  other_tool.call = binding("delete_customer");
  refused(t::billing, other_tool, "no_grant");
  auto other_server = refund();
  other_server.server = "https://nobody.example/mcp";
  refused(t::billing, other_server, "unknown_server");
  REQUIRE(company.disable(t::operator_uid, "billing"));
  refused(t::billing, refund(), "agent_disabled");
}

TEST_CASE("a mint that its call refuses reaches no engine") {
  Judged company;
  const auto opened = company.judged_open(refund());
  REQUIRE(opened);
  const auto txn = opened->txn;
  company.engine.asked.clear();
  const auto refused = [&](MintRequest request, uid_t uid, const std::string& code) {
    CHECK(code_of(company.judged_mint(std::move(request), uid)) == code);
    CHECK(company.engine.asked.empty());
  };
  refused({jeton::Txn::random(), crm, binding("refund")}, t::billing, "unknown_call");
  refused({txn, crm, binding("refund")}, t::support, "unknown_call");
  refused({txn, crm, binding("refund", R"({"amount":2})")}, t::billing, "call_mismatch");
  auto again = refund();
  again.call = binding("refund", R"({"amount":2})");
  CHECK(code_of(company.judged_open(again)) == "call_mismatch");
  REQUIRE(company.judged_mint({txn, crm, binding("refund")}));
  REQUIRE(company.judged_mint({txn, crm, binding("refund")}));
  company.engine.asked.clear();
  refused({txn, crm, binding("refund")}, t::billing, "too_many_attempts");
  REQUIRE(company.revoke(t::billing, {.txn = txn}));
  refused({txn, crm, binding("refund")}, t::billing, "revoked");
  CHECK(code_of(company.judged_open(refund())) == "revoked");
  CHECK(company.engine.asked.empty());
}

TEST_CASE("what became true after the engine was asked still counts") {
  // given: a permit of the engine
  Judged company;
  auto request = refund();
  company.judge(t::billing, request);
  // when: the agent is switched off before its turn
  REQUIRE(company.disable(t::operator_uid, "billing"));
  // then
  CHECK(code_of(company.open(t::billing, request)) == "agent_disabled");
  REQUIRE(company.enable(t::operator_uid, "billing"));
  CHECK(code_of(company.open(t::billing, request)) == "ok");
}

TEST_CASE("two attempts that are asked about at once are both what they were permitted as") {
  // given: an answer that was lost while the engine was slow, and the same request again
  Judged company;
  auto first = refund(), second = refund();
  company.judge(t::billing, first);
  company.judge(t::billing, second);
  // when, then: the second supersedes the first and is no mismatch
  const auto lost = company.open(t::billing, first);
  const auto kept = company.open(t::billing, second);
  REQUIRE(lost);
  REQUIRE(kept);
  CHECK(kept->txn == lost->txn);
  CHECK(kept->minted->attempt == 2);
}

TEST_CASE("an engine is asked about whom the agent acts for and its permit is for nobody else") {
  // given: a permit for a call on behalf of alice
  Judged company;
  auto request = refund();
  const auto until_s = company.clock.wall_us() / jeton::us_per_s + 60;
  request.delegation.user = jeton::Subject{"alice@example.com", "https://idp.example", until_s};
  company.judge(t::billing, request);
  CHECK(company.engine.asked.back().subject == "alice@example.com");
  CHECK(company.engine.asked.back().agent == "spiffe://acme.example/agent/billing");
  // when, then: the same call in the agent's own name, or for bob, is another one
  auto own = refund();
  own.call.verdict = request.call.verdict;
  CHECK(code_of(company.open(t::billing, own)) == "denied_by_policy");
  CHECK(company.last().decision_reason == "mismatch");
  auto bobs = request;
  bobs.delegation.user->sub = "bob@example.com";
  CHECK(code_of(company.open(t::billing, bobs)) == "denied_by_policy");
  CHECK(code_of(company.open(t::billing, request)) == "ok");
}

TEST_CASE("without an engine no event says anything of one") {
  t::Company company;
  REQUIRE(company.open(t::billing, refund()));
  CHECK(company.process->exchange.question(caller_of(t::billing), refund("open-9"), false));
  for (const auto& event : company.memory.events()) {
    CHECK_FALSE(event.decision_id);
    CHECK_FALSE(event.decision_reason);
  }
}
