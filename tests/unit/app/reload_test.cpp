// A configuration takes effect whole and after its event, or not at all.
#include "app/reload.hpp"

#include <future>

#include <unistd.h>

#include "support/exchange_fixture.hpp"
#include "support/temp_dir.hpp"

namespace {

namespace t = jeton::testing;
using jeton::Config;
using jeton::EventKind;
using jeton::Limits;
using Disk = t::MemoryStore::Disk;

std::string config_text(const std::string& grant, const std::string& top = "", const std::string& more = "") {
  return top +
         "trust_domain = \"acme.example\"\n[[agent]]\nname = \"billing\"\nmatch = [\"unix:uid:1001\"]\n"
         "[[server]]\nurl = \"https://crm.example/mcp\"\nmatch = [\"unix:uid:1002\"]\n"
         "[[grant]]\nname = \"" +
         grant + "\"\nagent = \"billing\"\nserver = \"https://crm.example/mcp\"\ntools = [\"refund\"]\n" + more;
}

/// A daemon's parts over a store in memory, and a file to change under them.
struct Running {
  explicit Running(const std::string& text) { write(text); }

  void write(const std::string& text) { t::write_bytes(file, text); }
  void hang_up() { jeton::Reload{parts}(); }
  [[nodiscard]] std::string grant_in_force() {
    const auto permit = grants.decide({"billing", t::crm, "refund"});
    return permit ? permit->grant : "";
  }
  [[nodiscard]] const jeton::Event& last() const { return store.events().back(); }

  t::TempDir directory;
  std::filesystem::path file = directory / "jeton.toml";
  Config config = jeton::parse_config(config_text("first"), "jeton.toml", ::geteuid()).value();
  jeton::Roles roles{config.roles};
  jeton::Grants grants{config.grants};
  t::FakeClock clock;
  t::MemoryStore store;
  jeton::LogSecret secret = jeton::LogSecret::ephemeral();
  t::Process process{store, grants, roles, secret, clock};
  Limits limits;
  bool can_be_prepared = true;
  int prepared = 0, put_in_force = 0;
  jeton::Result<std::function<void()>> prepare() {
    ++prepared;
    if (!can_be_prepared) return jeton::refuse(jeton::Code::bad_request, "/etc/jeton/keys.json: there is no such file");
    return [this] { ++put_in_force; };
  }
  jeton::StallGuard guard{std::chrono::milliseconds(1)};
  jeton::Reload::Parts parts{file,
                             [this] { return jeton::load_config(file, ::geteuid()); },
                             config,
                             roles,
                             grants,
                             process.exchange,
                             [this](const Limits& l) { limits = l; },
                             &guard,
                             false,
                             [this](const Config&) { return prepare(); }};
};

}  // namespace

TEST_CASE("a configuration with a mistake is rejected with its line and changes nothing") {
  Running daemon(config_text("second", "", "max_attempts = 0\n"));
  const auto before = daemon.config.sha256;
  daemon.hang_up();
  CHECK(daemon.grant_in_force() == "first");
  CHECK(daemon.config.sha256 == before);
  REQUIRE(daemon.store.size() == 1);
  CHECK(daemon.last().kind == EventKind::config_rejected);
  CHECK(daemon.last().detail == "line_13");
  CHECK(daemon.last().role == jeton::Role::daemon);
}

TEST_CASE("a configuration that is gone or that others can write is rejected and changes nothing") {
  Running daemon(config_text("second"));
  std::filesystem::permissions(daemon.file, std::filesystem::perms::all);
  daemon.hang_up();
  CHECK(daemon.last().kind == EventKind::config_rejected);
  CHECK(daemon.last().detail == "file");
  std::filesystem::remove(daemon.file);
  daemon.hang_up();
  CHECK(daemon.store.size() == 2);
  CHECK(daemon.last().detail == "file");
  CHECK(daemon.grant_in_force() == "first");
}

TEST_CASE("a key that needs a restart is rejected by its name and nothing else of the file takes effect") {
  const std::vector<std::pair<std::string, std::string>> all = {
      {config_text("second", "durability = \"normal\"\n"), "restart_durability"},
      {config_text("second", "issuer = \"https://jeton.acme.example\"\n"), "restart_issuer"},
      {config_text("second", "checkpoint_places = [\"/var/backup/checkpoint\"]\n"), "restart_checkpoint_places"},
      {config_text("second", "socket = \"/run/other.sock\"\n"), "restart_socket"},
      {config_text("second", "landlock = \"off\"\n"), "restart_landlock"},
      {config_text("second", "", "[[agent]]\nname = \"boxed\"\nmatch = [\"jeton:socket:/run/boxed.sock\"]\n"),
       "restart_match"},
      {config_text("second", "",
                   "[[trusted_issuer]]\nname = \"ci\"\nissuer = \"https://ci.example\"\njwks = "
                   "\"https://ci.example/jwks\"\ndelegates_to = [\"billing\"]\n"),
       "restart_jwks"},
  };
  for (const auto& [text, detail] : all) {
    CAPTURE(detail);
    Running daemon(text);
    daemon.hang_up();
    CHECK(daemon.last().kind == EventKind::config_rejected);
    CHECK(daemon.last().detail == detail);
    CHECK(daemon.grant_in_force() == "first");
  }
  Running daemon(config_text("second"));
  daemon.config.trust_domain = "other.example";
  daemon.hang_up();
  CHECK(daemon.last().detail == "restart_trust_domain");
}

TEST_CASE("what a configuration names must be readable before it takes effect and takes effect with it") {
  Running daemon(config_text("second"));
  daemon.can_be_prepared = false;
  daemon.hang_up();
  CHECK(daemon.grant_in_force() == "first");
  CHECK(daemon.last().kind == EventKind::config_rejected);
  CHECK(daemon.last().detail == "file");
  // given: it can be read, and the event cannot be written
  daemon.can_be_prepared = true;
  daemon.store.set_disk(Disk::fails_at_commit);
  daemon.hang_up();
  CHECK(daemon.prepared == 2);
  CHECK(daemon.put_in_force == 0);
  daemon.store.set_disk(Disk::good);
  daemon.hang_up();
  CHECK(daemon.put_in_force == 1);
  CHECK(daemon.grant_in_force() == "second");
}

TEST_CASE("a daemon that sees no executables any more takes no rule that asks for one") {
  auto text = config_text("second");
  text.replace(text.find("\"unix:uid:1001\""), 0, "\"unix:path:/usr/bin/agent\", ");
  for (const bool landlocked : {true, false}) {
    Running daemon(text);
    daemon.parts.landlocked = landlocked;
    daemon.hang_up();
    CHECK(daemon.grant_in_force() == (landlocked ? "first" : "second"));
    if (landlocked) CHECK(daemon.last().detail == "restart_landlock");
  }
}

TEST_CASE("a configuration whose event cannot be written does not take effect until it can") {
  for (const auto disk : {Disk::refuses_to_begin, Disk::fails_at_commit}) {
    Running daemon(config_text("second"));
    daemon.store.set_disk(disk);
    daemon.hang_up();
    CHECK(daemon.grant_in_force() == "first");
    CHECK(daemon.store.size() == 0);

    daemon.store.set_disk(Disk::good);
    daemon.hang_up();
    CHECK(daemon.grant_in_force() == "second");
  }
}

TEST_CASE("dev has no configuration to read again") {
  Running daemon(config_text("second"));
  daemon.config.dev = true;
  daemon.hang_up();
  CHECK(daemon.grant_in_force() == "first");
  CHECK(daemon.store.size() == 0);
}

TEST_CASE("a good configuration takes effect whole and its event has the hash of its bytes") {
  // given: another grant, another uid for the agent, other limits
  auto text = config_text("second", "reserve_bytes = 5\n", "[limits]\nidle_s = 7\n");
  text.replace(text.find("1001"), 4, "1009");
  Running daemon(text);

  daemon.hang_up();

  CHECK(daemon.last().kind == EventKind::config_loaded);
  CHECK(daemon.last().detail == "full");
  CHECK(daemon.last().config_sha256 == jeton::sha256(text));
  CHECK(daemon.grant_in_force() == "second");
  CHECK(daemon.roles.agent_of(t::caller_of(1001)) == nullptr);
  CHECK(daemon.roles.agent_of(t::caller_of(1009)) != nullptr);
  CHECK(daemon.config.reserve_bytes == 5);
  CHECK(daemon.limits.idle_s == 7);

  // The exchange sees it too: it refers to the same objects.
  const auto opened = daemon.store.transact([&] {
    jeton::OpenRequest request{t::binding("refund")};
    CHECK(t::code_of(daemon.process.exchange.open(t::caller_of(1001), request)) == "unknown_agent");
    const auto permitted = daemon.process.exchange.open(t::caller_of(1009), request);
    REQUIRE(permitted);
    CHECK(permitted->grant == "second");
  });
  CHECK(opened);
}

TEST_CASE("the same configuration again is an event and changes nothing") {
  Running daemon(config_text("first"));
  daemon.hang_up();
  daemon.hang_up();
  CHECK(daemon.store.size() == 2);
  CHECK(daemon.last().kind == EventKind::config_loaded);
  CHECK(daemon.grant_in_force() == "first");
}

TEST_CASE("a disk that hangs while a configuration is recorded or rejected holds up nobody but that") {
  for (const std::string& grants : {std::string(), std::string("max_attempts = 0\n")}) {
    Running daemon(config_text("second", "", grants));
    std::promise<std::string> meanwhile;
    daemon.guard.set_meanwhile([&](bool first) {
      if (first) meanwhile.set_value(daemon.grant_in_force());
    });
    auto others = meanwhile.get_future();
    daemon.store.set_at_commit([&] { others.wait_for(std::chrono::seconds(10)); });
    daemon.hang_up();
    REQUIRE(others.wait_for(std::chrono::seconds(0)) == std::future_status::ready);
    CHECK(others.get() == "first");
    CHECK(daemon.grant_in_force() == (grants.empty() ? "second" : "first"));
  }
}
