// When files are given up, and which are kept.
#include "app/reach.hpp"

#include <algorithm>

#include "support/catch.hpp"
#include "support/temp_dir.hpp"

namespace jeton::testing {
namespace {

namespace fs = std::filesystem;
using Use = Reach::Use;

Config config_with(const std::string& top, const std::string& selectors = "\"unix:uid:1001\"") {
  return parse_config(
             top + "trust_domain = \"acme.example\"\n[[agent]]\nname = \"billing\"\nmatch = [" + selectors + "]\n",
             "jeton.toml", 999)
      .value();
}

const Surroundings packaged{7, ExecutableSight::nothing, 999, false, false};

bool has(const std::vector<Reach>& reaches, const fs::path& path, Use use) {
  return std::any_of(reaches.begin(), reaches.end(),
                     [&](const Reach& reach) { return reach.path == path && reach.use == use; });
}

}  // namespace

TEST_CASE("files are given up by themselves where no executable goes out of sight with them") {
  CHECK(why_no_landlock(config_with(""), packaged).empty());
  CHECK(why_no_landlock(config_with("", "\"systemd:id:crm.service\""), packaged).empty());
}

TEST_CASE("files are kept where giving them up would hide executables that this daemon sees") {
  for (const auto* selector : {"\"unix:uid:1001\", \"unix:path:/usr/bin/a\"",
                               "\"unix:uid:1001\", "
                               "\"unix:sha256:0000000000000000000000000000000000000000000000000000000000000000\""})
    CHECK_THAT(why_no_landlock(config_with("", selector), packaged), Catch::Contains("unix:path or unix:sha256"));
  for (const auto sight : {ExecutableSight::hashes, ExecutableSight::paths}) {
    auto seeing = packaged;
    seeing.sight = sight;
    CHECK_THAT(why_no_landlock(config_with(""), seeing), Catch::Contains("CAP_SYS_PTRACE"));
  }
  auto own = packaged;
  own.daemon_uid = 1001;
  CHECK_THAT(why_no_landlock(config_with(""), own), Catch::Contains("the daemon's account"));
  own.daemon_uid = 1002;
  auto served = config_with("");
  served.roles.servers.push_back({"https://crm.example/mcp", SelectorSet::of_uid(1002)});
  CHECK_THAT(why_no_landlock(served, own), Catch::Contains("the daemon's account"));
  auto private_daemon = packaged;
  private_daemon.only_agent = true;
  CHECK_THAT(why_no_landlock(config_with(""), private_daemon), Catch::Contains("the daemon's account"));
  CHECK_THAT(why_no_landlock(dev_config(999), packaged), Catch::Contains("the daemon's account"));
}

TEST_CASE("whoever insists gets it whatever it hides and whoever refuses does not") {
  auto seeing = packaged;
  seeing.sight = ExecutableSight::paths;
  seeing.daemon_uid = 1001;
  CHECK(why_no_landlock(config_with("landlock = \"on\"\n"), seeing).empty());
  CHECK(why_no_landlock(config_with("landlock = \"off\"\n"), packaged) == "as configured");
}

TEST_CASE("a kernel without Landlock starts unless it is insisted on") {
  auto old = packaged;
  old.abi = 0;
  CHECK(confine_files(config_with(""), {}, old) == "off (this kernel offers none)");
  const auto insisted = confine_files(config_with("landlock = \"on\"\n"), {}, old);
  REQUIRE_FALSE(insisted);
  CHECK(insisted.error().code == Code::bad_request);
  CHECK_THAT(insisted.error().message, Catch::Contains("write \"auto\""));
  // The first one moves nothing between directories, which giving a log up does.
  old.abi = 1;
  old.accept_rollback = true;
  CHECK_THAT(confine_files(config_with(""), {}, old).value(), Catch::StartsWith("off"));
}

TEST_CASE("a path that would keep the whole file system is no reason to pretend") {
  const StartPaths places{"/var/lib/jeton", "/jeton.toml", {"/run/jeton/agent.sock"}};
  CHECK_THAT(confine_files(config_with(""), places, packaged).value(),
             Catch::StartsWith("off (a file directly below /"));
  CHECK_FALSE(confine_files(config_with("landlock = \"on\"\n"), places, packaged));
}

TEST_CASE("kept are state and checkpoints and the directories of sockets and of the configuration and nothing else") {
  // given: a configuration behind a link
  const TempDir dir;
  fs::create_directory(dir / "real");
  write_bytes(dir / "real" / "jeton.toml", "");
  fs::create_directory(dir / "etc");
  fs::create_symlink(dir / "real" / "jeton.toml", dir / "etc" / "jeton.toml");
  const auto config = config_with("checkpoint_places = [\"/mnt/audit/checkpoint\", \"syslog\"]\n");

  const auto reaches = reach_of(config, {"/var/lib/jeton", dir / "etc" / "jeton.toml", {"/run/jeton/agent.sock"}});

  CHECK(has(reaches, "/var/lib/jeton", Use::keep));
  CHECK(has(reaches, "/mnt/audit", Use::replace));
  CHECK(has(reaches, "/run/jeton", Use::listen));
  CHECK(has(reaches, dir / "etc", Use::read));
  CHECK(has(reaches, fs::canonical(dir / "real"), Use::read));
  CHECK(has(reaches, "/proc", Use::read));
  CHECK(has(reaches, "/dev/urandom", Use::read));
  CHECK(reaches.size() == 7);
}

}  // namespace jeton::testing
