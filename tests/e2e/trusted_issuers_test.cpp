// A real daemon whose configuration names keys of others: what it needs at start, shows, and takes at a reload.
#include <csignal>

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/catch.hpp"
#include "support/daemon.hpp"
#include "support/foreign_issuer.hpp"
#include "support/ledger.hpp"

namespace jeton::outside {
namespace {

std::string key_set() { return jeton::testing::jwks_of({jeton::testing::jwk_of(jeton::testing::es256_key(), "a")}); }

/// This account is agent `local`; `remote` proves itself by `keys`; `ci` vouches for it as well.
std::string config_of(const std::string& keys, const std::string& jwks, const std::string& more = "") {
  return fmt::format(
      "trust_domain = \"acme.example\"\nissuer = \"https://jeton.acme.example\"\n"
      "[[agent]]\nname = \"remote\"\nkeys = \"{}\"\n"
      "[[agent]]\nname = \"local\"\nmatch = [\"unix:uid:{}\"]\n"
      "[[server]]\nurl = \"https://shop.example/mcp\"\nkeys = \"{}\"\n"
      "[[trusted_issuer]]\nname = \"ci\"\nissuer = \"https://ci.example\"\njwks = \"{}\"\nagent = \"remote\"\n"
      "claims = [\"environment=production\"]\n"
      "[[grant]]\nname = \"g\"\nagent = \"local\"\nserver = \"https://shop.example/mcp\"\ntools = [\"buy\"]\n{}",
      keys, ::geteuid(), keys, jwks, more);
}

struct KeyFile {
  TempDir directory;
  std::string path = (directory.path() / "keys.json").string();
  explicit KeyFile(const std::string& text = key_set()) { write(text); }
  void write(const std::string& text) const {
    write_file(path, text);
    REQUIRE(::chmod(path.c_str(), 0644) == 0);
  }
};

void reload(const Daemon& daemon, const std::string& config, const std::string& expected) {
  const Ledger ledger(daemon.state());
  const auto where = fmt::format("event = '{}'", expected);
  const auto before = ledger.count(where);
  write_file(daemon.home() / "jeton.toml", config);
  ::kill(daemon.pid(), SIGHUP);
  REQUIRE(eventually([&] { return ledger.count(where) == before + 1; }));
}

}  // namespace

TEST_CASE("a daemon shows its issuers and takes another key file at sighup or keeps what it had") {
  const KeyFile file;
  const auto config = config_of(file.path, file.path);
  const Daemon daemon({.config = config});
  const auto issuers = [&] { return daemon.client().status().value().at("trusted_issuers"); };
  REQUIRE(issuers().size() == 1);
  CHECK(issuers()[0].at("issuer") == "https://ci.example");
  CHECK(issuers()[0].at("keys") == 1);
  CHECK_FALSE(issuers()[0].contains("fault"));

  file.write("{");
  reload(daemon, config, "config.rejected");
  CHECK(Ledger(daemon.state()).one("SELECT detail FROM events WHERE event = 'config.rejected'") == "file");
  CHECK(eventually([&] { return daemon.said().find(file.path + ": ") != std::string::npos; }));
  CHECK(issuers()[0].at("keys") == 1);

  using namespace jeton::testing;
  file.write(jwks_of({jwk_of(es256_key(), "a"), jwk_of(eddsa_key(), "b")}));
  reload(daemon, config, "config.loaded");
  CHECK(issuers()[0].at("keys") == 2);
}

TEST_CASE("a daemon does not start with a key file that is missing or that others can write") {
  const KeyFile file;
  const auto starts = [&](const std::string& config) {
    try {
      const Daemon daemon({.config = config});
      return std::string("started");
    } catch (const std::exception& error) {
      return std::string(error.what());
    }
  };
  CHECK_THAT(starts(config_of("/nowhere/keys.json", file.path)),
             Catch::Contains("/nowhere/keys.json: there is no such"));
  CHECK_THAT(starts(config_of(file.path, "/nowhere/jwks.json")),
             Catch::Contains("/nowhere/jwks.json: there is no such"));
  REQUIRE(::chmod(file.path.c_str(), 0666) == 0);
  CHECK_THAT(starts(config_of(file.path, file.path)), Catch::Contains("writable by its group or by others"));
}

TEST_CASE(
    "a daemon with a URL starts without asking it and is confined and one without needs a restart for its first") {
  const KeyFile file;
  const auto with_url = config_of(file.path, "https://ci.example/jwks");
  const Daemon fetching({.config = with_url});
  const auto status = fetching.client().status().value();
  CHECK(status.at("seccomp") == true);
  CHECK(status.at("trusted_issuers")[0].at("keys") == 0);
  CHECK_FALSE(status.at("trusted_issuers")[0].contains("fault"));
  reload(fetching, config_of(file.path, "https://ci.example/other"), "config.loaded");

  const Daemon without({.config = config_of(file.path, file.path)});
  reload(without, with_url, "config.rejected");
  CHECK(Ledger(without.state()).one("SELECT detail FROM events WHERE event = 'config.rejected'") == "restart_jwks");
}

TEST_CASE("a server with keys and without match is redeemed for by no local peer of a real daemon") {
  const KeyFile file;
  const Daemon daemon({.config = config_of(file.path, file.path)});
  const auto client = daemon.client();
  const Json call{{"server", "https://shop.example/mcp"}, {"tool", "buy"}, {"arguments", Json::object()}};
  const auto opened = client.post("/v1/calls", call);
  REQUIRE(opened);
  auto redeem = call;
  redeem["token"] = opened->at("token");
  redeem["redemption_id"] = "Vt1b3YcX0nqkY9rFJmS2Lw";
  const auto redeemed = client.post("/v1/redeem", redeem);
  REQUIRE_FALSE(redeemed);
  CHECK(redeemed.error().code == Code::wrong_role);
  CHECK(client.status().value().at("self_redeemed_servers").empty());
}

TEST_CASE("a grant is there in its window and not at another time in a real daemon") {
  const KeyFile file;
  const auto grant = [&](const std::string& name, const std::string& window) {
    return "[[grant]]\nname = \"" + name + "\"\nagent = \"local\"\nserver = \"https://shop.example/mcp\"\ntools = [\"" +
           name + "\"]\n" + window + "\n";
  };
  const Daemon daemon({.config = config_of(file.path, file.path,
                                           grant("over", "not_after = \"2020-01-01T00:00Z\"") +
                                               grant("open", "not_before = \"2020-01-01T00:00Z\""))});
  const auto open = [&](const std::string& tool, bool with_server) {
    Json call{{"tool", tool}, {"arguments", Json::object()}};
    if (with_server) call["server"] = "https://shop.example/mcp";
    return daemon.client().post("/v1/calls", call);
  };
  for (const bool with_server : {true, false}) {
    CHECK(open("open", with_server));
    const auto over = open("over", with_server);
    REQUIRE_FALSE(over);
    CHECK(over.error().code == Code::no_grant);
    CHECK_THAT(over.error().message, Catch::Contains("grant \"over\" ended at 2020-01-01T00:00:00Z"));
  }
}

}  // namespace jeton::outside
