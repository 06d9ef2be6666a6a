// Who is answered in the next transaction, and for whom it waits.
#include "http/tick.hpp"

#include <list>

#include "support/catch.hpp"

namespace {

using jeton::Job;
using jeton::Tick;
using std::chrono::microseconds;

struct Queue {
  Tick tick;
  std::list<Job> jobs;

  bool add(uid_t uid, std::size_t bytes, std::optional<std::string> remote = std::nullopt) {
    auto& job = jobs.emplace_back();
    job.caller.uid = uid;
    job.caller.remote = std::move(remote);
    job.request.body.assign(bytes, 'x');
    return tick.add({&job, [] {}});
  }
  /// The bodies' sizes by account, in order.
  std::vector<std::pair<uid_t, std::size_t>> take() {
    std::vector<std::pair<uid_t, std::size_t>> taken;
    for (const auto& waiting : tick.take())
      taken.emplace_back(waiting.job->caller.uid, waiting.job->request.body.size());
    return taken;
  }
};

constexpr std::size_t mib = 1 << 20;

}  // namespace

TEST_CASE("a flood of large bodies costs the others one of them a tick") {
  Queue queue;
  for (int i = 0; i < 100; ++i) queue.add(1000, mib);
  queue.add(1001, 500);
  const auto first = queue.take();
  REQUIRE(first.size() == 2);
  CHECK(first[0] == std::pair<uid_t, std::size_t>{1000, mib});
  CHECK(first[1] == std::pair<uid_t, std::size_t>{1001, 500});
  for (int i = 1; i < 100; ++i) CHECK(queue.take().size() == 1);
  CHECK(queue.tick.empty());
}

TEST_CASE("an account's requests keep their order though a later one would fit") {
  Queue queue;
  queue.add(1000, 200'000);
  queue.add(1000, 200'000);
  queue.add(1000, 10);
  CHECK(queue.take().size() == 1);
  const auto second = queue.take();
  REQUIRE(second.size() == 2);
  CHECK(second[0].second == 200'000);
  CHECK(second[1].second == 10);
}

TEST_CASE("each address of the network has a share of its own") {
  Queue queue;
  for (const auto* remote : {"10.0.0.1", "10.0.0.1", "10.0.0.2", "2001:db8::1", "2001:db8::2"})
    queue.add(jeton::no_uid, 200'000, remote);
  CHECK(queue.take().size() == 3);  // the second of the first address waits, and of one IPv6 network the second
  CHECK(queue.take().size() == 2);
}

TEST_CASE("small requests share one tick however many accounts send them") {
  Queue queue;
  CHECK(queue.add(1000, 0));
  for (uid_t uid = 1000; uid < 1128; ++uid) CHECK_FALSE(queue.add(uid, 1500));
  CHECK(queue.take().size() == 129);
}

TEST_CASE("a lone client never waits and after a tick of several the next gathers as many for a while") {
  Queue queue;
  const auto now = Tick::Clock::now();
  queue.add(1000, 10);
  CHECK_FALSE(queue.tick.gathers(now));
  (void)queue.take();
  queue.tick.ended(1, now - microseconds(400), now);
  queue.add(1000, 10);
  CHECK_FALSE(queue.tick.gathers(now));

  queue.tick.ended(3, now - microseconds(400), now);
  CHECK(queue.tick.gathers(now));
  CHECK(queue.tick.gathers(now + microseconds(99)));
  CHECK_FALSE(queue.tick.gathers(now + microseconds(100)));
  queue.add(1000, 10);
  queue.add(1000, 10);
  CHECK_FALSE(queue.tick.gathers(now));

  queue.tick.ended(9, now - std::chrono::seconds(5), now);
  CHECK(queue.tick.gathers(now + microseconds(999)));
  CHECK_FALSE(queue.tick.gathers(now + microseconds(1000)));
}
