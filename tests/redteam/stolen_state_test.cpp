// Whoever steals a copy of STATE reads the log, and can use nothing of it.
#include <unistd.h>

#include "redteam/stage.hpp"

using namespace jeton::outside;
using jeton::Json;
namespace fs = std::filesystem;

namespace {

void copy_state(const fs::path& from, const fs::path& to) {
  fs::create_directory(to);
  fs::permissions(to, fs::perms::owner_all);
  for (const auto& file : fs::directory_iterator(from))
    if (file.is_regular_file() && file.path().filename() != "lock") {
      fs::copy_file(file.path(), to / file.path().filename());
      fs::permissions(to / file.path().filename(), fs::status(file.path()).permissions());
    }
}

}  // namespace

TEST_CASE("red team: a daemon on a stolen state redeems none of the tokens of the first and the other way round") {
  const Daemon first;
  const Json call{{"server", "mcp:stdio:x"}, {"tool", "t"}, {"arguments", Json::object()}};
  const auto minted = first.client().post("/v1/calls", call);
  REQUIRE(minted);
  copy_state(first.state(), first.home() / "stolen");

  const Daemon second({.state = first.home() / "stolen"});
  const auto redeem = [&](const Daemon& at, const Json& token) {
    auto body = call;
    body["token"] = token.at("token");
    body["redemption_id"] = "r";
    const auto answer = at.client().post("/v1/redeem", body);
    return answer ? std::string("active") : std::string(name_of(answer.error().code));
  };
  CHECK(redeem(second, *minted) == "unknown_key");
  const auto theirs = second.client().post("/v1/calls", call);
  REQUIRE(theirs);
  CHECK(redeem(first, *theirs) == "unknown_key");
  CHECK(redeem(first, *minted) == "active");
}

TEST_CASE("red team: no file of the state holds a token, an argument or a token key") {
  const Daemon daemon;
  const std::string secret = "the-argument-nobody-may-read";
  const auto minted = daemon.client().post(
      "/v1/calls", {{"server", "mcp:stdio:x"}, {"tool", "t"}, {"arguments", {{"password", secret}}}});
  REQUIRE(minted);
  const auto token = minted->at("token").get<std::string>();
  for (const auto& file : fs::recursive_directory_iterator(daemon.state())) {
    if (!file.is_regular_file()) continue;
    CAPTURE(file.path());
    const auto bytes = read_file(file.path());
    CHECK(bytes.find(secret) == bytes.npos);
    CHECK(bytes.find(token.substr(token.find('.') + 1, 40)) == bytes.npos);
    CHECK(bytes.find(token.substr(token.rfind('.') + 1)) == bytes.npos);
  }
}

TEST_CASE("known limit: with the key of a stolen state another log can be signed in its name") {
  Daemon daemon;
  REQUIRE(daemon.stop() == 0);
  copy_state(daemon.state(), daemon.home() / "stolen");
  const auto vkey = read_file(daemon.state() / "log.vkey");
  Daemon thief({.state = daemon.home() / "stolen"});
  REQUIRE(thief.client().post("/v1/calls", {{"server", "mcp:stdio:x"}, {"tool", "t"}, {"arguments", Json::object()}}));
  REQUIRE(thief.stop() == 0);
  const auto verified = run({.command = {program("jeton"), "log", "verify", "--state", thief.state().string(), "--vkey",
                                         vkey.substr(0, vkey.size() - 1)}});
  CHECK(verified.status == 0);
  // Held against the real log's own checkpoint it is found out as soon as both have grown apart.
  daemon.restart();
  const auto held = run({.command = {program("jeton"), "log", "verify", "--state", thief.state().string(),
                                     "--checkpoint", (daemon.state() / "checkpoint").string()}});
  CHECK(held.status == 4);
}
