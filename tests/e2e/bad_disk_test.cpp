// A disk that refuses, errs, hangs or turns read-only under a running daemon: a prompt no, and then work again.
#include <algorithm>

#include <fmt/core.h>
#include <sys/mount.h>

#include "http/door_fixture.hpp"
#include "support/bad_disk.hpp"
#include "support/other_process.hpp"
#include "support/skipped.hpp"
#include "support/tcp.hpp"

namespace jeton::outside {
namespace {

using std::chrono::milliseconds;

/// What the protocol says, and what a machine that is busy with other tests may make of it at worst.
constexpr milliseconds promised(200), at_worst(1000);

const Json call{{"server", "mcp:stdio:x"}, {"tool", "t"}, {"arguments", Json::object()}};

Json redemption(const Json& minted, const char* id) {
  auto body = call;
  body["token"] = minted.at("token");
  body["redemption_id"] = id;
  return body;
}

/// Asks for everything a log is needed for; each is refused for want of it. The times it took, sorted.
std::vector<milliseconds> refused_promptly(const Client& client, const Json& early) {
  const auto txn = early.at("txn").get<std::string>();
  const std::vector<std::pair<std::string, Json>> requests{
      {"/v1/calls", call},
      {"/v1/calls/" + txn + "/tokens", call},
      {"/v1/calls/" + txn + "/outcome", {{"outcome", "ok"}}},
      {"/v1/redeem", redemption(early, "once")},
      {"/v1/redeem", {{"nonsense", 1}}},  // its refusal is an event as well
      {"/v1/calls", call}};
  std::vector<milliseconds> times;
  for (const auto& [path, body] : requests) {
    INFO(path);
    const auto began = std::chrono::steady_clock::now();
    const auto answer = client.post(path, body);
    times.push_back(std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - began));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == Code::log_unavailable);
  }
  std::sort(times.begin(), times.end());
  return times;
}

void check_whole(const Daemon& daemon) {
  CHECK(Ledger(daemon.state()).one("SELECT max(log_index) + 1 - count(*) FROM events") == "0");
  const auto verified = run({.command = {program("jeton"), "log", "verify", "--state", daemon.state()}});
  INFO(verified.out << verified.err);
  CHECK(verified.status == 0);
}

}  // namespace

TEST_CASE("a disk that fails is log_unavailable at once and work goes on by itself when it does not any more") {
  const BadDisk disk;
  Daemon daemon(disk.setup());
  const auto client = daemon.client();
  const Ledger ledger(daemon.state());
  long redeemed = 0;
  for (const char* fault : {"enospc", "eio", "erofs", "fsync-eio"}) {
    INFO(fault);
    // given: a token from before
    const auto early = client.post("/v1/calls", call);
    REQUIRE(early);
    const auto minted = ledger.count("event = 'token.minted'");

    disk.set(fault);
    const auto times = refused_promptly(client, *early);
    CHECK(times.front() < promised);
    CHECK(times.back() < at_worst);
    CHECK(client.status());
    CHECK(ledger.count("event = 'token.minted'") == minted);
    CHECK(ledger.count("event = 'token.redeemed'") == redeemed);

    // then: the very next request works, and the token that was refused is redeemed once
    disk.set("good");
    CHECK(client.post("/v1/redeem", redemption(*early, "once")));
    CHECK_FALSE(client.post("/v1/redeem", redemption(*early, "another")));
    CHECK(ledger.count("event = 'token.redeemed'") == ++redeemed);
    CHECK(client.post("/v1/calls", call));
  }
  daemon.kill9();
  daemon.restart();
  CHECK(ledger.count("event = 'token.redeemed'") == redeemed);
  CHECK(daemon.stop() == 0);
  check_whole(daemon);
}

TEST_CASE("a daemon that is stopped or killed while its disk fails starts again when it does not") {
  const BadDisk disk;
  Daemon daemon(disk.setup());
  for (const char* fault : {"enospc", "eio", "fsync-eio"}) {
    INFO(fault);
    const auto early = daemon.client().post("/v1/calls", call);
    REQUIRE(early);
    REQUIRE(daemon.client().post("/v1/redeem", redemption(*early, "once")));
    disk.set(fault);
    CHECK_FALSE(daemon.client().post("/v1/calls", call));
    CHECK(daemon.stop() == 3);  // its last event could not be written, and it says so
    CHECK(run({.command = daemon.command(), .env = disk.setup().env}).status != 0);
    CHECK_FALSE(std::filesystem::exists(daemon.socket()));
    disk.set("good");
    daemon.restart();
    CHECK(daemon.client().post("/v1/redeem", redemption(*early, "once"))->at("repeated") == true);
    disk.set(fault);
    CHECK_FALSE(daemon.client().post("/v1/calls", call));
    daemon.kill9();
    disk.set("good");
    daemon.restart();
  }
  CHECK(daemon.stop() == 0);
  check_whole(daemon);
}

TEST_CASE("on a slow disk who asks together waits together") {
  // given: connections that are open, each with a request of its own
  const BadDisk disk;
  const Daemon daemon(disk.setup());
  std::vector<RawClient> clients;
  for (int i = 0; i < 100; ++i) {
    clients.emplace_back(daemon.socket());
    clients.back().send("GET /v1/status HTTP/1.1\r\n\r\n");
    REQUIRE(clients.back().answer()->status == 200);
  }
  disk.set("slow");
  const auto began = std::chrono::steady_clock::now();
  for (auto& client : clients) client.send(post("/v1/calls", call.dump()));
  for (auto& client : clients) CHECK(client.answer()->status == 200);
  // One after the other they would take 50 ms each.
  CHECK(std::chrono::steady_clock::now() - began < milliseconds(100 * 50 / 2));
  disk.set("good");
}

TEST_CASE("a sync that hangs is log_unavailable in time and what hung is known afterwards") {
  const BadDisk disk;
  Daemon daemon(disk.setup());
  const auto client = daemon.client();
  const auto early = client.post("/v1/calls", call);
  REQUIRE(early);

  // when: the disk hangs under a redemption, and another request comes
  disk.set("hang");
  const auto times = refused_promptly(client, *early);
  CHECK(times.front() < promised);
  CHECK(times.back() < at_worst);
  RawClient keys(daemon.socket());
  keys.send("GET /v1/jwks HTTP/1.1\r\n\r\n");
  CHECK(keys.answer()->status == 200);

  // then: when it comes back, asking again with the same id has the answer, and nothing was spent twice
  disk.set("good");
  CHECK(eventually([&] { return client.post("/v1/redeem", redemption(*early, "once")).has_value(); }));
  CHECK_FALSE(client.post("/v1/redeem", redemption(*early, "another")));
  CHECK(Ledger(daemon.state()).count("event = 'token.redeemed'") == 1);
  CHECK(daemon.stop() == 0);
  check_whole(daemon);
}

TEST_CASE("while the log cannot be written the daemon is alive and not ready at both doors") {
  const BadDisk disk;
  const Daemon daemon(
      disk.setup("issuer = \"https://jeton.acme.example\"\nlisten = \"127.0.0.1:0\"\n" + config_with("")));
  const auto client = daemon.client();
  const auto health = [&](const std::string& path) {
    auto local = RawClient(daemon.socket()), remote = over_tcp(daemon);
    for (auto* door : {&local, &remote}) door->send(get_from(listen_of(daemon), path));
    const auto here = local.answer(), there = remote.answer();
    REQUIRE((here && there));
    CHECK(here->status == there->status);
    return there->status;
  };
  CHECK(health("/readyz") == 200);
  for (const char* fault : {"enospc", "eio", "hang"}) {
    INFO(fault);
    // given: a request that met the fault; what hangs goes on hanging
    disk.set(fault);
    CHECK(client.post("/v1/calls", call).error().code == Code::log_unavailable);
    CHECK(health("/readyz") == 503);
    CHECK(health("/healthz") == 200);
    // then: once something could be written it is ready again
    disk.set("good");
    CHECK(eventually([&] { return client.post("/v1/calls", call).has_value(); }));
    CHECK(health("/readyz") == 200);
  }
}

TEST_CASE("a file system that was mounted read only stops the start and nothing is lost") {
  if (!is_root()) return skipped("only root can mount");
  const TempDir home;
  const auto place = home.path() / "disk";
  std::filesystem::create_directory(place);
  if (::mount("tmpfs", place.c_str(), "tmpfs", 0, "size=16m,mode=0700") != 0) return skipped("no mounts here");
  const std::shared_ptr<void> mounted(nullptr, [&](void*) { ::umount2(place.c_str(), MNT_DETACH); });

  Daemon daemon({.state = place});
  const auto early = daemon.client().post("/v1/calls", call);
  REQUIRE(early);
  REQUIRE(daemon.client().post("/v1/redeem", redemption(*early, "once")));
  // Linux does not take the disk away from who writes on it.
  CHECK(::mount(nullptr, place.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) != 0);
  CHECK(daemon.client().post("/v1/calls", call));

  daemon.kill9();
  REQUIRE(::mount(nullptr, place.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0);
  const auto refused = run({.command = daemon.command()});
  CHECK(refused.status == 2);
  CHECK_THAT(refused.err, Catch::Contains("Read-only"));
  REQUIRE(::mount(nullptr, place.c_str(), nullptr, MS_REMOUNT, nullptr) == 0);
  daemon.restart();
  CHECK(daemon.client().post("/v1/redeem", redemption(*early, "once"))->at("repeated") == true);
  CHECK(daemon.stop() == 0);
  check_whole(daemon);
}

}  // namespace jeton::outside
