// The log cannot be written: nothing is granted, nobody waits, and work goes on when there is room again.
#include <atomic>
#include <thread>

#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/mount.h>
#include <unistd.h>

#include "support/catch.hpp"
#include "support/daemon.hpp"
#include "support/ledger.hpp"
#include "support/other_process.hpp"
#include "support/skipped.hpp"

namespace jeton::outside {
namespace {

/// A file system of a few megabytes, for as long as this lives.
class SmallDisk {
 public:
  explicit SmallDisk(const std::filesystem::path& place) : place_(place) {
    std::filesystem::create_directory(place_);
    mounted_ = ::mount("tmpfs", place_.c_str(), "tmpfs", 0, "size=6m,mode=0700") == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(place_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  [[nodiscard]] bool mounted() const { return mounted_; }

  void fill() const {
    const int fd = ::open((place_ / "ballast").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const std::string block(4096, 'x');
    while (::write(fd, block.data(), block.size()) > 0) {
    }
    ::close(fd);
  }
  void make_room() const { std::filesystem::remove(place_ / "ballast"); }

 private:
  std::filesystem::path place_;
  bool mounted_;
};

/// More than any log has room for.
constexpr int fits_in_the_room = 20'000;

/// Refused for good and not for a moment in which this machine had no time for the daemon.
bool for_want_of_room(const Result<Json>& answer) {
  return !answer && answer.error().message.find("does not answer") == std::string::npos;
}

const Json call{{"server", "mcp:stdio:x"}, {"tool", "t"}, {"arguments", Json::object()}};

Json redemption(const Json& minted, const char* id) {
  auto body = call;
  body["token"] = minted.at("token");
  body["redemption_id"] = id;
  return body;
}

}  // namespace

TEST_CASE("on a full disk no token leaves and nothing is redeemed and nobody waits and then it works again") {
  if (!is_root()) return skipped("only root can mount");
  const TempDir home;
  const SmallDisk disk(home.path() / "disk");
  if (!disk.mounted()) return skipped("no mounts here");

  // given: a daemon with a token that was minted while there was room
  Daemon daemon({.state = home.path() / "disk"});
  const auto client = daemon.client();
  const auto early = client.post("/v1/calls", call);
  REQUIRE(early);

  // when: the disk is full, and so is the room that the write-ahead log had made for itself; where a large row does not
  // fit any more, a small one may
  disk.fill();
  Result<Json> refused = Json();
  for (int i = 0, in_a_row = 0; i < fits_in_the_room && in_a_row < 20; ++i) {
    refused = client.post("/v1/calls", call);
    in_a_row = for_want_of_room(refused) ? in_a_row + 1 : 0;
  }
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::log_unavailable);

  // then: every answer is a prompt no
  auto quickest = std::chrono::milliseconds::max();
  for (int i = 0; i < 5; ++i) {
    const auto began = std::chrono::steady_clock::now();
    const auto minted = client.post("/v1/calls", call);
    quickest = std::min(
        quickest, std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began));
    REQUIRE_FALSE(minted);
    CHECK(minted.error().code == Code::log_unavailable);
  }
  CHECK(quickest < std::chrono::milliseconds(200));
  const auto unsure = client.post("/v1/redeem", redemption(*early, "once"));
  REQUIRE_FALSE(unsure);
  CHECK(unsure.error().code == Code::log_unavailable);
  CHECK(client.status());

  // then: with room again the same redemption succeeds, for the first time, and the log has no gap
  disk.make_room();
  CHECK(client.post("/v1/calls", call));
  const auto redeemed = client.post("/v1/redeem", redemption(*early, "once"));
  REQUIRE(redeemed);
  CHECK(redeemed->at("repeated") == false);
  const Ledger ledger(daemon.state());
  CHECK(ledger.one("SELECT max(log_index) + 1 - count(*) FROM events") == "0");

  // then: a daemon that dies on a full disk starts again when there is room
  disk.fill();
  daemon.kill9();
  disk.make_room();
  daemon.restart();
  CHECK(daemon.client().post("/v1/redeem", redemption(*early, "once"))->at("repeated") == true);
  CHECK(daemon.stop() == 0);
}

TEST_CASE("on a full disk the daemon is alive and not ready before anybody asked for anything") {
  if (!is_root()) return skipped("only root can mount");
  const TempDir home;
  const SmallDisk disk(home.path() / "disk");
  if (!disk.mounted()) return skipped("no mounts here");
  const Daemon daemon({.state = home.path() / "disk"});
  const auto health = [&](const char* path) {
    RawClient client(daemon.socket());
    client.send(fmt::format("GET {} HTTP/1.1\r\n\r\n", path));
    return client.answer()->status;
  };
  CHECK(health("/readyz") == 200);
  disk.fill();
  CHECK(eventually([&] { return health("/readyz") == 503; }));
  CHECK(health("/healthz") == 200);
  disk.make_room();
  CHECK(eventually([&] { return health("/readyz") == 200; }));
}

TEST_CASE("on a full disk the kill switch works in memory and its event is the first that is written again") {
  if (!is_root()) return skipped("only root can mount");
  const TempDir home;
  const SmallDisk disk(home.path() / "disk");
  if (!disk.mounted()) return skipped("no mounts here");
  Daemon daemon({.state = home.path() / "disk"});
  const auto client = daemon.client();
  const auto early = client.post("/v1/calls", call);
  REQUIRE(early);

  // given: a disk on which not even a switch back and forth fits any more
  disk.fill();
  Result<Json> disabled = Json();
  for (int i = 0; i < fits_in_the_room && !for_want_of_room(disabled); ++i)
    disabled = client.post(i % 2 == 0 ? "/v1/agents/dev/enable" : "/v1/agents/dev/disable", Json::object());
  REQUIRE_FALSE(disabled);
  const auto size = client.status()->at("log").at("size").get<long>();
  disabled = client.post("/v1/agents/dev/disable", Json::object());
  REQUIRE_FALSE(disabled);
  CHECK(disabled.error().code == Code::log_unavailable);
  CHECK(disabled.error().message.find("in memory only") != std::string::npos);
  CHECK(client.status()->at("disabled_agents").size() == 1);
  CHECK(client.status()->at("events_in_memory_only") > 0);

  // when: there is room again
  disk.make_room();
  const auto minted = client.post("/v1/calls", call);
  REQUIRE_FALSE(minted);
  CHECK(minted.error().code == Code::agent_disabled);
  CHECK(client.post("/v1/redeem", redemption(*early, "once")).error().code == Code::revoked);

  // then: what was told while there was none stands before everything else, and once
  const Ledger ledger(daemon.state());
  const auto first = ledger.one(fmt::format("SELECT event FROM events WHERE log_index = {}", size));
  CHECK((first == "agent.disabled" || first == "agent.enabled"));
  // (A daemon that has noticed how small its disk is counts refusals and does not write them.)
  const auto others =
      ledger.one(fmt::format("SELECT coalesce(min(log_index), 1 << 40) FROM events WHERE log_index >= {} AND event IN "
                             "('request.refused', 'refusals.suppressed')",
                             size));
  const auto last = ledger.one("SELECT max(log_index) FROM events WHERE event IN ('agent.disabled', 'token.revoked')");
  CHECK(std::stol(last) < std::stol(others));
  CHECK(ledger.count("event = 'token.revoked'") == 1);
  CHECK(client.status()->at("events_in_memory_only") == 0);
  daemon.kill9();
  daemon.restart();
  CHECK(daemon.client().post("/v1/calls", call).error().code == Code::agent_disabled);
}

TEST_CASE("a log that somebody else holds is unavailable soon and work goes on when it is free again", "[threads]") {
  const Daemon daemon;
  const auto client = daemon.client();
  const auto early = client.post("/v1/calls", call);
  REQUIRE(early);
  SQLite::Database intruder((daemon.state() / "jeton.db").string(), SQLite::OPEN_READWRITE);
  intruder.exec("BEGIN IMMEDIATE");

  std::vector<std::thread> callers;
  std::atomic<int> unavailable = 0;
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 8; ++i)
    callers.emplace_back([&] {
      const auto minted = client.post("/v1/calls", call);
      if (!minted && minted.error().code == Code::log_unavailable) ++unavailable;
    });
  for (auto& caller : callers) caller.join();
  CHECK(unavailable == 8);
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(2));

  intruder.exec("ROLLBACK");
  CHECK(client.post("/v1/calls", call));
  CHECK(client.post("/v1/redeem", redemption(*early, "once")));
  CHECK(Ledger(daemon.state()).one("SELECT max(log_index) + 1 - count(*) FROM events") == "0");
}

}  // namespace jeton::outside
