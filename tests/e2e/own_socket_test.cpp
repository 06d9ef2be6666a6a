// A socket of its own tells an account apart only while it is not the one that everybody may use.
#include <fmt/core.h>
#include <unistd.h>

#include "support/catch.hpp"
#include "support/daemon.hpp"

namespace jeton::outside {
namespace {

std::string config_of(const std::filesystem::path& agents, const std::filesystem::path& servers) {
  return fmt::format(
      "trust_domain = \"acme.example\"\n[[agent]]\nname = \"boxed\"\nmatch = [\"jeton:socket:{}\"]\n"
      "[[server]]\nurl = \"mcp:stdio:files\"\nmatch = [\"jeton:socket:{}\"]\n"
      "[[grant]]\nname = \"all\"\nagent = \"boxed\"\nserver = \"mcp:stdio:files\"\ntools = [\"*\"]\n",
      agents.string(), servers.string());
}

}  // namespace

TEST_CASE("the socket that everybody may use is nobodys own") {
  const TempDir home;
  const auto everybodys = home.path() / "agent.sock";
  write_file(home.path() / "jeton.toml", config_of(everybodys, home.path() / "files.sock"));

  const auto ran = run({.command = {program("jetond"), "--config", home.path() / "jeton.toml", "--state", home.path(),
                                    "--socket", everybodys}});

  CHECK(ran.status == 2);
  CHECK_THAT(ran.err, Catch::Contains("a socket of its own"));
  CHECK_FALSE(std::filesystem::exists(everybodys));
}

TEST_CASE("a tool servers own socket is opened and is what tells it apart") {
  const TempDir home;
  const auto agents = home.path() / "agent-own.sock";
  const auto servers = home.path() / "files-own.sock";
  const Daemon daemon({.config = config_of(agents, servers)});
  const auto agent = Client::connect({agents, std::chrono::seconds(10)});
  const auto server = Client::connect({servers, std::chrono::seconds(10)});
  REQUIRE(agent);
  REQUIRE(server);
  const Json call{{"server", "mcp:stdio:files"}, {"tool", "read"}, {"arguments", Json::object()}};
  const auto minted = agent->post("/v1/calls", call);
  REQUIRE(minted);
  auto redeem = call;
  redeem["token"] = minted->at("token");
  redeem["redemption_id"] = random_id();

  const auto by_agent = agent->post("/v1/redeem", redeem);
  REQUIRE_FALSE(by_agent);
  CHECK(by_agent.error().code == Code::wrong_role);
  CHECK(server->post("/v1/redeem", redeem));
}

TEST_CASE("a log without its key is refused and nothing is made in its place") {
  Daemon daemon;
  CHECK(daemon.stop() == 0);
  REQUIRE(std::filesystem::remove(daemon.state() / "log.key"));

  const auto ran = run({.command = daemon.command()});

  CHECK(ran.status == 3);
  CHECK_THAT(ran.err, Catch::Contains("log.key is missing beside its log"));
  CHECK_FALSE(std::filesystem::exists(daemon.state() / "log.key"));
}

}  // namespace jeton::outside
