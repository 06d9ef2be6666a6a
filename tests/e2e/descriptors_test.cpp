// A daemon with few descriptors: who comes too many is told so, nobody who is in is dropped, and nothing spins.
#include <fmt/core.h>
#include <unistd.h>

#include "http/door_fixture.hpp"

namespace jeton::outside {
namespace {

/// Processor time of a process so far.
std::chrono::milliseconds busy(pid_t pid) {
  const auto stat = read_file(fmt::format("/proc/{}/stat", pid));
  unsigned long user = 0, system = 0;
  const auto after_name = stat.substr(stat.rfind(')') + 2);
  REQUIRE(std::sscanf(after_name.c_str(), "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) == 2);
  return std::chrono::milliseconds((user + system) * 1000 / static_cast<unsigned long>(::sysconf(_SC_CLK_TCK)));
}

bool is_served(RawClient& client) {
  client.send(post("/v1/calls", mint_body));
  const auto answer = client.answer();
  return answer && answer->status == 200;
}

/// The connections that a daemon with so many descriptors took, of so many that were tried.
std::vector<RawClient> take_all(const Daemon& daemon, int tries) {
  std::vector<RawClient> all, held;
  for (int i = 0; i < tries; ++i) all.emplace_back(daemon.socket());
  for (auto& client : all) {
    client.send("GET /v1/status HTTP/1.1\r\n\r\n");
    const auto answer = client.answer();
    REQUIRE(answer);
    if (answer->status == 200)
      held.push_back(std::move(client));
    else
      CHECK(answer->code() == "overloaded");
  }
  return held;
}

}  // namespace

TEST_CASE("more connections than descriptors kill nobody and spin nothing and who is in is served") {
  Daemon daemon({.config = config_with(""), .descriptors = 128});
  CHECK_THAT(daemon.said(), Catch::Contains("LimitNOFILE"));
  {
    auto held = take_all(daemon, 100);
    CHECK(held.size() == 20);

    // Each of them is looked at and served.
    for (auto& client : held) CHECK(is_served(client));
    const auto before = busy(daemon.pid());
    CHECK_FALSE(eventually([&] { return !daemon.alive(); }, std::chrono::milliseconds(500)));
    CHECK(busy(daemon.pid()) - before < std::chrono::milliseconds(250));

    // Who gives one back makes room for one.
    held.pop_back();
    CHECK(eventually([&] {
      RawClient another(daemon.socket());
      return is_served(another);
    }));
  }
  CHECK(eventually([&] { return take_all(daemon, 20).size() == 20; }));
  CHECK(Ledger(daemon.state()).count("code = 'unattested_peer'") == 0);
  CHECK(run({.command = {program("jeton"), "log", "verify", "--state", daemon.state()}}).status == 0);
  CHECK(daemon.stop() == 0);
}

TEST_CASE("status says how many connections there is room for") {
  const Daemon daemon({.config = config_with(""), .descriptors = 128});
  CHECK(daemon.client().status()->at("limits").at("connections") == 20);
  const Daemon roomy({.config = config_with(""), .descriptors = 8192});
  CHECK(roomy.client().status()->at("limits").at("connections") == 1024);
}

}  // namespace jeton::outside
