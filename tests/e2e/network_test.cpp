// jetond over TCP, in plain HTTP on loopback: where it listens, who is heard there, and what that costs.
#include <csignal>
#include <stdexcept>

#include <fmt/core.h>

#include "http/door_fixture.hpp"
#include "support/skipped.hpp"
#include "support/tcp.hpp"

namespace jeton::outside {
namespace {

constexpr const char* issuer = "issuer = \"https://jeton.acme.example\"\n";

/// A daemon of `config_with` that listens on loopback as well.
std::string listening_config(const std::string& limits = "", const std::string& listen = "127.0.0.1:0") {
  return fmt::format("{}listen = \"{}\"\n{}", issuer, listen, config_with(limits));
}

struct Network {
  explicit Network(const std::string& limits = "") : daemon({.config = listening_config(limits)}) {}
  ~Network() { CHECK(ask("/healthz").status == 200); }
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  [[nodiscard]] RawAnswer answer_to(const std::string& bytes) const {
    auto client = over_tcp(daemon);
    client.send(bytes);
    return client.answer().value_or(RawAnswer{});
  }
  [[nodiscard]] RawAnswer ask(const std::string& target, const std::string& more = "") const {
    return answer_to(get_from(host, target, more));
  }
  [[nodiscard]] std::string metric(const std::string& name) const {
    const auto text = daemon.client().metrics().value();
    const auto at = text.find("\n" + name + " ");
    return at == text.npos ? "" : text.substr(at + name.size() + 2, text.find('\n', at + 1) - at - name.size() - 2);
  }

  Daemon daemon;
  Ledger ledger{daemon.state()};
  std::string host = listen_of(daemon);
};

Ran jetond(const TempDir& home, const std::vector<std::string>& more) {
  std::vector<std::string> command{program("jetond"), "--state", home.path(), "--socket", home.path() / "s"};
  command.insert(command.end(), more.begin(), more.end());
  return run({.command = std::move(command)});
}

Ran jetond_with(const TempDir& home, const std::string& config, const std::vector<std::string>& more = {}) {
  write_file(home.path() / "jeton.toml", config);
  auto words = more;
  words.insert(words.end(), {"--config", home.path() / "jeton.toml"});
  return jetond(home, words);
}

}  // namespace

TEST_CASE("over tcp head is there where get is and says how long the answer would be") {
  const Network network;
  const auto answer_to = [&](const std::string& method, const std::string& target) {
    auto client = over_tcp(network.daemon);
    client.send(fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", method, target, network.host));
    return client.rest();
  };
  const auto before = network.ledger.count("1");
  for (const auto* target :
       {"/healthz", "/readyz", "/v1/jwks", "/oauth2/jwks", "/openapi.json", "/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration", "/federation/jwks", "/tlog/checkpoint"}) {
    INFO(target);
    const auto whole = answer_to("GET", target);
    const auto head = answer_to("HEAD", target);
    const auto body = whole.substr(whole.find("\r\n\r\n") + 4);
    CHECK(head.substr(0, head.find("\r\n")) == whole.substr(0, whole.find("\r\n")));
    CHECK_THAT(head, Catch::Contains(fmt::format("\r\nContent-Length: {}\r\n", body.size())));
    CHECK_THAT(head, Catch::EndsWith("\r\n\r\n"));
    CHECK_FALSE(body.empty());
  }
  CHECK_THAT(answer_to("HEAD", "/v1/redeem"), Catch::StartsWith("HTTP/1.1 405 "));
  CHECK_THAT(answer_to("HEAD", "/metrics"), Catch::StartsWith("HTTP/1.1 404 "));
  CHECK(network.ledger.count("1") == before);
}

TEST_CASE("the ready line and the status say where the daemon listens and it is heard there under its filter") {
  const Network network;
  CHECK_THAT(network.host, Catch::StartsWith("127.0.0.1:") && !Catch::EndsWith(":0"));
  const auto status = network.daemon.client().status().value();
  CHECK(status.at("listen") == network.host);
  CHECK(status.at("issuer") == "https://jeton.acme.example");
  CHECK(status.at("seccomp") == true);
  CHECK(network.ask("/healthz").body == "ok\n");
  CHECK(network.ask("/readyz").status == 200);
  const auto keys = network.ask("/v1/jwks");
  CHECK(keys.status == 200);
  CHECK_THAT(keys.head, Catch::Contains("Cache-Control: max-age=60"));
  CHECK(Json::parse(keys.body).at("keys").size() == status.at("keys").size());
}

TEST_CASE("with dev the issuer is where the daemon listens") {
  const Daemon daemon({.arguments = {"--listen", "127.0.0.1:0"}});
  CHECK(daemon.client().status()->at("issuer") == "http://" + listen_of(daemon));
  auto client = over_tcp(daemon);
  client.send(get_from(listen_of(daemon), "/healthz"));
  CHECK(client.answer()->status == 200);
}

TEST_CASE("the daemon listens on ipv6 as well") {
  std::optional<Daemon> daemon;
  try {
    daemon.emplace(Setup{.arguments = {"--listen", "[::1]:0"}});
  } catch (const std::runtime_error& error) {
    if (std::string(error.what()).find("cannot listen") == std::string::npos) throw;
    return skipped("no IPv6 here");
  }
  CHECK_THAT(listen_of(*daemon), Catch::StartsWith("[::1]:"));
  CHECK(daemon->client().status()->at("issuer") == "http://" + listen_of(*daemon));
}

TEST_CASE("the option goes before the configuration and none means none") {
  const Daemon quiet({.config = listening_config(), .arguments = {"--listen", "none"}});
  CHECK(listen_of(quiet) == "none");
  CHECK(quiet.client().status()->at("listen") == "none");
  const Daemon loud({.config = issuer + config_with(""), .arguments = {"--listen", "127.0.0.1:0"}});
  CHECK(listen_of(loud) != "none");
  // And a reload does not see another place in it.
  ::kill(loud.pid(), SIGHUP);
  CHECK(eventually([&] { return loud.said().find("configuration reloaded") != std::string::npos; }));
}

TEST_CASE("a place where nobody may listen in the clear or without an issuer is a mistake that says what to write") {
  const TempDir home;
  const auto open = jetond_with(home, listening_config("", "0.0.0.0:0"));
  CHECK(open.status == 2);
  CHECK_THAT(open.err,
             Catch::Contains("jeton.toml:2: listen: ") && Catch::Contains("TLS") && Catch::Contains("127.0.0.1"));
  const auto nameless = jetond_with(home, "listen = \"127.0.0.1:0\"\n" + config_with(""));
  CHECK(nameless.status == 2);
  CHECK_THAT(nameless.err, Catch::Contains("jeton.toml:1: listen: ") && Catch::Contains("issuer = "));
  const auto by_option = jetond_with(home, config_with(""), {"--listen", "127.0.0.1:0"});
  CHECK(by_option.status == 2);
  CHECK_THAT(by_option.err, Catch::Contains("--listen 127.0.0.1:0: needs issuer"));
  const auto dev = jetond(home, {"--dev", "--listen", "[::]:0"});
  CHECK(dev.status == 2);
  CHECK_THAT(dev.err, Catch::Contains("--listen [::]:0: is no loopback address"));
  const auto name = jetond(home, {"--dev", "--listen", "localhost:8470"});
  CHECK(name.status == 2);
  CHECK_THAT(name.err, Catch::Contains("127.0.0.1:8470"));
}

TEST_CASE("a port that is taken is named and of two daemons of one state the second is told about the first") {
  const Network network;
  const TempDir home;
  const auto taken = jetond(home, {"--dev", "--listen", network.host});
  CHECK(taken.status == 2);
  CHECK_THAT(taken.err, Catch::Contains(network.host) && Catch::Contains("another port"));
  CHECK_FALSE(std::filesystem::exists(home.path() / "s"));
  auto again = network.daemon.command();
  again.insert(again.end(), {"--listen", network.host});
  const auto second = run({.command = again});
  CHECK_THAT(second.err, Catch::Contains(std::to_string(network.daemon.pid())));
}

TEST_CASE("a daemon that starts again has its port again") {
  Daemon first({.config = listening_config()});
  const auto port = port_of(first);
  auto client = over_tcp(first);
  client.send(get_from(listen_of(first), "/healthz"));
  REQUIRE(client.answer()->status == 200);
  CHECK(first.stop() == 0);  // ends the connection itself, so the port is what waits
  const Daemon second({.config = listening_config("", fmt::format("127.0.0.1:{}", port))});
  CHECK(port_of(second) == port);
}

TEST_CASE("another place to listen needs a restart") {
  const Daemon daemon({.config = listening_config()});
  write_file(daemon.home() / "jeton.toml", listening_config("", "127.0.0.1:1"));
  ::kill(daemon.pid(), SIGHUP);
  CHECK(eventually([&] { return daemon.said().find("listen needs a restart") != std::string::npos; }));
  // The line is said before the tick that writes the event has committed.
  CHECK(eventually(
      [&] { return Ledger(daemon.state()).count("event = 'config.rejected' AND detail = 'restart_listen'") == 1; }));
}

TEST_CASE("a request for another host or from another page or for a path of the machine is refused and no event") {
  const Network network;
  const auto before = network.ledger.count("1");
  const auto status_of = [&](const std::string& bytes) {
    const auto answer = network.answer_to(bytes);
    if (answer.status >= 400) CHECK(answer.code() == "bad_request");
    return answer.status;
  };
  const auto& host = network.host;
  CHECK(status_of(get_from("evil.example", "/healthz")) == 421);
  CHECK(status_of(get_from("evil.example", "/v1/status")) == 421);
  CHECK(status_of("GET /healthz HTTP/1.1\r\n\r\n") == 400);
  CHECK(status_of("GET /healthz HTTP/1.0\r\n\r\n") == 400);
  CHECK(status_of("GET /healthz HTTP/1.1\r\nHost: " + host + "\r\nHost: " + host + "\r\n\r\n") == 400);
  CHECK(status_of("GET /healthz HTTP/1.1\r\nHost: evil.example\r\nHost: " + host + "\r\n\r\n") == 400);
  CHECK(status_of(get_from(host, "/healthz", "Origin: https://evil.example\r\n")) == 400);
  CHECK(status_of(get_from(host, "/healthz", "Origin: null\r\n")) == 400);
  CHECK(status_of(get_from(host, "http://evil.example/healthz")) == 400);
  CHECK(status_of(get_from(host, "http://" + host + "/healthz")) == 200);
  CHECK(status_of(get_from("jeton.acme.example", "https://jeton.acme.example/healthz")) == 200);
  CHECK(status_of(get_from(host, "/healthz", "Origin: https://jeton.acme.example\r\n")) == 200);
  for (const auto* target : {"/v1/status", "/metrics", "/v1/agents/self/disable", "/", "/tlog/tile/entries/000"})
    CHECK(status_of(get_from(host, target)) == 404);
  for (const auto* target : {"/v1/calls", "/v1/revoke", "/v1/calls/AAECAwQFBgcICQoLDA0ODw/tokens"})
    CHECK(status_of(fmt::format("POST {} HTTP/1.1\r\nHost: {}\r\nContent-Length: 2\r\n\r\n{{}}", target, host)) == 404);
  CHECK(network.ledger.count("1") == before);
  CHECK(network.metric("jeton_hosts_refused_total") == "9");
}

TEST_CASE("who is not known yet redeems nothing and reports nothing and leaves no event") {
  const Network network;
  const auto before = network.ledger.count("1");
  for (const auto* target : {"/v1/redeem", "/v1/calls/AAECAwQFBgcICQoLDA0ODw/outcome"}) {
    const auto answer = network.answer_to(
        fmt::format("POST {} HTTP/1.1\r\nHost: {}\r\nContent-Length: 1\r\n\r\n{{", target, network.host));
    CHECK(answer.status == 401);
    CHECK(answer.code() == "unattested_peer");
  }
  CHECK(network.ledger.count("1") == before);
}

TEST_CASE("a browser's page is refused on the unix socket too and that is an event") {
  const DoorFixture door;
  door.check_refused("GET /v1/status HTTP/1.1\r\nOrigin: https://evil.example\r\n\r\n", "bad_request");
  door.check_refused("GET /healthz HTTP/1.1\r\nOrigin: null\r\n\r\n", "bad_request");
  CHECK(door.answer_to("GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n").status == 200);
}

TEST_CASE("health is told on the unix socket too and kept by no cache") {
  const DoorFixture door;
  for (const auto* path : {"/healthz", "/readyz"}) {
    const auto answer = door.answer_to(fmt::format("GET {} HTTP/1.1\r\n\r\n", path));
    CHECK(answer.status == 200);
    CHECK(answer.body == "ok\n");
    CHECK_THAT(answer.head, Catch::Contains("Cache-Control: no-store"));
  }
}

}  // namespace jeton::outside
