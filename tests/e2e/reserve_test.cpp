// Below the reserve of free disk refusals are counted and not written, and what is granted goes on.
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "support/catch.hpp"
#include "support/daemon.hpp"
#include "support/ledger.hpp"
#include "support/other_process.hpp"
#include "support/skipped.hpp"

namespace jeton::outside {
namespace {

const Json call{{"server", "mcp:stdio:x"}, {"tool", "t"}, {"arguments", Json::object()}};

std::string config_with_reserve(long bytes) {
  return fmt::format(
      "trust_domain = \"acme.example\"\nreserve_bytes = {}\n"
      "[[agent]]\nname = \"self\"\nmatch = [\"unix:uid:{}\"]\n[[server]]\nurl = \"mcp:stdio:x\"\n"
      "[[grant]]\nname = \"all\"\nagent = \"self\"\nserver = \"mcp:stdio:x\"\ntools = [\"t\"]\n",
      bytes, ::geteuid());
}

long free_bytes(const std::filesystem::path& place) {
  struct statvfs space {};
  return ::statvfs(place.c_str(), &space) == 0 ? static_cast<long>(space.f_bavail * space.f_frsize) : -1;
}

/// Whether a refusal got an event of its own.
bool is_written(const Client& client) {
  auto other_tool = call;
  other_tool["tool"] = "not granted";
  const auto answer = client.post("/v1/calls", other_tool);
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == Code::no_grant);
  return answer.error().log_index.has_value();
}

}  // namespace

TEST_CASE("below the reserve refusals are counted and the rest is served and with room again the count is told") {
  if (!is_root()) return skipped("only root can mount");
  const TempDir home;
  const auto place = home.path() / "disk";
  std::filesystem::create_directory(place);
  if (::mount("tmpfs", place.c_str(), "tmpfs", 0, "size=32m,mode=0700") != 0) return skipped("no mounts here");
  const std::shared_ptr<void> mounted(nullptr, [&](void*) { ::umount2(place.c_str(), MNT_DETACH); });
  constexpr long reserve = 8L << 20;
  Daemon daemon({.config = config_with_reserve(reserve), .state = place});
  const auto client = daemon.client();
  int refusals = 1;
  CHECK(is_written(client));

  // when: all but the reserve is used up, and the house has seen it
  const int fd = ::open((place / "ballast").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  REQUIRE(::posix_fallocate(fd, 0, free_bytes(place) - reserve + 65536) == 0);
  ::close(fd);
  REQUIRE(client.post("/v1/calls", call));
  const auto size = client.status()->at("log").at("size");
  REQUIRE(eventually([&] { return client.status()->at("log").at("signed_size") >= size; }));
  for (int i = 0; i < 5; ++i, ++refusals) CHECK_FALSE(is_written(client));

  // then: mint, redeem and outcome have the reserve for themselves
  const auto minted = client.post("/v1/calls", call);
  REQUIRE(minted);
  auto redemption = call;
  redemption["token"] = minted->at("token");
  redemption["redemption_id"] = "once";
  CHECK(client.post("/v1/redeem", redemption));
  CHECK(client.post("/v1/calls/" + minted->at("txn").get<std::string>() + "/outcome", {{"outcome", "ok"}}));

  // then: with room again nothing is lost of what was counted
  std::filesystem::remove(place / "ballast");
  CHECK(daemon.stop() == 0);
  const Ledger ledger(place);
  const auto events = ledger.count("event = 'request.refused' AND code = 'no_grant'");
  const auto counted =
      std::stol(ledger.one("SELECT coalesce(sum(count), 0) FROM events WHERE event = 'refusals.suppressed'"));
  CHECK(counted == 5);
  CHECK(events + counted == refusals);
}

}  // namespace jeton::outside
