// Names that never change, and the bytes of a leaf.
#include "jeton/event.hpp"

#include <set>
#include <stdexcept>

#include "jeton/json.hpp"
#include "support/catch.hpp"
#include "support/events.hpp"

namespace {

using jeton::Event;
using jeton::EventKind;
using jeton::Json;
using jeton::leaf_bytes;
using jeton::testing::full_event;

template <class Enum>
void check_names(Enum last) {
  std::set<std::string_view> names;
  for (int i = 1; i <= static_cast<int>(last); ++i) names.insert(name_of(static_cast<Enum>(i)));
  CHECK(names.size() == static_cast<std::size_t>(last));
  CHECK_FALSE(names.contains(""));
  CHECK_THROWS_AS(name_of(static_cast<Enum>(0)), std::logic_error);
  CHECK_THROWS_AS(name_of(static_cast<Enum>(static_cast<int>(last) + 1)), std::logic_error);
}

}  // namespace

TEST_CASE("a number that names nothing is a mistake of ours") {
  check_names(EventKind::clock_jumped);
  check_names(jeton::Role::daemon);
  check_names(jeton::Verb::enable);
  check_names(jeton::Outcome::unknown);
  check_names(jeton::Previous::revoked);
  check_names(jeton::ReceiptCheck::mismatch);
}

TEST_CASE("outcomes are read by their names and by nothing else") {
  for (int i = 1; i <= 5; ++i) {
    const auto outcome = static_cast<jeton::Outcome>(i);
    CHECK(jeton::outcome_named(name_of(outcome)) == outcome);
  }
  for (const auto* bad : {"", "OK", "ok ", "error"}) CHECK_FALSE(jeton::outcome_named(bad));
}

TEST_CASE("the kinds are listed in the order of their numbers") {
  int number = 0;
  for (const auto kind : jeton::all_event_kinds()) CHECK(static_cast<int>(kind) == ++number);
  CHECK(number == 20);
  CHECK(name_of(EventKind::token_redeemed) == "token.redeemed");
  CHECK(static_cast<int>(EventKind::token_redeemed) == 9);
}

TEST_CASE("a leaf is these bytes") {
  Event event;
  event.kind = EventKind::sidecar_stopped;
  event.time_us = 1'790'000'000'123'456;
  CHECK(leaf_bytes(event) == R"({"event":"sidecar.stopped","time_us":1790000000123456})");

  event.kind = EventKind::request_refused;
  event.txn = jeton::Txn::parse("EBESExQVFhcYGRobHB0eHw");
  event.uid = 1001;
  event.code = jeton::Code::no_grant;
  event.verb = jeton::Verb::mint;
  event.self_redeemed = false;
  event.tool = jeton::escape_for_log("a\"b\\c\n");
  event.cites = 0;
  CHECK(leaf_bytes(event) ==
        R"({"cites":0,"code":"no_grant","event":"request.refused","self_redeemed":false,"time_us":1790000000123456,)"
        R"("tool":"a\"b\\c%0A","txn":"EBESExQVFhcYGRobHB0eHw","uid":1001,"verb":"mint"})");
}

TEST_CASE("the hash of a leaf is the one of RFC 6962") {
  Event event;
  event.kind = EventKind::sidecar_stopped;
  event.time_us = 1'790'000'000'123'456;
  const std::string prefixed = std::string(1, '\0') + R"({"event":"sidecar.stopped","time_us":1790000000123456})";
  CHECK(jeton::leaf_hash(event) == jeton::sha256(prefixed));
  CHECK(jeton::leaf_hash(event) != jeton::sha256(leaf_bytes(event)));
}

TEST_CASE("the place in the log is no part of the leaf and every member is") {
  auto event = full_event();
  const auto leaf = leaf_bytes(event);
  event.log_index = 42;
  CHECK(leaf_bytes(event) == leaf);
  const auto json = Json::parse(leaf);
  std::size_t members = 2;
  Event bare;
  jeton::for_each_member(event, [&](const char* name, auto& member, auto...) {
    ++members;
    CAPTURE(name);
    CHECK(json.contains(name));
    const auto kept = member;
    member.reset();
    CHECK(leaf_bytes(event) != leaf);
    member = kept;
  });
  CHECK(json.size() == members);
  CHECK(leaf_bytes(event) == leaf);
}

TEST_CASE("a leaf is the canonical form of its members whatever they are") {
  for (int seed = 1; seed < 40; ++seed) {
    auto event = full_event(static_cast<EventKind>(seed % 20 + 1), seed);
    event.tool = "quote \" backslash \\ tab \t line \n umlaut \xC3\xBC rocket \xF0\x9F\x9A\x80";
    int member_number = 0;
    jeton::for_each_member(event, [&](const char*, auto& member, auto...) {
      if (++member_number % seed == 0) member.reset();
    });
    CHECK(leaf_bytes(event) == jeton::canonical_json(leaf_json(event)));
  }
  Event event;
  for (const std::string bad : {"\xFF", "\xED\xA0\x80", "\xEF\xBF\xBF"}) {
    event.detail = bad;
    CHECK_THROWS_AS(leaf_bytes(event), std::logic_error);
  }
  event.detail.reset();
  event.time_us = 9'007'199'254'740'992;
  CHECK_THROWS_AS(leaf_bytes(event), std::logic_error);
}

TEST_CASE("the list of members leaves no member out") {
  // Clearing what the list knows must leave an event like a new one, or equality would say so.
  auto event = full_event();
  jeton::for_each_member(event, [](const char*, auto& member, auto...) { member.reset(); });
  Event bare;
  bare.kind = event.kind;
  bare.time_us = event.time_us;
  CHECK((event == bare));
  // A new member must join the list, the schema and this count.
  int members = 0;
  jeton::for_each_member(event, [&members](const char*, auto&, auto...) { ++members; });
  CHECK(members == 55);
}

TEST_CASE("the largest event the sidecar can make stays below the limit of a leaf") {
  auto event = full_event();
  event.exe = jeton::escape_for_log(std::string(4095, ' '));
  event.server = std::string(2048, 'x');
  event.tool = jeton::escape_for_log(std::string(256, '\n'));
  event.unit = jeton::escape_for_log(std::string(255, ' '));
  event.socket = jeton::escape_for_log(std::string(107, ' '));
  for (auto* id :
       {&event.call_id, &event.run_id, &event.session_id, &event.framework, &event.agent_label, &event.traceparent})
    *id = std::string(128, '"');
  CHECK(leaf_bytes(event).size() < 65'536);
}

TEST_CASE("a name in log form is printable and can be told apart from every other") {
  CHECK(jeton::escape_for_log("refund").compare("refund") == 0);
  CHECK(jeton::escape_for_log("a b%c") == "a%20b%25c");
  CHECK(jeton::escape_for_log("\x1b[2J\r\n\x7f") == "%1B[2J%0D%0A%7F");
  CHECK(jeton::escape_for_log("caf\xC3\xA9") == "caf%C3%A9");
  CHECK(jeton::escape_for_log(std::string("a\0b", 3)) == "a%00b");
  CHECK(jeton::escape_for_log("").empty());
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  for (const char c : jeton::escape_for_log(all)) CHECK((c >= '!' && c <= '~'));
}

TEST_CASE("an id in the log is 1 to 128 visible characters") {
  for (const auto& bad : {std::string(), std::string(129, 'x'), std::string("a b"), std::string("a\n"),
                          std::string("\xC3\xA9"), std::string("a\0", 2), std::string("\x7f")})
    CHECK_FALSE(jeton::is_log_id(bad));
  CHECK(jeton::is_log_id("!"));
  CHECK(jeton::is_log_id(std::string(128, '~')));
}
