// One request for both kinds, two readers of answers, and nothing taken for a permit that is not one.
#include "policy/engine_wire.hpp"

#include <algorithm>

namespace jeton {
namespace {

constexpr std::size_t answer_depth_max = 32;

Json evaluation_request(const EngineQuestion& question) {
  Json subject{{"type", "identity"}, {"id", question.subject}};
  if (question.subject != question.agent) subject["properties"] = {{"act", {{"sub", question.agent}}}};
  Json resource{{"type", "tool"}, {"id", question.tool}};
  if (question.server) resource["properties"] = {{"server", *question.server}};
  Json context{{"agent", question.agent}, {"args_digest", question.digest.text()}};
  if (!question.server) context["provisional"] = true;
  if (question.txn) context["txn"] = question.txn->text();
  if (question.attempt) context["attempt"] = *question.attempt;
  if (question.call_id) context["call_id"] = *question.call_id;
  if (question.run_id) context["run_id"] = *question.run_id;
  if (question.session_id) context["session_id"] = *question.session_id;
  if (question.arguments) context["arguments"] = *question.arguments;
  return {{"subject", std::move(subject)},
          {"action", {{"name", "tools/call"}}},
          {"resource", std::move(resource)},
          {"context", std::move(context)}};
}

const Json* member(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

std::optional<std::string> text_in(const Json& object, const char* name) {
  const auto* value = member(object, name);
  return value != nullptr && value->is_string() ? engine_text(value->get_ref<const std::string&>()) : std::nullopt;
}

/// A reason is kept when it is a code: one word of visible ASCII. Sentences are for the engine's own log.
std::optional<std::string> code_in(const Json& object, const char* name) {
  const auto* value = member(object, name);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  const auto& text = value->get_ref<const std::string&>();
  const bool word = std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
  return word ? engine_text(text) : std::nullopt;
}

/// The one member of `reason_admin` by its name where that is a number: the example in AuthZEN section 5.5.1 has a code
/// there, and the sentence as its value.
std::optional<std::string> code_of_admin(const Json& context) {
  const auto* reasons = member(context, "reason_admin");
  if (reasons == nullptr || !reasons->is_object() || reasons->size() != 1) return std::nullopt;
  const auto& name = reasons->begin().key();
  const bool number = std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
  return number ? engine_text(name) : std::nullopt;
}

bool has_obligations(const Json& object) {
  const auto* obligations = member(object, "obligations");
  return obligations != nullptr && !(obligations->is_array() && obligations->empty());
}

Ruling ruling_of(bool decision, bool on_condition) {
  if (!decision) return Ruling::denied;
  return on_condition ? Ruling::obligation : Ruling::permitted;
}

EngineAnswer read_authzen(const Json& answer) {
  const auto* decision = member(answer, "decision");
  const auto* context = member(answer, "context");
  if (decision == nullptr || !decision->is_boolean() || (context != nullptr && !context->is_object())) return {};
  if (context == nullptr) return {ruling_of(decision->get<bool>(), false)};
  EngineAnswer read{ruling_of(decision->get<bool>(), has_obligations(*context)), text_in(*context, "id"),
                    code_in(*context, "reason")};
  if (!read.code) read.code = code_of_admin(*context);
  return read;
}

EngineAnswer read_opa(const Json& answer) {
  EngineAnswer read;
  read.id = text_in(answer, "decision_id");
  const auto* result = member(answer, "result");
  if (result == nullptr) {
    read.ruling = Ruling::undefined;
    return read;
  }
  if (result->is_boolean()) {
    read.ruling = ruling_of(result->get<bool>(), false);
    return read;
  }
  const auto* allow = result->is_object() ? member(*result, "allow") : nullptr;
  if (allow == nullptr || !allow->is_boolean()) return read;
  read.ruling = ruling_of(allow->get<bool>(), has_obligations(*result));
  read.code = code_in(*result, "reason");
  return read;
}

}  // namespace

std::string_view name_of(EngineKind kind) { return kind == EngineKind::authzen ? "authzen" : "opa"; }

Result<std::string> engine_request(EngineKind kind, const EngineQuestion& question) {
  auto request = evaluation_request(question);
  if (kind == EngineKind::opa) request = Json{{"input", std::move(request)}};
  return canonical_json(request);
}

EngineAnswer read_engine_answer(EngineKind kind, std::string_view body) {
  const auto answer = parse_json_strictly(body, {engine_answer_bytes_max, answer_depth_max});
  if (!answer || !answer->is_object()) return {};
  return kind == EngineKind::authzen ? read_authzen(*answer) : read_opa(*answer);
}

}  // namespace jeton
