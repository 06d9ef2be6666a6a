// Each kind of event has its place in OCSF, and nothing of a leaf is lost on the way there.
#include "readers/ocsf.hpp"

#include <set>

#include "support/catch.hpp"
#include "support/events.hpp"

namespace {

namespace t = jeton::testing;
using jeton::Code;
using jeton::Event;
using jeton::EventKind;
using jeton::Json;

Json shown(const Event& event) { return jeton::ocsf_json(event, "acme.example/jeton/1"); }

Event minimal(EventKind kind) {
  Event event;
  event.kind = kind;
  return event;
}

/// Every value in a document, whatever it lies in, as its text.
void gather(const Json& document, std::multiset<std::string>& values) {
  if (document.is_structured())
    for (const auto& part : document) gather(part, values);
  else
    values.insert(document.is_string() ? document.get<std::string>() : document.dump());
}

}  // namespace

TEST_CASE("every kind of event has one row in the table for OCSF") {
  const auto kinds = jeton::all_event_kinds();
  const auto rows = jeton::ocsf_kinds();
  REQUIRE(rows.size() == kinds.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    CHECK(rows[i].kind == kinds[i]);
    const auto body = shown(minimal(kinds[i]));
    CAPTURE(body.dump());
    CHECK(body["class_uid"] == rows[i].class_uid);
    CHECK(body["category_uid"] == rows[i].class_uid / 1000);
    CHECK(body["type_uid"] == rows[i].class_uid * 100 + rows[i].activity_id);
    CHECK(body["status_id"] == rows[i].status_id);
    CHECK(body["metadata"]["event_code"] == name_of(kinds[i]));
  }
}

TEST_CASE("a member of a leaf is in the OCSF event under its meaning or as unmapped") {
  for (const auto kind : jeton::all_event_kinds()) {
    auto event = t::full_event(kind);
    event.log_index = 4711;
    event.exe_sha256 = jeton::hex(jeton::sha256("exe"));
    const auto body = shown(event);
    std::multiset<std::string> values;
    gather(body, values);
    const auto leaf = leaf_json(event);
    for (const auto& [name, value] : leaf.items()) {
      CAPTURE(name_of(kind), name, body.dump());
      auto text = value.is_string() ? value.get<std::string>() : value.dump();
      // Times that the schema has are in milliseconds.
      if (name == "expires_at" && !body["unmapped"].contains(name)) text += "000";
      if (name.ends_with("t_us") && !body["unmapped"].contains(name)) text.resize(text.size() - 3);
      CHECK(values.count(text.empty() ? "0" : text) > 0);
    }
    CHECK(body["unmapped"]["log_index"] == 4711);
    CHECK(body["unmapped"]["time_us"] == event.time_us);
    CHECK(body["metadata"]["uid"] == "4711");
    CHECK(body["metadata"]["correlation_uid"] == event.txn->text());
    CHECK(body["metadata"]["log_name"] == "acme.example/jeton/1");
  }
}

TEST_CASE("a redemption in OCSF says who did what with which token") {
  auto event = t::full_event(EventKind::token_redeemed);
  event.role = jeton::Role::server;
  event.verb.reset();
  event.exe = "/usr/bin/tool";
  event.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const auto body = shown(event);
  CAPTURE(body.dump());
  CHECK(body["api"]["operation"] == "redeem");
  CHECK(body["actor"]["user"] == Json{{"uid", std::to_string(*event.uid)}});
  CHECK(body["actor"]["process"]["pid"] == *event.pid);
  CHECK(body["actor"]["process"]["file"]["name"] == "tool");
  CHECK(body["resources"][0] == Json{{"type", "tool"}, {"name", *event.tool}, {"namespace", *event.server}});
  CHECK(body["resources"][1] == Json{{"type", "token"}, {"uid", event.jti->text()}});
  CHECK(body["trace"]["uid"] == "4bf92f3577b34da6a3ce929d0e0e4736");
  CHECK(body["action"] == "Allowed");
}

TEST_CASE("a refusal in OCSF fails with its code and is as severe as what it met") {
  auto event = minimal(EventKind::request_refused);
  event.verb = jeton::Verb::redeem;
  for (const auto& [code, severity] :
       {std::pair(Code::already_redeemed, 4), std::pair(Code::no_grant, 3), std::pair(Code::bad_token, 4),
        std::pair(Code::expired, 2), std::pair(Code::bad_request, 2)}) {
    event.code = code;
    const auto body = shown(event);
    CHECK(body["severity_id"] == severity);
    CHECK(body["status"] == "Failure");
    CHECK(body["status_code"] == name_of(code));
    CHECK(body["api"]["response"]["error"] == name_of(code));
    CHECK(body["action"] == "Denied");
  }
  CHECK(shown(event)["activity_name"] == "Update");
  event.verb = jeton::Verb::mint;
  CHECK(shown(event)["activity_name"] == "Create");
  event.verb = jeton::Verb::revoke;
  CHECK(shown(event)["activity_name"] == "Delete");
}

TEST_CASE("an outcome in OCSF has the status that was reported") {
  auto event = minimal(EventKind::call_outcome);
  for (const auto& [outcome, status] :
       {std::pair(jeton::Outcome::ok, 1), std::pair(jeton::Outcome::tool_error, 2),
        std::pair(jeton::Outcome::transport_error, 2), std::pair(jeton::Outcome::cancelled, 99),
        std::pair(jeton::Outcome::unknown, 0)}) {
    event.outcome = outcome;
    CHECK(shown(event)["status_id"] == status);
  }
}

TEST_CASE("numbers of an edited log do no harm on their way to OCSF") {
  auto event = t::full_event(EventKind::token_minted);
  for (const auto number : {INT64_MAX, INT64_MIN}) {
    event.expires_at = event.first_us = event.last_us = event.duration_ms = number;
    event.time_us = number;
    CHECK(shown(event)["unmapped"]["expires_at"] == number);
  }
}
