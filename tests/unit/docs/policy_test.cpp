// Are the bodies on the page about engines those that jetond sends, and does it read the answers as the page says?
#include "app/config.hpp"
#include "policy/engine_wire.hpp"
#include "support/catch.hpp"
#include "unit/docs/doc_text.hpp"

namespace jeton::test {
namespace {

std::string page() { return text_of(in_tree("docs/policy.md")); }

std::vector<std::string> blocks(const std::string& language) { return between(page(), "```" + language + "\n", "```"); }

/// The call that the page is about.
EngineQuestion large_refund() {
  EngineQuestion question;
  question.agent = question.subject = "spiffe://acme.example/agent/billing";
  question.server = "https://crm.example/mcp";
  question.tool = "refund";
  question.digest = args_digest("refund", Json{{"amount", 250}}).value();
  question.txn = Txn::parse("AAECAwQFBgcICQoLDA0ODw");
  question.attempt = 1;
  question.call_id = "call_1";
  question.run_id = "support-7";
  return question;
}

}  // namespace

TEST_CASE("the requests on the page about engines are those that are sent") {
  const auto json = blocks("json");
  REQUIRE(json.size() == 4);
  auto with_arguments = large_refund();
  with_arguments.arguments = Json{{"amount", 250}};
  CHECK(Json::parse(json[0]) == Json::parse(engine_request(EngineKind::opa, with_arguments).value()));
  CHECK(Json::parse(json[2]) == Json::parse(engine_request(EngineKind::authzen, large_refund()).value()));
}

TEST_CASE("the answers on the page about engines are read as it says") {
  const auto json = blocks("json");
  REQUIRE(json.size() == 4);
  const auto opa = read_engine_answer(EngineKind::opa, json[1]);
  CHECK(opa.ruling == Ruling::denied);
  CHECK(opa.code == "over_limit");
  CHECK(opa.id == Json::parse(json[1])["decision_id"].get<std::string>());
  const auto authzen = read_engine_answer(EngineKind::authzen, json[3]);
  CHECK(authzen.ruling == Ruling::denied);
  CHECK(authzen.code == "over_limit");
  CHECK(authzen.id == "c7d1");
}

TEST_CASE("the policy on the page about engines is the one that a real opa is tried with") {
  CHECK(blocks("rego") == std::vector<std::string>{text_of(in_tree("tests/foreign/opa/refunds.rego"))});
}

TEST_CASE("every configuration on the page about engines is one, and every word of a ruling is there") {
  for (const auto& block : blocks("toml")) {
    CAPTURE(block);
    CHECK(parse_config("trust_domain = \"acme.example\"\n" + block, "jeton.toml", 990));
  }
  CHECK(blocks("toml").size() == 2);
  for (const auto ruling : {Ruling::denied, Ruling::obligation, Ruling::undefined, Ruling::malformed, Ruling::timeout,
                            Ruling::unreachable, Ruling::busy, Ruling::unasked, Ruling::mismatch}) {
    INFO(name_of(ruling));
    CHECK(page().find("`" + std::string(name_of(ruling)) + "`") != std::string::npos);
  }
  for (const auto& key : config_keys())
    if (key.section == "policy") CHECK(page().find("| `" + std::string(key.key) + "` |") != std::string::npos);
}

}  // namespace jeton::test
