// What goes to an engine and what is read from it: the published shapes, and a table of answers that are no permit.
#include "policy/engine_wire.hpp"

#include "support/catch.hpp"

namespace {

using jeton::EngineKind;
using jeton::EngineQuestion;
using jeton::Json;
using jeton::read_engine_answer;
using jeton::Ruling;

const std::string billing = "spiffe://acme.example/agent/billing";

EngineQuestion refund() {
  EngineQuestion question;
  question.agent = billing;
  question.subject = billing;
  question.server = "https://crm.example/mcp";
  question.tool = "refund";
  question.digest = jeton::args_digest("refund", Json{{"amount", 250}}).value();
  return question;
}

Json sent(EngineKind kind, const EngineQuestion& question) {
  return Json::parse(jeton::engine_request(kind, question).value());
}

std::string found(EngineKind kind, const std::string& body) {
  return std::string(name_of(read_engine_answer(kind, body).ruling));
}

/// The published evaluation-request.schema.json of Authorization API 1.0, as far as it says anything.
bool fits_request_schema(const Json& request) {
  const auto has_text = [](const Json& object, const char* name) {
    return object.is_object() && object.contains(name) && object[name].is_string();
  };
  const auto object_if_there = [](const Json& object, const char* name) {
    return !object.contains(name) || object[name].is_object();
  };
  for (const char* name : {"subject", "resource", "action"})
    if (!request.contains(name) || !object_if_there(request[name], "properties")) return false;
  return has_text(request["subject"], "type") && has_text(request["subject"], "id") &&
         has_text(request["resource"], "type") && has_text(request["resource"], "id") &&
         has_text(request["action"], "name") && object_if_there(request, "context");
}

}  // namespace

TEST_CASE("an authzen request has the shape of the standard and of its binding for tools call") {
  auto question = refund();
  question.txn = jeton::Txn::parse("AAECAwQFBgcICQoLDA0ODw");
  question.attempt = 2;
  question.call_id = "call_1";
  question.run_id = "run_1";
  question.session_id = "session_1";
  const auto request = sent(EngineKind::authzen, question);
  CHECK(fits_request_schema(request));
  CHECK(request == Json{{"subject", {{"type", "identity"}, {"id", billing}}},
                        {"action", {{"name", "tools/call"}}},
                        {"resource",
                         {{"type", "tool"}, {"id", "refund"}, {"properties", {{"server", "https://crm.example/mcp"}}}}},
                        {"context",
                         {{"agent", billing},
                          {"args_digest", question.digest.text()},
                          {"txn", "AAECAwQFBgcICQoLDA0ODw"},
                          {"attempt", 2},
                          {"call_id", "call_1"},
                          {"run_id", "run_1"},
                          {"session_id", "session_1"}}}});
}

TEST_CASE("opa gets the same object as its input") {
  const auto question = refund();
  CHECK(sent(EngineKind::opa, question) == Json{{"input", sent(EngineKind::authzen, question)}});
}

TEST_CASE("whom an agent acts for is the subject and the agent its actor") {
  auto question = refund();
  question.subject = "user:alice@example.com";
  const auto request = sent(EngineKind::authzen, question);
  CHECK(fits_request_schema(request));
  CHECK(request["subject"] ==
        Json{{"type", "identity"}, {"id", "user:alice@example.com"}, {"properties", {{"act", {{"sub", billing}}}}}});
  CHECK(request["context"]["agent"] == billing);
}

TEST_CASE("a call whose server is not known yet is asked about as provisional") {
  auto question = refund();
  question.server = std::nullopt;
  const auto request = sent(EngineKind::authzen, question);
  CHECK_FALSE(request["resource"].contains("properties"));
  CHECK(request["context"]["provisional"] == true);
  CHECK_FALSE(sent(EngineKind::authzen, refund())["context"].contains("provisional"));
}

TEST_CASE("an engine sees arguments only where the question has them") {
  auto question = refund();
  CHECK(jeton::engine_request(EngineKind::authzen, question)->find("250") == std::string::npos);
  question.arguments = Json{{"amount", 250}};
  CHECK(sent(EngineKind::opa, question)["input"]["context"]["arguments"] == Json{{"amount", 250}});
}

TEST_CASE("a clean permit and a clean denial are what they say") {
  CHECK(found(EngineKind::authzen, R"({"decision":true})") == "permitted");
  CHECK(found(EngineKind::authzen, R"({"decision":false})") == "denied");
  CHECK(found(EngineKind::authzen, R"({"decision":true,"context":{},"more":[1]})") == "permitted");
  CHECK(found(EngineKind::opa, R"({"result":true})") == "permitted");
  CHECK(found(EngineKind::opa, R"({"result":false})") == "denied");
  CHECK(found(EngineKind::opa, R"({"result":{"allow":true,"why":"a sentence"}})") == "permitted");
  CHECK(found(EngineKind::opa, R"({"result":{"allow":false}})") == "denied");
}

TEST_CASE("an answer that is no decision permits nothing") {
  const std::vector<std::string> for_both = {"",
                                             " ",
                                             "null",
                                             "true",
                                             "1",
                                             "\"true\"",
                                             "[]",
                                             "[{\"decision\":true}]",
                                             "{",
                                             "{}x",
                                             R"({"decision":true)",
                                             R"({"decision":true}{"decision":true})",
                                             R"({'decision':true})",
                                             R"({"decision":true,})",
                                             "\xff\xfe{}",
                                             std::string("{\"decision\":true}\0", 18)};
  for (const auto& body : for_both) {
    CAPTURE(body);
    CHECK(found(EngineKind::authzen, body) == "malformed");
    CHECK(read_engine_answer(EngineKind::opa, body).ruling != Ruling::permitted);
  }
  for (const std::string body :
       {R"({})", R"({"decision":"true"})", R"({"decision":1})", R"({"decision":null})", R"({"decision":[true]})",
        R"({"Decision":true})", R"({"decisions":true})", R"({"decision":false,"decision":true})",
        R"({"decision":true,"decision":false})", R"({"decision":true,"context":[]})",
        R"({"decision":true,"context":"ok"})", R"({"decision":true,"x":1,"x":1})",
        R"({"evaluations":[{"decision":true}]})", R"({"result":true})", R"({"decision":true,"context":{"a":"\ud800"}})",
        R"({"decision":true,"n":1e999})"}) {
    CAPTURE(body);
    CHECK(found(EngineKind::authzen, body) == "malformed");
  }
  for (const std::string body :
       {R"({"result":"true"})", R"({"result":1})", R"({"result":null})", R"({"result":[true]})", R"({"result":{}})",
        R"({"result":{"allow":"true"}})", R"({"result":{"allow":1}})", R"({"result":{"allowed":true}})",
        R"({"result":{"allow":false,"allow":true}})", R"({"result":false,"result":true})"}) {
    CAPTURE(body);
    CHECK(found(EngineKind::opa, body) == "malformed");
  }
}

TEST_CASE("a rule that opa does not have is told from an answer that is none") {
  CHECK(found(EngineKind::opa, "{}") == "undefined");
  CHECK(found(EngineKind::opa, R"({"decision_id":"d1","warning":{"code":"api_usage_warning"}})") == "undefined");
  CHECK(found(EngineKind::opa, R"({"decision":true})") == "undefined");
}

TEST_CASE("an answer that is too large or too deep permits nothing") {
  const std::string permit = R"({"decision":true,"context":{"pad":")";
  CHECK(found(EngineKind::authzen, permit + std::string(60'000, 'x') + "\"}}") == "permitted");
  CHECK(found(EngineKind::authzen, permit + std::string(70'000, 'x') + "\"}}") == "malformed");
  const std::string deep = std::string(40, '[') + std::string(40, ']');
  CHECK(found(EngineKind::authzen, R"({"decision":true,"context":{"deep":)" + deep + "}}") == "malformed");
}

TEST_CASE("a permit on a condition is none and a denial with one stays a denial") {
  const std::string duty = R"([{"id":"1","type":"step-up","properties":{}}])";
  CHECK(found(EngineKind::authzen, R"({"decision":true,"context":{"obligations":)" + duty + "}}") == "obligation");
  CHECK(found(EngineKind::authzen, R"({"decision":true,"context":{"obligations":{}}})") == "obligation");
  CHECK(found(EngineKind::authzen, R"({"decision":true,"context":{"obligations":[]}})") == "permitted");
  CHECK(found(EngineKind::authzen, R"({"decision":false,"context":{"obligations":)" + duty + "}}") == "denied");
  CHECK(found(EngineKind::opa, R"({"result":{"allow":true,"obligations":)" + duty + "}}") == "obligation");
}

TEST_CASE("a decision is found again by the engine's id and by its code and by no sentence") {
  const auto authzen =
      read_engine_answer(EngineKind::authzen, R"({"decision":false,"context":{"id":"dec 7\n","reason":"over_limit"}})");
  CHECK(authzen.id == "dec%207%0A");
  CHECK(authzen.code == "over_limit");
  const auto admin = read_engine_answer(
      EngineKind::authzen, R"({"decision":false,"context":{"reason_admin":{"403":"Request failed policy C076E82F"}}})");
  CHECK(admin.code == "403");
  const auto sentence =
      read_engine_answer(EngineKind::authzen, R"({"decision":false,"context":{"reason":"Alice may not","id":7}})");
  CHECK_FALSE(sentence.code);
  CHECK_FALSE(sentence.id);
  const auto languages =
      read_engine_answer(EngineKind::authzen, R"({"decision":false,"context":{"reason_admin":{"en":"no"}}})");
  CHECK_FALSE(languages.code);
  const auto opa =
      read_engine_answer(EngineKind::opa, R"({"decision_id":"4ca6","result":{"allow":false,"reason":"over_limit"}})");
  CHECK(opa.id == "4ca6");
  CHECK(opa.code == "over_limit");
}

TEST_CASE("what the log keeps of an engine is at most 128 bytes and cuts no escape") {
  const auto long_id = read_engine_answer(EngineKind::opa, R"({"decision_id":")" + std::string(4'000, 'x') + "\"}").id;
  CHECK(long_id == std::string(128, 'x'));
  for (std::size_t before = 120; before < 130; ++before) {
    const auto text = jeton::engine_text(std::string(before, 'x') + "\n\n\n").value();
    CAPTURE(text);
    CHECK(text.size() <= 128);
    const auto percent = text.find('%');
    CHECK((percent == text.npos || (text.size() - percent) % 3 == 0));
  }
  jeton::Verdict verdict{Ruling::denied};
  verdict.code = std::string(128, 'c');
  CHECK(verdict.reason() == "denied:" + std::string(121, 'c'));
  CHECK_FALSE(jeton::engine_text(""));
}
