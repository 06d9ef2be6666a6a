// Many want the same token: processes, threads, and one redeemer that asks many times at once.
#include <algorithm>
#include <atomic>
#include <random>
#include <set>
#include <sstream>
#include <thread>

#include <unistd.h>

#include "jeton/verifier.hpp"
#include "support/catch.hpp"
#include "support/daemon.hpp"
#include "support/ledger.hpp"
#include "support/other_process.hpp"

namespace jeton::outside {
namespace {

const std::string server = "mcp:stdio:race";
const Json call{{"server", server}, {"tool", "run"}, {"arguments", {{"n", 1}}}};

std::string minted(const Client& client) { return client.post("/v1/calls", call)->at("token"); }

Json redemption(const std::string& token, const std::string& id) {
  auto body = call;
  body["token"] = token;
  body["redemption_id"] = id;
  return body;
}

}  // namespace

TEST_CASE("of eight processes racing for two hundred tokens exactly one gets each", "[threads]") {
  // given: tokens, and racers that wait at a gate
  Daemon daemon;
  std::vector<std::string> tokens;
  const auto client = daemon.client();
  for (int i = 0; i < 200; ++i) tokens.push_back(minted(client));
  int gate[2];
  REQUIRE(::pipe(gate) == 0);
  std::vector<Child> racers;
  for (unsigned r = 0; r < 8; ++r)
    racers.emplace_back([&, r](pid_t self) {
      ::close(gate[1]);
      const auto mine = daemon.client();
      std::vector<std::size_t> order(tokens.size());
      for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
      // Half of them meet at the same token every time.
      if (r % 2 == 1) std::shuffle(order.begin(), order.end(), std::mt19937(r));
      char go = 0;
      if (::read(gate[0], &go, 1) != 0) return std::string("no gate");
      std::string accepted;
      for (const auto i : order) {
        const auto answer = mine.post("/v1/redeem", redemption(tokens[i], std::to_string(self)));
        if (answer) accepted += std::to_string(i) + " ";
        if (!answer && answer.error().code != Code::already_redeemed) return answer.error().message;
      }
      return accepted;
    });

  // when: the gate opens
  ::close(gate[0]);
  ::close(gate[1]);
  std::multiset<std::size_t> accepted;
  for (auto& racer : racers) {
    std::istringstream words(racer.text());
    for (std::size_t i = 0; words >> i;) accepted.insert(i);
    INFO(words.str());
    CHECK(words.eof());
  }

  // then: each token once, here and in the log, and every refusal is an event or counted in one
  CHECK(accepted.size() == tokens.size());
  CHECK(std::set<std::size_t>(accepted.begin(), accepted.end()).size() == tokens.size());
  CHECK(daemon.stop() == 0);
  const Ledger ledger(daemon.state());
  CHECK(ledger.count("event = 'token.redeemed'") == 200);
  CHECK(
      ledger.one("SELECT (SELECT count(*) FROM events WHERE code = 'already_redeemed' AND event = 'request.refused') + "
                 "(SELECT sum(count) FROM events WHERE code = 'already_redeemed' AND event = 'refusals.suppressed')") ==
      "1400");
}

TEST_CASE("of sixty four threads with one token one is served", "[threads]") {
  const Daemon daemon;
  const auto client = daemon.client();
  const auto token = minted(client);
  std::atomic<int> accepted = 0, refused = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 64; ++t)
    threads.emplace_back([&, t] {
      const auto answer = client.post("/v1/redeem", redemption(token, "thread-" + std::to_string(t)));
      if (answer) ++accepted;
      if (!answer && answer.error().code == Code::already_redeemed) ++refused;
    });
  for (auto& thread : threads) thread.join();
  CHECK(accepted == 1);
  CHECK(refused == 63);
}

TEST_CASE("one redemption asked by many threads at once burns once and is answered alike", "[threads]") {
  const Daemon daemon;
  const auto client = daemon.client();
  const auto token = minted(client);
  std::vector<Json> answers(32);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < answers.size(); ++t)
    threads.emplace_back(
        [&, t] { answers[t] = client.post("/v1/redeem", redemption(token, "same")).value_or(Json::object()); });
  for (auto& thread : threads) thread.join();
  const auto first_time =
      std::count_if(answers.begin(), answers.end(), [](const Json& a) { return a.value("repeated", true) == false; });
  CHECK(first_time == 1);
  for (const auto& answer : answers) CHECK(answer.value("log_index", 0) == answers.front().value("log_index", 1));
  CHECK(Ledger(daemon.state()).count("event = 'token.redeemed'") == 1);
}

TEST_CASE("threads that open the same call by its open_id get one txn and at most one live token", "[threads]") {
  const Daemon daemon;
  const auto client = daemon.client();
  auto open = call;
  open["open_id"] = "open-1";
  std::vector<Json> answers(8);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < answers.size(); ++t)
    threads.emplace_back([&, t] { answers[t] = client.post("/v1/calls", open).value_or(Json::object()); });
  for (auto& thread : threads) thread.join();
  std::set<std::string> txns;
  int redeemed = 0;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    txns.insert(answers[i].value("txn", "none"));
    if (client.post("/v1/redeem", redemption(answers[i].value("token", ""), std::to_string(i)))) ++redeemed;
  }
  CHECK(txns.size() == 1);
  CHECK(redeemed == 1);
}

TEST_CASE("threads share one verifier and each token is redeemed by one of them", "[threads]") {
  // given: a verifier that has no keys yet, and tokens that two threads want each
  const Daemon daemon;
  const auto client = daemon.client();
  const auto verifier = Verifier::connect(server, daemon.client_options());
  REQUIRE(verifier);
  std::vector<std::string> tokens;
  for (int i = 0; i < 16; ++i) tokens.push_back(minted(client));

  // when
  std::atomic<int> redeemed = 0, refused = 0, reported = 0;
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 2 * tokens.size(); ++t)
    threads.emplace_back([&, t] {
      const auto redemption = verifier->redeem(tokens[t / 2], "run", call["arguments"]);
      if (!redemption) {
        if (redemption.error().code == Code::already_redeemed) ++refused;
        return;
      }
      ++redeemed;
      if (verifier->report(*redemption, {})) ++reported;
    });
  for (auto& thread : threads) thread.join();

  // then
  CHECK(redeemed == 16);
  CHECK(refused == 16);
  CHECK(reported == 16);
}

}  // namespace jeton::outside
