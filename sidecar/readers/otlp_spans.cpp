// Beginning, end, status and a few attributes of a call and of each of its attempts, out of its story.
#include "readers/otlp_spans.hpp"

#include <algorithm>

#include "jeton/hash.hpp"
#include "readers/otlp.hpp"
#include "readers/trace_context.hpp"
#include "store/call.hpp"

namespace jeton {
namespace {

constexpr int kind_internal = 1;
constexpr int status_ok = 1, status_error = 2;

/// Where a span stands: the first eight of sixteen random bytes are its id.
template <class Tag>
std::string span_id_of(const Id<Tag>& id) {
  return hex(id.bytes).substr(0, 16);
}

struct Place {
  std::string trace_id, span_id, parent_id;
};

/// Ends that come before their beginning are a clock's that was set back.
Json span_at(const Place& place, std::string name, std::int64_t from_us, std::int64_t until_us, Json attributes) {
  Json span{{"traceId", place.trace_id},
            {"spanId", place.span_id},
            {"name", std::move(name)},
            {"kind", kind_internal},
            {"startTimeUnixNano", otlp_time(from_us)},
            {"endTimeUnixNano", otlp_time(std::max(from_us, until_us))},
            {"attributes", std::move(attributes)}};
  if (!place.parent_id.empty()) span["parentSpanId"] = place.parent_id;
  return span;
}

void set_status(Json& span, const Event* outcome) {
  if (outcome == nullptr || !outcome->outcome || *outcome->outcome == Outcome::unknown) return;
  const bool ok = *outcome->outcome == Outcome::ok;
  span["status"] = {{"code", ok ? status_ok : status_error}};
  if (!ok) span["attributes"].push_back(otlp_attribute("error.type", name_of(*outcome->outcome)));
}

/// Attributes that are there.
class Attributes {
 public:
  template <class Value>
  Attributes& put(std::string_view name, const Value& value) {
    all_.push_back(otlp_attribute(name, value));
    return *this;
  }
  template <class Value>
  Attributes& put(std::string_view name, const std::optional<Value>& value) {
    return value ? put(name, *value) : *this;
  }
  [[nodiscard]] Json take() { return std::move(all_); }

 private:
  Json all_ = Json::array();
};

std::string_view name_of_state(Attempt::State state) {
  switch (state) {
    case Attempt::State::redeemed: return "redeemed";
    case Attempt::State::reported: return "reported";
    case Attempt::State::superseded: return "superseded";
    case Attempt::State::revoked: return "revoked";
    case Attempt::State::unredeemed: break;
  }
  return "unredeemed";
}

/// The last that was heard of an attempt; of one that nothing was heard of, when its token expired or its call ended.
std::int64_t end_of(const Attempt& attempt, const std::vector<Event>& story, const Event& end) {
  const auto last =
      std::find_if(story.rbegin(), story.rend(), [&](const Event& event) { return event.jti == attempt.minted.jti; });
  if (last != story.rend() && last->log_index != attempt.minted.log_index) return last->time_us;
  constexpr std::int64_t us_per_s = 1'000'000;
  const auto expires_at = attempt.minted.expires_at.value_or(INT64_MAX);
  return expires_at < end.time_us / us_per_s ? expires_at * us_per_s : end.time_us;
}

Json span_of(const Attempt& attempt, const Call& call, const std::vector<Event>& story, const Event& end,
             const Place& of_call) {
  const auto& minted = attempt.minted;
  const Json number = minted.attempt.value_or(0);
  const auto* outcome = call.redeemers_outcome(*minted.jti);
  Attributes attributes;
  attributes.put(otlp_index, minted.log_index)
      .put("jeton.txn", minted.txn->text())
      .put("jeton.jti", minted.jti->text())
      .put("jeton.attempt", number)
      .put("jeton.state", name_of_state(attempt.state))
      .put("gen_ai.tool.name", minted.tool)
      .put("jeton.server", minted.server)
      .put("jeton.grant", minted.grant);
  Json events = Json::array();
  if (const auto& redemption = attempt.redemption) {
    attributes.put("jeton.redeemer.uid", redemption->uid).put("jeton.redeemer.pid", redemption->pid);
    events.push_back({{"timeUnixNano", otlp_time(redemption->time_us)}, {"name", "jeton.token.redeemed"}});
  }
  auto span = span_at({of_call.trace_id, span_id_of(*minted.jti), of_call.span_id}, "jeton attempt " + number.dump(),
                      minted.time_us, end_of(attempt, story, end), attributes.take());
  if (!events.empty()) span["events"] = std::move(events);
  set_status(span, outcome);
  return span;
}

Json span_of(const Call& call, const Event& end, std::int64_t refusals, const Place& place) {
  const auto& opening = call.opening();
  const auto& bound = call.attempts().empty() ? opening : call.attempts().front().minted;
  Attributes attributes;
  attributes.put(otlp_index, end.log_index)
      .put("gen_ai.operation.name", "execute_tool")
      .put("gen_ai.tool.name", bound.tool)
      .put("gen_ai.tool.call.id", opening.call_id)
      .put("gen_ai.agent.id", opening.agent)
      .put("gen_ai.agent.name", opening.agent_label)
      .put("session.id", opening.session_id)
      .put("jeton.txn", opening.txn->text())
      .put("jeton.server", bound.server)
      .put("jeton.run_id", opening.run_id)
      .put("jeton.parent_txn", opening.parent_txn ? std::optional(opening.parent_txn->text()) : std::nullopt)
      .put("jeton.attempts", call.attempts().size())
      .put("jeton.redemptions", call.redemptions())
      .put("jeton.refusals", refusals);
  if (end.kind == EventKind::token_revoked) attributes.put("jeton.state", "revoked");
  auto span = span_at(place, "execute_tool" + (bound.tool ? " " + *bound.tool : ""), opening.time_us, end.time_us,
                      attributes.take());
  set_status(span, call.openers_outcome());
  return span;
}

}  // namespace

bool can_end_call(const Event& event) {
  if (!event.txn) return false;
  return (event.kind == EventKind::call_outcome && event.role == Role::agent) ||
         (event.kind == EventKind::token_revoked && !event.jti);
}

bool is_end_of_call(const Event& end, const std::vector<Event>& story) {
  const auto first = std::find_if(story.begin(), story.end(), can_end_call);
  return first != story.end() && first->log_index == end.log_index;
}

bool are_spans_of(const Json& document, const Event& end, std::string_view origin) {
  const auto at = [&document](const std::string& pointer) {
    const Json::json_pointer place(pointer);
    return document.contains(place) ? document.at(place) : Json();
  };
  const std::string span = "/resourceSpans/0/scopeSpans/0/spans/0";
  const auto attributes = at(span + "/attributes");
  const auto has = [&attributes](const Json& one) {
    return std::find(attributes.begin(), attributes.end(), one) != attributes.end();
  };
  const auto needed = Attributes().put(otlp_index, end.log_index).put("jeton.txn", end.txn->text()).take();
  return document.size() == 1 && at("/resourceSpans/0/resource/attributes") == otlp_resource(origin) &&
         at(span + "/spanId") == span_id_of(*end.txn) && at(span + "/endTimeUnixNano") == otlp_time(end.time_us) &&
         std::all_of(needed.begin(), needed.end(), has);
}

std::optional<Json> otlp_spans_json(const Event& end, const std::vector<Event>& story, std::string_view origin) {
  if (!is_end_of_call(end, story)) return std::nullopt;
  const auto first_end = std::find_if(story.begin(), story.end(), can_end_call);
  std::vector<Event> told;
  std::copy_if(story.begin(), first_end + 1, std::back_inserter(told),
               [](const Event& event) { return event.kind != EventKind::request_refused; });
  const auto refusals = first_end + 1 - story.begin() - static_cast<std::ptrdiff_t>(told.size());
  const auto call = Call::from(told);
  if (!call) return std::nullopt;

  const auto trace = trace_context_of(call->opening().traceparent);
  const Place place{trace ? trace->trace_id : hex(end.txn->bytes), span_id_of(*end.txn), trace ? trace->span_id : ""};
  Json spans = Json::array({span_of(*call, end, refusals, place)});
  for (const auto& attempt : call->attempts())
    if (attempt.minted.jti) spans.push_back(span_of(attempt, *call, told, end, place));
  const Json scope{{"scope", {{"name", "dev.jeton.log"}}}, {"spans", std::move(spans)}};
  const Json of_daemon{{"resource", {{"attributes", otlp_resource(origin)}}}, {"scopeSpans", Json::array({scope})}};
  return Json{{"resourceSpans", Json::array({of_daemon})}};
}

}  // namespace jeton
