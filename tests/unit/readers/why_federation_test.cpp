// What a log says about a federation token: who got it, for whom and until when, and that nothing more is known.
#include "readers/why.hpp"

#include <fmt/core.h>

#include "cli/timeline.hpp"
#include "cli/why_words.hpp"
#include "support/exchange_fixture.hpp"

namespace {

using namespace jeton;
using namespace jeton::testing;

struct Given : Company {
  Given() { REQUIRE(federation.want({Algorithm::es256})); }
  std::optional<Why> ask(const std::string& text) {
    const auto clue = Clue::parse(text);
    REQUIRE(clue);
    const auto reader = memory.reader();
    auto index = CallIndex::in_memory();
    return why_of(*reader, index, *clue, clock.wall_us());
  }
};

std::string hex(const Sha256& hash) {
  std::string text;
  for (const auto byte : hash) text += fmt::format("{:02x}", byte);
  return text;
}

}  // namespace

TEST_CASE("a federation token is found by itself and its hash and its jti") {
  Given given;
  (void)given.minted_refund();
  const auto minted = given.federate(caller_of(billing));
  REQUIRE(minted);
  const auto text = minted->token.expose_for_transport();
  for (const auto& clue : {text, "Bearer " + text, hex(sha256(text)), minted->jti.text()}) {
    CAPTURE(clue);
    const auto why = given.ask(clue);
    REQUIRE(why);
    REQUIRE(why->federated);
    CHECK_FALSE(why->token);
    CHECK(why->federated->log_index == minted->log_index);
    const auto words = cli::sentence_of(*why);
    CHECK_THAT(words,
               Catch::Contains("federation token for https://sts.example/") && Catch::Contains("backup-bucket") &&
                   Catch::Contains("agent spiffe://acme.example/agent/billing") && Catch::Contains("not single-use") &&
                   Catch::Contains("good until") && Catch::Contains("nothing more is known"));
    CHECK_THAT(words, !Catch::Contains(text));
    const auto next = cli::next_of(*why, given.clock.wall_us());
    REQUIRE(next.size() == 2);
    CHECK_THAT(next[0], Catch::Contains("nothing here ends it"));
  }
  CHECK_FALSE(given.ask(text.substr(0, text.size() - 2) + "AA"));
}

TEST_CASE("a federation token in a list of events says that it is reusable") {
  Given given;
  REQUIRE(given.federate(caller_of(billing)));
  const auto line = cli::line_of(given.memory.events().back());
  CHECK_THAT(line, Catch::Contains("federation.minted") && Catch::Contains("for https://sts.example/") &&
                       Catch::Contains("reusable until"));
}

TEST_CASE("a federation token that was presented here as a call token is told with that") {
  Given given;
  const auto minted = given.federate(caller_of(billing));
  REQUIRE(minted);
  const auto text = minted->token.expose_for_transport();
  CHECK(code_of(given.redeem(caller_of(crm_account), {text, crm, binding("refund"), "id"})) == "bad_token");
  const auto why = given.ask(text);
  REQUIRE(why);
  CHECK(why->federated);
}
