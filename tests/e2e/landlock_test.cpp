// A daemon that gave up the file system does all it did before, and reads nothing that it did not name.
#include <csignal>

#include <fmt/core.h>
#include <unistd.h>

#include "app/landlock.hpp"
#include "support/catch.hpp"
#include "support/daemon.hpp"
#include "support/ledger.hpp"
#include "support/skipped.hpp"

namespace jeton::outside {
namespace {

namespace fs = std::filesystem;
const std::string server = "mcp:stdio:crm";

/// This account is agent and server; `top` stands above everything.
std::string config_of(const std::string& top, int max = 100) {
  return fmt::format(
      "{}trust_domain = \"acme.example\"\n[[agent]]\nname = \"billing\"\nmatch = [\"unix:uid:{}\"]\n"
      "[[server]]\nurl = \"{}\"\n[[grant]]\nname = \"refunds\"\nagent = \"billing\"\nserver = \"{}\"\n"
      "tools = [\"refund\"]\n[[grant.argument]]\npointer = \"/amount\"\nmax = {}\n",
      top, ::geteuid(), server, server, max);
}
const std::string on = "landlock = \"on\"\n";

Json refund(int amount) { return {{"server", server}, {"tool", "refund"}, {"arguments", {{"amount", amount}}}}; }

std::string code_of(const Result<Json>& answer) { return answer ? "ok" : std::string(name_of(answer.error().code)); }

std::string mint_and_redeem(const Daemon& daemon) {
  const auto client = daemon.client();
  const auto minted = client.post("/v1/calls", refund(100));
  if (!minted) return code_of(minted);
  auto redeem = refund(100);
  redeem["token"] = minted->at("token");
  redeem["redemption_id"] = "once";
  return code_of(client.post("/v1/redeem", redeem));
}

std::string landlock_of(const Daemon& daemon) { return daemon.client().status().value().at("landlock"); }

/// Hangs up, and waits for the event that says what became of it.
void reload(const Daemon& daemon, const std::string& expected) {
  const Ledger ledger(daemon.state());
  const auto where = fmt::format("event = '{}'", expected);
  const auto before = ledger.count(where);
  ::kill(daemon.pid(), SIGHUP);
  REQUIRE(eventually([&] { return ledger.count(where) == before + 1; }));
}

}  // namespace

TEST_CASE("a daemon under Landlock reads no file that it did not name at its start") {
  if (landlock_abi() == 0) return skipped("this kernel has no Landlock");
  const TempDir elsewhere;
  write_file(elsewhere.path() / "jeton.toml", config_of(on, 500));
  // given: two daemons whose configuration becomes a link to a file that their account can read
  for (const auto* choice : {"on", "off"}) {
    INFO(choice);
    const auto top = fmt::format("landlock = \"{}\"\n", choice);
    write_file(elsewhere.path() / "jeton.toml", config_of(top, 500));
    const Daemon daemon({.config = config_of(top)});
    fs::remove(daemon.home() / "jeton.toml");
    fs::create_symlink(elsewhere.path() / "jeton.toml", daemon.home() / "jeton.toml");

    const bool confined = landlock_of(daemon).starts_with("on");
    reload(daemon, confined ? "config.rejected" : "config.loaded");

    CHECK(confined == (std::string_view(choice) == "on"));
    CHECK(code_of(daemon.client().post("/v1/calls", refund(500))) == (confined ? "no_grant" : "ok"));
  }
}

TEST_CASE("a daemon under Landlock mints and redeems and reloads and shows checkpoints and comes back") {
  if (landlock_abi() == 0) return skipped("this kernel has no Landlock");
  const TempDir elsewhere;
  const auto place = elsewhere.path() / "checkpoint";
  const auto top = fmt::format("{}checkpoint_places = [\"{}\", \"syslog\"]\n", on, place.string());
  Daemon daemon({.config = config_of(top)});
  const Ledger ledger(daemon.state());
  CHECK(landlock_of(daemon).starts_with("on (ABI "));
  CHECK(mint_and_redeem(daemon) == "ok");
  // what it costs: evidence
  CHECK(ledger.count("event = 'token.minted' AND pid IS NOT NULL AND exe IS NULL") == 1);

  // The configuration is another file by now.
  fs::rename(daemon.home() / "jeton.toml", daemon.home() / "old.toml");
  write_file(daemon.home() / "jeton.toml", config_of(top, 500));
  reload(daemon, "config.loaded");
  CHECK(code_of(daemon.client().post("/v1/calls", refund(500))) == "ok");

  const auto size = ledger.count("TRUE");
  CHECK(eventually([&] { return read_file(place).find(fmt::format("\n{}\n", size)) != std::string::npos; }));
  CHECK(eventually([&] { return read_file(place) == read_file(daemon.state() / "checkpoint"); }));
  daemon.kill9();
  daemon.restart();
  CHECK(mint_and_redeem(daemon) == "ok");
  CHECK(daemon.stop() == 0);
  CHECK_FALSE(fs::exists(daemon.socket()));
  CHECK(read_file(place) == read_file(daemon.state() / "checkpoint"));
}

TEST_CASE("a daemon under Landlock finds a rollback and gives the log up when told to") {
  if (landlock_abi() < 2) return skipped("this kernel's Landlock lets nothing be moved aside");
  Daemon daemon({.config = config_of(on)});
  REQUIRE(daemon.stop() == 0);
  fs::create_directory(daemon.home() / "older");
  fs::copy_file(daemon.state() / "jeton.db", daemon.home() / "older" / "jeton.db");
  daemon.restart();
  CHECK(mint_and_redeem(daemon) == "ok");
  REQUIRE(daemon.stop() == 0);
  fs::copy_file(daemon.home() / "older" / "jeton.db", daemon.state() / "jeton.db",
                fs::copy_options::overwrite_existing);
  const auto refused = run({.command = daemon.command()});
  CHECK(refused.status == 3);
  CHECK_THAT(refused.err, Catch::Contains("--accept-rollback"));

  Daemon accepted({.config = config_of(on), .arguments = {"--accept-rollback"}, .state = daemon.state()});
  CHECK(landlock_of(accepted).starts_with("on"));
  CHECK(Ledger(accepted.state()).one("SELECT event FROM events WHERE log_index = 0") == "log.recovered");
  REQUIRE(accepted.client().post("/v1/agents/billing/enable", Json::object()));
  CHECK(mint_and_redeem(accepted) == "ok");
}

TEST_CASE("a rule that asks for an executable is no rule under Landlock and nobody is left in the dark") {
  const auto asking = [](const std::string& top) {
    auto text = config_of(top);
    return text.replace(text.find("match = [") + 9, 0, "\"unix:path:/usr/bin/true\", ");
  };
  const TempDir home;
  write_file(home.path() / "jeton.toml", asking(on));
  const auto refused = run({.command = {program("jetond"), "--config", home.path() / "jeton.toml", "--state",
                                        home.path(), "--socket", home.path() / "s"}});
  CHECK(refused.status == 2);
  CHECK_THAT(refused.err, Catch::Contains("landlock: hides every executable") && Catch::Contains("write \"auto\""));
  {
    const Daemon daemon({.config = asking("")});
    CHECK(landlock_of(daemon) == "off (auto: a match asks for unix:path or unix:sha256)");
  }
  const Daemon daemon({.config = config_of("landlock = \"off\"\n")});
  CHECK(landlock_of(daemon) == "off (as configured)");
  write_file(daemon.home() / "jeton.toml", config_of(""));
  reload(daemon, "config.rejected");
  CHECK(Ledger(daemon.state()).one("SELECT detail FROM events WHERE event = 'config.rejected'") == "restart_landlock");
}

}  // namespace jeton::outside
