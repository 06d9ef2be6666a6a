// From a string somebody found to what became of it, in every state a token can be in.
#include "readers/why.hpp"

#include "cli/why_words.hpp"
#include "readers/family.hpp"
#include "support/catch.hpp"
#include "support/events.hpp"
#include "support/forge.hpp"
#include "support/memory_store.hpp"

namespace {

namespace t = jeton::testing;
using jeton::Clue;
using jeton::Code;
using jeton::Event;
using jeton::EventKind;
using jeton::Jti;
using jeton::Role;
using jeton::Txn;
using t::id_of;

constexpr std::int64_t start_s = 1'790'000'000;
constexpr std::int64_t start_us = start_s * 1'000'000;

/// Unlike the txn of the same number.
Jti jti_of(int number) { return id_of<Jti>(500 + number); }

struct Log {
  t::MemoryStore store;
  std::unique_ptr<jeton::LogReader> reader = store.reader();
  jeton::CallIndex index = jeton::CallIndex::in_memory();
  std::int64_t now_us = start_us;

  void add(Event event) {
    event.time_us = now_us;
    REQUIRE(store.transact([&] { store.append(event); }));
  }
  static Event of(EventKind kind, int number) {
    Event event;
    event.kind = kind;
    event.txn = id_of<Txn>(number);
    event.jti = jti_of(number);
    return event;
  }
  /// The token of call `number`, as forge makes it.
  static std::string token(int number) {
    auto claims = jeton::forge::good_claims();
    claims.txn = id_of<Txn>(number);
    claims.jti = jti_of(number);
    return sign_token(claims, jeton::forge::issuer_key()).expose_for_transport();
  }
  void minted(int number, const std::string& call_id = "call_1") {
    auto event = of(EventKind::token_minted, number);
    event.agent = "spiffe://acme.example/agent/billing";
    event.server = "https://crm.example/mcp";
    event.tool = "refund";
    event.attempt = 1;
    event.call_id = call_id;
    event.run_id = "support-7";
    event.expires_at = start_s + 30;
    event.token_sha256 = jeton::sha256(token(number));
    add(event);
  }
  void redeemed(int number) {
    auto event = of(EventKind::token_redeemed, number);
    event.role = Role::server;
    event.uid = 1002;
    add(event);
  }
  void refused(int number, Code code) {
    auto event = of(EventKind::request_refused, number);
    event.code = code;
    add(event);
  }
  std::optional<jeton::Why> why(const std::string& text) {
    const auto clue = Clue::parse(text);
    REQUIRE(clue);
    return why_of(*reader, index, *clue, now_us);
  }
  std::string sentence(const std::string& text) {
    const auto found = why(text);
    REQUIRE(found);
    return jeton::cli::sentence_of(*found);
  }
};

}  // namespace

TEST_CASE("a token, its hash and its jti lead to the same answer, with white space and a scheme around it") {
  Log log;
  log.minted(1);
  log.now_us += 200'000;
  log.redeemed(1);
  log.now_us += 60'000'000;
  const auto token = Log::token(1);
  const auto expected = log.sentence(token);
  CHECK(expected ==
        "This token was minted for refund on https://crm.example/mcp by agent spiffe://acme.example/agent/billing at "
        "2026-09-21 14:13:20Z, redeemed once 0.2 s later by server uid 1002; it is worthless now.");
  CHECK(log.sentence("Bearer " + token + "\n") == expected);
  CHECK(log.sentence("  " + jeton::hex(jeton::sha256(token)) + "\r\n") == expected);
  CHECK(log.sentence(jti_of(1).text()) == expected);
  CHECK(expected.find(token) == expected.npos);
}

TEST_CASE("what became of a token is said in every state") {
  const auto after = [](const std::function<void(Log&)>& happens) {
    Log log;
    log.minted(1);
    log.now_us += 5'000'000;
    happens(log);
    return log.sentence(jti_of(1).text());
  };
  CHECK_THAT(after([](Log&) {}), Catch::Contains("not redeemed yet; IT IS GOOD UNTIL 14:13:50Z"));
  CHECK_THAT(after([](Log& log) { log.now_us += 60'000'000; }),
             Catch::Contains("never redeemed, and expired at 14:13:50Z; it is worthless now"));
  CHECK_THAT(after([](Log& log) { log.add(Log::of(EventKind::token_superseded, 1)); }),
             Catch::Contains("superseded by the next attempt 5.0 s later"));
  CHECK_THAT(after([](Log& log) {
               auto event = Log::of(EventKind::token_revoked, 1);
               event.role = Role::operator_;
               event.uid = 0;
               log.add(event);
             }),
             Catch::Contains("revoked 5.0 s later by operator uid 0; it is worthless now"));
  CHECK_THAT(after([](Log& log) {
               auto event = Log::of(EventKind::call_outcome, 1);
               event.role = Role::server;
               log.add(event);
             }),
             Catch::Contains("redeemed offline, as reported 5.0 s later by server"));
  CHECK_THAT(after([](Log& log) {
               Event event;
               event.kind = EventKind::sidecar_started;
               log.add(event);
             }),
             Catch::Contains("forgotten when the sidecar started anew 5.0 s later; it is worthless now"));
  const auto tried = after([](Log& log) {
    log.refused(1, Code::args_mismatch);
    log.redeemed(1);
    log.refused(1, Code::already_redeemed);
    log.refused(1, Code::already_redeemed);
  });
  CHECK_THAT(tried, Catch::Contains("it was tried again twice and refused; once it was refused: args_mismatch"));
}

TEST_CASE("an altered copy of a token is told from the token") {
  Log log;
  log.minted(1);
  auto token = Log::token(1);
  // Another signature under the same claims.
  const auto dot = token.rfind('.');
  token[dot + 1] = token[dot + 1] == 'A' ? 'B' : 'A';
  const auto why = log.why(token);
  REQUIRE(why);
  CHECK(why->altered);
  CHECK_THAT(jeton::cli::sentence_of(*why), Catch::StartsWith("This is no token of this log, but an altered copy"));
}

TEST_CASE("a forged token that was presented is known by its refusals") {
  Log log;
  log.minted(1);
  auto event = Log::of(EventKind::request_refused, 0);
  event.txn.reset();
  event.jti.reset();
  event.code = Code::bad_signature;
  event.token_sha256 = jeton::sha256(Log::token(7));
  log.add(event);
  const auto why = log.why(Log::token(7));
  REQUIRE(why);
  CHECK_FALSE(why->token);
  CHECK_THAT(jeton::cli::sentence_of(*why), Catch::Contains("never minted this; it was presented once"));
  CHECK_THAT(jeton::cli::sentence_of(*why), Catch::Contains("refused (bad_signature)"));
}

TEST_CASE("a txn, a call id and a call id of several calls are answered") {
  Log log;
  log.minted(1);
  log.minted(2, "call_2");
  log.minted(3, "call_2");
  log.redeemed(1);
  CHECK_THAT(log.sentence(id_of<Txn>(1).text()),
             Catch::StartsWith("This call of refund on https://crm.example/mcp was opened by agent "));
  CHECK_THAT(log.sentence("call_1"), Catch::Contains("got 1 token, was redeemed once; it is redeemed now."));
  CHECK(log.sentence("call_2") == "2 calls have this id; here they are, newest first.");
  CHECK(log.why("call_2")->calls.size() == 2);
}

TEST_CASE("what this log does not know has no answer, and what is no clue is refused") {
  Log log;
  log.minted(1);
  CHECK_FALSE(log.why(Log::token(9)));
  CHECK_FALSE(log.why(std::string(64, 'a')));
  CHECK_FALSE(log.why(jti_of(9).text()));
  CHECK_FALSE(log.why("call_9"));
  for (const auto& text :
       {std::string(), std::string("  \n"), std::string("two words"), std::string(200, 'x'), std::string("\x1b[2J")})
    CHECK(Clue::parse(text).error().code == Code::bad_request);
}

TEST_CASE("a call leads to its parent and to its children") {
  Log log;
  log.minted(1);
  for (const int child : {2, 3}) {
    auto event = Log::of(EventKind::call_opened, child);
    event.parent_txn = id_of<Txn>(1);
    event.tool = "look_up";
    log.add(event);
  }
  const auto of = [&](int number) {
    return family_of(*log.reader, log.reader->everything_of(id_of<Txn>(number), 100), log.now_us);
  };
  CHECK_FALSE(of(1).parent_txn);
  REQUIRE(of(1).children.size() == 2);
  CHECK(of(1).children[0].txn == id_of<Txn>(2));
  REQUIRE(of(2).parent);
  CHECK(of(2).parent->tool == "refund");
  auto orphan = Log::of(EventKind::call_opened, 4);
  orphan.parent_txn = id_of<Txn>(99);
  log.add(orphan);
  CHECK(of(4).parent_txn == id_of<Txn>(99));
  CHECK_FALSE(of(4).parent);
}
