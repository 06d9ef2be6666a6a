// A permit that two have to give: the grants, and an engine about exactly this call.
#include "policy/with_engine.hpp"

#include "policy/grants.hpp"
#include "support/catch.hpp"

namespace {

using jeton::Code;
using jeton::Question;
using jeton::Ruling;
using jeton::Verdict;

const std::string crm = "https://crm.example/mcp";
const std::string id = "spiffe://acme.example/agent/billing";

/// A question, and a verdict about it, which a test then changes in one place.
struct Case {
  jeton::ArgsDigest digest = jeton::args_digest("refund", jeton::Json{{"amount", 1}}).value();
  jeton::Txn txn = jeton::Txn::random();
  Question question{"billing", crm, "refund", nullptr, std::nullopt, id, id, &digest, &txn};
  Verdict verdict{Ruling::permitted, {id, id, crm, "refund", digest, txn}};
};

const jeton::Grants grants({{"billing", crm, {"refund"}, {.grant = "refunds"}}});
const jeton::WithEngine both(grants);

std::string decided(Case& c) {
  c.question.verdict = &c.verdict;
  if (const auto permit = both.decide(c.question); !permit) return std::string(name_of(permit.error().code));
  const auto objection = both.objection(c.question);
  if (!objection) return "permit";
  CHECK(objection->code == Code::denied_by_policy);
  return objection->message.substr(0, objection->message.find(':'));
}

}  // namespace

TEST_CASE("a call is permitted when the grants and the engine both permit it") {
  Case c;
  CHECK(decided(c) == "permit");
}

TEST_CASE("what the grants refuse an engine cannot permit") {
  Case c;
  c.question.tool = c.verdict.question.tool = "delete_customer";
  CHECK(decided(c) == "no_grant");
}

TEST_CASE("whatever an engine says that is no permit is denied and begins with its name") {
  for (const auto ruling : {Ruling::denied, Ruling::obligation, Ruling::undefined, Ruling::malformed, Ruling::timeout,
                            Ruling::unreachable, Ruling::busy, Ruling::unasked, Ruling::mismatch}) {
    Case c;
    c.verdict.ruling = ruling;
    CHECK(decided(c) == name_of(ruling));
  }
}

TEST_CASE("without a verdict nothing is permitted") {
  Case c;
  CHECK(both.decide(c.question));
  const auto objection = both.objection(c.question);
  REQUIRE(objection);
  CHECK_THAT(objection->message, Catch::StartsWith("unasked: "));
}

TEST_CASE("a permit for another call is none") {
  const auto differs = [](auto change) {
    Case c;
    change(c);
    return decided(c);
  };
  CHECK(differs([](Case& c) { c.verdict.question.agent += "2"; }) == "mismatch");
  CHECK(differs([](Case& c) { c.verdict.question.subject = "user:alice"; }) == "mismatch");
  CHECK(differs([](Case& c) { c.verdict.question.server = "https://other.example/mcp"; }) == "mismatch");
  CHECK(differs([](Case& c) { c.verdict.question.server = std::nullopt; }) == "mismatch");
  CHECK(differs([](Case& c) { c.verdict.question.tool = "refund2"; }) == "mismatch");
  CHECK(differs([](Case& c) { c.verdict.question.digest.bytes[31] ^= 1; }) == "mismatch");
  CHECK(differs([](Case& c) { c.verdict.question.txn = jeton::Txn::random(); }) == "mismatch");
  CHECK(differs([](Case& c) { c.verdict.question.txn = std::nullopt; }) == "mismatch");
  CHECK(differs([](Case& c) { c.question.txn = nullptr; }) == "mismatch");
  CHECK(differs([](Case& c) { c.question.digest = nullptr; }) == "mismatch");
}

TEST_CASE("grants alone have nobody who objects") {
  Case c;
  CHECK_FALSE(grants.objection(c.question));
}
