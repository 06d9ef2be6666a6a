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

constexpr long reserve = 8L << 20;

/// With a reviewer's key the grant records arguments.
std::string config_with_reserve(const std::string& reviewer_key = "") {
  const auto top = reviewer_key.empty() ? "" : fmt::format("reviewer_key = \"{}\"\n", reviewer_key);
  return fmt::format(
      "trust_domain = \"acme.example\"\nreserve_bytes = {}\n{}"
      "[[agent]]\nname = \"self\"\nmatch = [\"unix:uid:{}\"]\n[[server]]\nurl = \"mcp:stdio:x\"\n"
      "[[grant]]\nname = \"all\"\nagent = \"self\"\nserver = \"mcp:stdio:x\"\ntools = [\"t\"]\n{}",
      reserve, top, ::geteuid(), reviewer_key.empty() ? "" : "record_arguments = true\n");
}

long free_bytes(const std::filesystem::path& place) {
  struct statvfs space {};
  return ::statvfs(place.c_str(), &space) == 0 ? static_cast<long>(space.f_bavail * space.f_frsize) : -1;
}

/// A disk of 32 MiB for STATE, gone with this.
class SmallDisk {
 public:
  SmallDisk() : place_(home_.path() / "disk") {
    std::filesystem::create_directory(place_);
    mounted_ = is_root() && ::mount("tmpfs", place_.c_str(), "tmpfs", 0, "size=32m,mode=0700") == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(place_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  [[nodiscard]] bool mounted() const { return mounted_; }
  [[nodiscard]] const std::filesystem::path& place() const { return place_; }
  /// Leaves a little less than the reserve, and waits until the house of this daemon has seen it.
  void fill(const Client& client) const {
    const int fd = ::open((place_ / "ballast").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    REQUIRE(::posix_fallocate(fd, 0, free_bytes(place_) - reserve + 65536) == 0);
    ::close(fd);
    REQUIRE(client.post("/v1/calls", call));
    const auto size = client.status()->at("log").at("size");
    REQUIRE(eventually([&] { return client.status()->at("log").at("signed_size") >= size; }));
  }
  void make_room() const { std::filesystem::remove(place_ / "ballast"); }

 private:
  TempDir home_;
  std::filesystem::path place_;
  bool mounted_ = false;
};

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
  const SmallDisk disk;
  if (!disk.mounted()) return skipped("only root can mount");
  Daemon daemon({.config = config_with_reserve(), .state = disk.place()});
  const auto client = daemon.client();
  int refusals = 1;
  CHECK(is_written(client));

  // when: all but the reserve is used up, and the house has seen it
  disk.fill(client);
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
  disk.make_room();
  CHECK(daemon.stop() == 0);
  const Ledger ledger(disk.place());
  const auto events = ledger.count("event = 'request.refused' AND code = 'no_grant'");
  const auto counted =
      std::stol(ledger.one("SELECT coalesce(sum(count), 0) FROM events WHERE event = 'refusals.suppressed'"));
  CHECK(counted == 5);
  CHECK(events + counted == refusals);
}

TEST_CASE("below the reserve what a grant records is kept with its event as before") {
  const SmallDisk disk;
  if (!disk.mounted()) return skipped("only root can mount");
  const auto key_file = (disk.place() / "key").string();
  const auto made = run({.command = {program("jeton"), "log", "args", "--make-key", key_file}});
  REQUIRE(made.status == 0);
  const Daemon daemon({.config = config_with_reserve(made.out.substr(0, made.out.find('\n'))), .state = disk.place()});
  const auto client = daemon.client();
  disk.fill(client);
  CHECK_FALSE(is_written(client));

  auto large = call;
  large["arguments"] = {{"text", std::string(100'000, 'x')}};
  const auto minted = client.post("/v1/calls", large);
  REQUIRE(minted);
  const auto txn = minted->at("txn").get<std::string>();

  const auto shown =
      run({.command = {program("jeton"), "log", "args", "--key", key_file, txn, "--state", disk.place()}});
  CHECK(shown.status == 0);
  CHECK((shown.out == large["arguments"].dump() + "\n"));
  CHECK(Ledger(disk.place())
            .one("SELECT count(*) FROM event e LEFT JOIN sealed s ON s.log_index = e.log_index "
                 "WHERE (e.sealed_sha256 IS NULL) <> (s.bytes IS NULL)") == "0");
}

}  // namespace jeton::outside
