// The loop itself, before a door that a test opens and shuts: what a tick gathers, and what ends it.
#include "http/server.hpp"

#include <atomic>
#include <csignal>
#include <future>
#include <mutex>
#include <stdexcept>
#include <thread>

#include <sys/stat.h>
#include <unistd.h>

#include "support/catch.hpp"
#include "support/daemon.hpp"

namespace {

using jeton::Job;
using jeton::outside::RawClient;
using jeton::outside::TempDir;

/// Answers at once, but what is asked at /block only when the gate opens. At /hang it waits there for the disk.
class TestDoor final : public jeton::Door {
 public:
  std::promise<void> entered, gate, hanging, disk;
  jeton::StallGuard* guard = nullptr;
  std::size_t body_bytes = 1024;
  std::function<void()> at_answer = [] {}, in_house = [] {};
  std::function<void(const Job&)> at_answer_of = [](const Job&) {};

  void answer(std::span<Job* const> jobs) override {
    at_answer();
    {
      const std::lock_guard lock(mutex_);
      ticks_.push_back(jobs.size());
    }
    bool hangs = false;
    for (auto* job : jobs) {
      at_answer_of(*job);
      job->response.body = "{}";
      hangs = hangs || job->request.target == "/hang";
      if (job->request.target != "/block") continue;
      entered.set_value();
      gate.get_future().wait();
    }
    if (!hangs) return;
    guard->begin();
    hanging.set_value();
    disk.get_future().wait();
    (void)guard->end();
  }
  void answer_stalled(std::span<Job* const> jobs) override {
    for (auto* job : jobs) job->response.body = "{}";
  }
  bool is_stranger(const jeton::Caller&) const override { return false; }
  std::size_t body_bytes_max(const jeton::Caller&, bool) const override { return body_bytes; }
  void keep_house(bool stopping) override {
    if (!stopping) in_house();
  }
  bool wants_sha256_of(const jeton::Caller&) const override { return false; }
  /// What is asked at /errand needs another program, and goes on to.
  std::function<void()> errand(Job& job) override { return job.request.target == "/errand" ? errand_work : nullptr; }
  std::function<void()> errand_work = [] {};

  std::vector<std::size_t> ticks() {
    const std::lock_guard lock(mutex_);
    return ticks_;
  }

 private:
  std::mutex mutex_;
  std::vector<std::size_t> ticks_;
};

/// A server on a thread of its own, until SIGTERM or its own end.
class Running {
 public:
  explicit Running(TestDoor& door) : server_(door, *view_, {}, guard_) {
    door.guard = &guard_;
    const auto listening = jeton::bind_unix_socket({socket(), 0600});
    REQUIRE(listening);
    server_.listen(*listening, socket());
    std::promise<void> ready;
    ended_ = std::async(std::launch::async, [this, &ready] { server_.run([&] { ready.set_value(); }); });
    ready.get_future().wait();
  }
  ~Running() {
    if (!ended_.valid()) return;
    ::kill(::getpid(), SIGTERM);
    ended_.wait();
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  [[nodiscard]] std::filesystem::path socket() const { return home_.path() / "s"; }
  /// What ended it; "nothing" when it goes on.
  std::string end() {
    if (ended_.wait_for(std::chrono::seconds(20)) != std::future_status::ready) return "nothing";
    try {
      ended_.get();
    } catch (const std::exception& error) {
      return error.what();
    }
    return "in peace";
  }

 private:
  TempDir home_;
  std::unique_ptr<jeton::ProcessView> view_ = jeton::make_process_view();
  jeton::StallGuard guard_;
  jeton::Server server_;
  std::future<void> ended_;
};

RawClient known_client(const Running& running) {
  RawClient client(running.socket());
  client.send("GET / HTTP/1.1\r\n\r\n");
  REQUIRE(client.answer());
  return client;
}

}  // namespace

TEST_CASE("what became ready while a tick was answered is answered by the next one together") {
  TestDoor door;
  Running running(door);
  auto first = known_client(running);
  std::vector<RawClient> others;
  for (int i = 0; i < 8; ++i) others.push_back(known_client(running));
  const auto before = door.ticks().size();

  first.send("GET /block HTTP/1.1\r\n\r\n");
  door.entered.get_future().wait();
  for (auto& other : others) other.send("GET / HTTP/1.1\r\n\r\n");
  door.gate.set_value();

  CHECK(first.answer()->status == 200);
  for (auto& other : others) CHECK(other.answer()->status == 200);
  const auto ticks = door.ticks();
  CHECK(std::vector(ticks.begin() + static_cast<std::ptrdiff_t>(before), ticks.end()) ==
        std::vector<std::size_t>{1, 8});

  // And one that comes alone after a tick of many waits for nobody.
  others.front().send("GET / HTTP/1.1\r\n\r\n");
  CHECK(others.front().answer(std::chrono::seconds(2))->status == 200);
  CHECK(door.ticks().back() == 1);
}

TEST_CASE("connections that were made while a tick was answered are in the next one together") {
  TestDoor door;
  Running running(door);
  auto first = known_client(running);
  const auto before = door.ticks().size();
  first.send("GET /block HTTP/1.1\r\n\r\n");
  door.entered.get_future().wait();
  std::vector<RawClient> fresh;
  for (int i = 0; i < 40; ++i) {
    fresh.emplace_back(running.socket());
    fresh.back().send("GET / HTTP/1.1\r\n\r\n");
  }
  door.gate.set_value();
  for (auto& client : fresh) CHECK(client.answer()->status == 200);
  // The one that blocked, and not forty more.
  CHECK(door.ticks().size() - before <= 12);
}

TEST_CASE("while the disk hangs those are answered as well for whom its tick had no room") {
  TestDoor door;
  door.body_bytes = 1 << 20;
  Running running(door);
  auto blocking = known_client(running), other = known_client(running);
  std::vector<RawClient> large;
  for (int i = 0; i < 3; ++i) large.push_back(known_client(running));

  // given: a tick that hangs and left one of three bodies to the next
  blocking.send("GET /block HTTP/1.1\r\n\r\n");
  door.entered.get_future().wait();
  for (auto& client : large) client.send(jeton::outside::post("/hang", std::string(100 * 1024, ' ')));
  door.gate.set_value();
  door.hanging.get_future().wait();
  REQUIRE(door.ticks().back() == 2);

  // then: all are answered before the disk is
  for (auto& client : large) CHECK(client.answer().has_value());
  other.send("GET / HTTP/1.1\r\n\r\n");
  CHECK(other.answer().has_value());
  door.disk.set_value();
  CHECK(blocking.answer().has_value());
}

TEST_CASE("a request whose errand throws every time is answered and the loop goes on") {
  TestDoor door;
  std::atomic<int> ran = 0;
  std::optional<jeton::Code> told;
  door.errand_work = [&ran] {
    ++ran;
    throw std::runtime_error("a mistake of our own");
  };
  door.at_answer_of = [&told](const Job& job) {
    if (job.request.target == "/errand" && job.fault) told = job.fault->code;
  };
  const Running running(door);
  RawClient client(running.socket());
  client.send("GET /errand HTTP/1.1\r\n\r\n");
  REQUIRE(client.answer());

  CHECK(told == jeton::Code::internal);
  CHECK(ran > 0);
  CHECK(ran < 100);
  (void)known_client(running);
}

TEST_CASE("an exception out of a tick ends the loop with its words and not in silence") {
  TestDoor door;
  door.at_answer = [] { throw std::runtime_error("no memory for the tick"); };
  Running running(door);
  RawClient client(running.socket());
  client.send("GET / HTTP/1.1\r\n\r\n");
  CHECK(running.end() == "no memory for the tick");
}

TEST_CASE("an exception out of the house ends the loop with its words and not in silence") {
  TestDoor door;
  door.in_house = [] { throw std::runtime_error("no memory in the house"); };
  Running running(door);
  CHECK(running.end() == "no memory in the house");
}

TEST_CASE("a socket file is never seen with another mode than its own") {
  const TempDir home;
  const auto path = home.path() / "s";
  std::atomic<bool> over = false;
  std::atomic<int> seen = 0, wrong = 0;
  const auto before = ::umask(0);  // given: the most generous process there is, and somebody who watches
  std::thread watcher([&] {
    struct stat info {};
    while (!over)
      if (::lstat(path.c_str(), &info) == 0) {
        ++seen;
        if ((info.st_mode & 0777) != 0600) ++wrong;
      }
  });
  for (int i = 0; i < 300 || (seen == 0 && i < 100'000); ++i) {
    const auto listening = jeton::bind_unix_socket({path, 0600});
    REQUIRE(listening);
    ::close(*listening);
  }
  over = true;
  watcher.join();
  ::umask(before);
  CHECK(seen > 0);
  CHECK(wrong == 0);
}

TEST_CASE("a socket whose group cannot be set is not left behind") {
  if (::geteuid() == 0) {
    // Root may give away everything; so the group is not the obstacle here, but a directory that is none.
    const TempDir home;
    CHECK_FALSE(jeton::bind_unix_socket({home.path() / "none" / "s", 0600}));
    CHECK_FALSE(std::filesystem::exists(home.path() / "none"));
    return;
  }
  const TempDir home;
  CHECK_FALSE(jeton::bind_unix_socket({home.path() / "s", 0600, 0}));
  CHECK_FALSE(std::filesystem::exists(home.path() / "s"));
}
