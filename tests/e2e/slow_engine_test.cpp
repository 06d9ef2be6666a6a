// An engine that hangs or trickles costs its own callers a tenth of a second, and nobody else anything.
#include <algorithm>
#include <utility>

#include <sys/resource.h>

#include "support/judged_daemon.hpp"

namespace jeton::outside {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

template <class Work>
Clock::duration time_of(Work work) {
  const auto began = Clock::now();
  work();
  return Clock::now() - began;
}

/// The quickest of a few: a busy machine makes any one of them slow.
template <class Work>
Clock::duration quickest_of(int many, Work work) {
  auto best = Clock::duration::max();
  for (int i = 0; i < many; ++i) best = std::min(best, time_of(work));
  return best;
}

Clock::duration median_of(std::vector<Clock::duration> times) {
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
  return times[times.size() / 2];
}

/// Hangs for the agent slow alone.
std::string hangs_for_slow(Pdp& pdp, const Pdp::Asked& asked) {
  if (asked.body["subject"]["id"] == "spiffe://acme.example/agent/slow") pdp.hang();
  return json_answer(R"({"decision":true})");
}

std::string request() { return post("/v1/calls", JudgedDaemon::refund(1).dump()); }

}  // namespace

TEST_CASE("a call that the engine does not decide in time is denied in time") {
  const Pdp pdp(hangs_for_slow);
  const JudgedDaemon jetond(authzen_at(pdp));
  const auto took =
      quickest_of(3, [&] { CHECK(jetond.asked(jetond.slow_agents_socket()) == "denied_by_policy timeout"); });
  CHECK(took >= 90ms);
  CHECK(took < 300ms);
  CHECK(jetond.newest("request.refused")[0] == "timeout");
}

TEST_CASE("an answer that trickles in is no answer in time") {
  Pdp pdp([](Pdp&, const Pdp::Asked&) { return json_answer(R"({"decision":true})"); });
  pdp.trickle();
  const JudgedDaemon jetond(authzen_at(pdp));
  CHECK(quickest_of(3, [&] { CHECK(jetond.asked() == "denied_by_policy timeout"); }) < 300ms);
}

TEST_CASE("an agent that the engine is slow for slows no other agent down") {
  const Pdp pdp(hangs_for_slow);
  const JudgedDaemon jetond(authzen_at(pdp) + "timeout_ms = 500\n");
  CHECK(jetond.asked(jetond.quick_agents_socket()) == "ok");
  // given: thirty calls of the one wait for the engine, again and again
  std::vector<RawClient> waiting;
  for (int i = 0; i < 30; ++i) waiting.emplace_back(jetond.slow_agents_socket());
  std::vector<Clock::duration> times;
  for (int round = 0; round < 5; ++round) {
    for (auto& one : waiting) REQUIRE(one.send(request()));
    REQUIRE(eventually([&] { return pdp.asked().size() > static_cast<std::size_t>(round); }));
    // when: the other asks
    for (int i = 0; i < 5; ++i)
      times.push_back(time_of([&] { CHECK(jetond.asked(jetond.quick_agents_socket()) == "ok"); }));
    for (auto& one : waiting) CHECK(one.answer()->code() == "denied_by_policy");
  }
  // then: it never waited for the first one's time to be over, or its own would have been
  CHECK(median_of(times) < 250ms);
}

TEST_CASE("a thousand calls at once that wait for a hanging engine are all denied while the daemon answers others") {
  const Pdp pdp(hangs_for_slow);
  rlimit files{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &files) == 0);
  files.rlim_cur = std::min<rlim_t>(files.rlim_max, 4096);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &files) == 0);
  const JudgedDaemon jetond(authzen_at(pdp), "[limits]\nconnections_per_uid = 1100\nconnections = 1200\n");
  std::vector<RawClient> waiting;
  for (int i = 0; i < 1000; ++i) waiting.emplace_back(jetond.slow_agents_socket());
  const auto client = jetond.daemon().client();
  REQUIRE(client.status());
  std::vector<Clock::duration> looks;
  const auto look = [&] { looks.push_back(time_of([&] { CHECK(client.status()); })); };
  for (int i = 0; i < 20; ++i) look();
  const auto quiet = median_of(std::exchange(looks, {}));

  // when: all of them ask, and somebody looks at the daemon meanwhile
  const auto bytes = request();
  const auto began = Clock::now();
  for (auto& one : waiting) REQUIRE(one.send(bytes));
  for (int i = 0; i < 50; ++i) look();

  // then
  std::size_t denied = 0;
  for (auto& one : waiting) denied += one.answer()->code() == "denied_by_policy" ? 1 : 0;
  CHECK(denied == 1000);
  CHECK(Clock::now() - began < 10s);
  CHECK(median_of(looks) < std::max<Clock::duration>(50ms, 10 * quiet));
  CHECK(jetond.ledger().count("event = 'token.minted'") == 0);
  CHECK(jetond.asked(jetond.quick_agents_socket()) == "ok");
}

}  // namespace jeton::outside
