// Which lines of /proc/<pid>/cgroup name a system service, and which only look so?
#include "attest/cgroup.hpp"

#include "support/catch.hpp"

namespace jeton {
namespace {

std::optional<std::string> unit_at(const std::string& path) { return unit_of_cgroup("0::" + path + "\n"); }

}  // namespace

TEST_CASE("a cgroup that is no system service gives no unit") {
  CHECK(unit_at("/") == std::nullopt);
  CHECK(unit_at("") == std::nullopt);
  CHECK(unit_at("/init.scope") == std::nullopt);
  CHECK(unit_at("/system.slice") == std::nullopt);
  CHECK(unit_at("/user.slice/user-1000.slice/session-3.scope") == std::nullopt);
  CHECK(unit_at("/machine.slice/libpod-abc.scope/container/crm.service") == std::nullopt);
  CHECK(unit_at("/docker/abc/system.slice/crm.service") == std::nullopt);
}

TEST_CASE("a path outside of our cgroup namespace gives no unit") {
  CHECK(unit_at("/../crm.service") == std::nullopt);
  CHECK(unit_at("/../../system.slice/crm.service") == std::nullopt);
  CHECK(unit_at("/system.slice/../crm.service") == std::nullopt);
}

TEST_CASE("a path systemd would not lay out gives no unit") {
  CHECK(unit_at("system.slice/crm.service") == std::nullopt);
  CHECK(unit_at("//crm.service") == std::nullopt);
  CHECK(unit_at("/system.slice//crm.service") == std::nullopt);
  CHECK(unit_at("/a.slice/b.slice/crm.service") == std::nullopt);
  CHECK(unit_at("/a-b.slice/crm.service") == std::nullopt);
  CHECK(unit_at("/a.slice/ab.slice/crm.service") == std::nullopt);
  CHECK(unit_at("/a.slice/a-.slice/crm.service") == std::nullopt);
  CHECK(unit_at("/a.slice/a-b-c.slice/crm.service") == std::nullopt);
  CHECK(unit_at("/.slice/crm.service") == std::nullopt);
}

TEST_CASE("a name systemd would not give gives no unit") {
  CHECK(unit_at("/system.slice/.service") == std::nullopt);
  CHECK(unit_at("/system.slice/@a.service") == std::nullopt);
  CHECK(unit_at("/system.slice/crm service.service") == std::nullopt);
  CHECK(unit_at("/system.slice/crm.service (deleted)") == std::nullopt);
  CHECK(unit_at("/system.slice/" + std::string(248, 'a') + ".service") == std::nullopt);
}

TEST_CASE("text that is no cgroup file gives no unit") {
  CHECK(unit_of_cgroup("") == std::nullopt);
  CHECK(unit_of_cgroup("\n\n::\n0:\n0") == std::nullopt);
  CHECK(unit_of_cgroup("/system.slice/crm.service") == std::nullopt);
  CHECK(unit_of_cgroup("4:memory:/system.slice/crm.service\n") == std::nullopt);
  CHECK(unit_of_cgroup("1:name=systemdx:/system.slice/crm.service\n") == std::nullopt);
}

TEST_CASE("two hierarchies that disagree give no unit") {
  CHECK(unit_of_cgroup("1:name=systemd:/system.slice/a.service\n0::/system.slice/b.service\n") == std::nullopt);
  CHECK(unit_of_cgroup("1:name=systemd:/system.slice/a.service\n0::/mine/x\n") == std::nullopt);
  CHECK(unit_of_cgroup("1:name=systemd:/user.slice\n0::/system.slice/b.service\n") == std::nullopt);
}

TEST_CASE("the first component below the slices is the unit") {
  CHECK(unit_at("/system.slice/crm.service") == "crm.service");
  CHECK(unit_at("/crm.service") == "crm.service");
  CHECK(unit_at("/system.slice/system-getty.slice/getty@tty1.service") == "getty@tty1.service");
  CHECK(unit_at("/a.slice/a-b.slice/a-b-c.slice/x.service") == "x.service");
}

TEST_CASE("what a service made below itself never changes its unit") {
  CHECK(unit_at("/system.slice/foo.service/sub") == "foo.service");
  CHECK(unit_at("/system.slice/foo.service/system.slice/crm.service") == "foo.service");
  CHECK(unit_at("/user.slice/user-1000.slice/user@1000.service/app.slice/crm.service") == "user@1000.service");
  CHECK(unit_at("/system.slice/foo.service/a:b\\x20c") == "foo.service");
}

TEST_CASE("one escaping underscore is taken off and no more") {
  CHECK(unit_at("/system.slice/_memory.service") == "memory.service");
  CHECK(unit_at("/system.slice/__crm.service") == "_crm.service");
  CHECK(unit_at("/_cpu.slice/cpu-a.slice/crm.service") == "crm.service");
}

TEST_CASE("machines with both hierarchies name the unit in either") {
  const std::string v1 = "9:name=systemd:/system.slice/crm.service\n8:pids:/\n";

  CHECK(unit_of_cgroup(v1) == "crm.service");
  CHECK(unit_of_cgroup(v1 + "0::/\n") == "crm.service");
  CHECK(unit_of_cgroup(v1 + "0::/system.slice/crm.service\n") == "crm.service");
  CHECK(unit_of_cgroup("9:name=systemd:/\n0::/system.slice/crm.service\n") == "crm.service");
}

}  // namespace jeton
