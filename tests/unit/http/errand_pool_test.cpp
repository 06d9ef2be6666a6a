// Who may keep how many threads waiting, and that nobody keeps them all.
#include "http/errand_pool.hpp"

#include <atomic>
#include <chrono>
#include <future>

#include "support/catch.hpp"

namespace {

using jeton::ErrandPool;

/// Something slow at the other end, which a test ends.
struct Gate {
  std::promise<void> opened;
  std::shared_future<void> open{opened.get_future()};
  std::atomic<int> waiting = 0;

  std::function<void()> wait() {
    return [this, gate = open] {
      ++waiting;
      gate.wait();
    };
  }
  void wait_for(int many) const {
    while (waiting < many) std::this_thread::yield();
  }
};

void run_one(ErrandPool& pool, const std::string& account) {
  const auto ran = std::make_shared<std::promise<void>>();
  REQUIRE(pool.post(account, [ran] { ran->set_value(); }));
  REQUIRE(ran->get_future().wait_for(std::chrono::seconds(10)) == std::future_status::ready);
}

}  // namespace

TEST_CASE("an account whose errands hang leaves threads for the others") {
  ErrandPool pool;
  Gate gate;
  for (int i = 0; i < 100; ++i) REQUIRE(pool.post("uid 1", gate.wait()));
  gate.wait_for(4);
  for (int i = 0; i < 100; ++i) run_one(pool, "uid 2");
  CHECK(gate.waiting == 4);
  gate.opened.set_value();
}

TEST_CASE("accounts take turns however much one of them has waiting") {
  ErrandPool pool({.threads = 1, .threads_each = 1});
  Gate gate;
  std::vector<std::string> order;
  REQUIRE(pool.post("first", gate.wait()));
  gate.wait_for(1);
  std::promise<void> last;
  for (int i = 0; i < 3; ++i) REQUIRE(pool.post("a", [&] { order.push_back("a"); }));
  for (int i = 0; i < 2; ++i) REQUIRE(pool.post("b", [&] { order.push_back("b"); }));
  REQUIRE(pool.post("b", [&] {
    order.push_back("b");
    last.set_value();
  }));
  gate.opened.set_value();
  last.get_future().wait();
  CHECK(order == std::vector<std::string>{"a", "b", "a", "b", "a", "b"});
}

TEST_CASE("no more wait than there is room for, in all and of one account, and room comes back") {
  ErrandPool pool({.threads = 1, .threads_each = 1, .waiting = 5, .waiting_each = 3});
  Gate gate;
  REQUIRE(pool.post("a", gate.wait()));
  gate.wait_for(1);
  const auto nothing = [] {};
  for (int i = 0; i < 3; ++i) CHECK(pool.post("a", nothing));
  CHECK_FALSE(pool.post("a", nothing));
  for (int i = 0; i < 2; ++i) CHECK(pool.post("b", nothing));
  CHECK_FALSE(pool.post("b", nothing));
  CHECK_FALSE(pool.post("c", nothing));
  gate.opened.set_value();
  while (!pool.post("c", nothing)) std::this_thread::yield();
}

TEST_CASE("what waits when the pool ends is dropped and what runs is waited for") {
  std::atomic<int> ran = 0;
  Gate gate;
  {
    ErrandPool pool({.threads = 1, .threads_each = 1});
    REQUIRE(pool.post("a", [&, gate = gate.wait()] {
      gate();
      ++ran;
    }));
    gate.wait_for(1);
    for (int i = 0; i < 10; ++i) REQUIRE(pool.post("a", [&] { ran += 100; }));
    std::thread([&] { gate.opened.set_value(); }).detach();
  }
  CHECK(ran % 100 == 1);
}
