// Who the daemon takes its callers for, tried from other accounts, other programs and other sockets.
#include <csignal>

#include <fmt/core.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/catch.hpp"
#include "support/daemon.hpp"
#include "support/ledger.hpp"
#include "support/other_process.hpp"
#include "support/skipped.hpp"

namespace jeton::outside {
namespace {

constexpr uid_t billing = 41001, crm = 41002, reports = 41003;
const std::string server = "https://crm.example/mcp";

std::string two_agents() {
  return fmt::format(
      "trust_domain = \"acme.example\"\n"
      "[[agent]]\nname = \"billing\"\nmatch = [\"unix:uid:{}\"]\n"
      "[[agent]]\nname = \"reports\"\nmatch = [\"unix:uid:{}\"]\n"
      "[[server]]\nurl = \"{}\"\nmatch = [\"unix:uid:{}\"]\n"
      "[[grant]]\nname = \"refunds\"\nagent = \"billing\"\nserver = \"{}\"\ntools = [\"refund\"]\n",
      billing, reports, server, crm, server);
}

const Json call{{"server", server}, {"tool", "refund"}, {"arguments", Json::object()}};

/// The member of an answer, or the code of the refusal.
std::string asked(const Daemon& daemon, const std::string& path, const Json& body, const char* member) {
  const auto client = Client::connect(daemon.client_options());
  if (!client) return std::string(name_of(client.error().code));
  const auto answer = client->post(path, body);
  return answer ? answer->at(member).dump() : std::string(name_of(answer.error().code));
}

std::string asked_by(uid_t uid, const Daemon& daemon, const std::string& path, const Json& body, const char* member) {
  return in_child_as(uid, [&](pid_t) { return asked(daemon, path, body, member); });
}

/// Asks once, then runs a shell that asks again on the same connection and copies what it hears to `out`.
[[noreturn]] void become_another_program(const std::filesystem::path& socket, int out) {
  try {
    RawClient client(socket);
    client.send("GET /v1/status HTTP/1.1\r\n\r\n");
    if (client.answer()->status == 200 && ::dup2(::dup(client.fd()), 3) == 3 && ::dup2(out, 1) == 1)
      ::execl("/bin/sh", "sh", "-c", R"(printf 'GET /v1/jwks HTTP/1.1\r\n\r\n' >&3; cat <&3)", nullptr);
  } catch (const std::exception&) {
  }
  ::_exit(1);
}

}  // namespace

TEST_CASE("every account gets its own part and nothing else") {
  if (!is_root()) return skipped("only root can become other accounts");
  const Daemon daemon({.config = two_agents()});
  REQUIRE(::chmod(daemon.socket().c_str(), 0666) == 0);
  const Ledger ledger(daemon.state());

  // An account nobody configured is no agent and no server; a configured one in another part has the wrong role.
  CHECK(asked_by(nobody, daemon, "/v1/calls", call, "token") == "unknown_agent");
  CHECK(asked_by(crm, daemon, "/v1/calls", call, "token") == "wrong_role");
  CHECK(asked_by(reports, daemon, "/v1/calls", call, "token") == "no_grant");
  auto other_tool = call;
  other_tool["tool"] = "delete";
  CHECK(asked_by(billing, daemon, "/v1/calls", other_tool, "token") == "no_grant");

  const auto opened = Json::parse(in_child_as(billing, [&](pid_t) {
    const auto answer = daemon.client().post("/v1/calls", call);
    return answer ? answer->dump() : answer.error().message;
  }));
  CHECK(ledger.one("SELECT uid FROM events WHERE event = 'token.minted'") == std::to_string(billing));

  // Another agent's call is unknown, whatever is asked of it.
  const auto path = "/v1/calls/" + opened["txn"].get<std::string>();
  CHECK(asked_by(reports, daemon, path + "/tokens", call, "token") == "unknown_call");
  CHECK(asked_by(reports, daemon, path + "/outcome", {{"outcome", "ok"}}, "log_index") == "unknown_call");
  CHECK(asked_by(crm, daemon, path + "/outcome", {{"outcome", "ok"}}, "log_index") == "wrong_role");
  CHECK(asked_by(nobody, daemon, path + "/outcome", {{"outcome", "ok"}}, "log_index") == "unknown_agent");

  // Who is not the server burns nothing.
  auto redeem = call;
  redeem["token"] = opened["token"];
  redeem["redemption_id"] = "r1";
  CHECK(asked_by(billing, daemon, "/v1/redeem", redeem, "jti") == "wrong_role");
  CHECK(asked_by(reports, daemon, "/v1/redeem", redeem, "jti") == "wrong_role");
  CHECK(asked_by(nobody, daemon, "/v1/redeem", redeem, "jti") == "unknown_agent");
  CHECK(ledger.count("event = 'token.redeemed'") == 0);
  CHECK(asked_by(crm, daemon, "/v1/redeem", redeem, "jti") == opened["jti"].dump());

  // Refusals name the account that was refused.
  CHECK(ledger.count(fmt::format("event = 'request.refused' AND uid = {}", nobody)) == 3);
  CHECK(ledger.count(fmt::format("event = 'request.refused' AND uid = {} AND code = 'wrong_role'", billing)) == 1);
}

TEST_CASE("a stranger learns little from status and a stranger cannot open a private socket") {
  if (!is_root()) return skipped("only root can become other accounts");
  const Daemon daemon({.config = two_agents()});
  CHECK(asked_by(nobody, daemon, "/v1/calls", call, "token") == "sidecar_unavailable");
  REQUIRE(::chmod(daemon.socket().c_str(), 0666) == 0);
  const auto status = Json::parse(in_child_as(nobody, [&](pid_t) { return daemon.client().status()->dump(); }));
  CHECK(status["roles"] == Json::array());
  CHECK_FALSE(status.contains("limits"));
}

TEST_CASE("another program on an inherited connection is refused and the connection is closed") {
  // given: a process that spoke to the daemon, and becomes another program with the connection still open
  const Daemon daemon;
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const auto child = ::fork();
  if (child == 0) become_another_program(daemon.socket(), ends[1]);
  ::close(ends[1]);

  // then: it is told so, and cat comes to an end
  CHECK(wait_for_exit(child, std::chrono::seconds(20)) == 0);
  std::string said(4096, '\0');
  said.resize(static_cast<std::size_t>(::read(ends[0], said.data(), said.size())));
  ::close(ends[0]);
  CHECK_THAT(said, Catch::StartsWith("HTTP/1.1 401") && Catch::Contains("unattested_peer") &&
                       Catch::Contains("Connection: close"));
  CHECK(Ledger(daemon.state())
            .count(fmt::format("code = 'unattested_peer' AND uid = {} AND gid = {} AND pid = {}", ::geteuid(),
                               ::getegid(), child)) == 1);
}

TEST_CASE("a peer that is gone before it is looked at is refused under its own account") {
  // given: a daemon that stands still while a process connects, asks and ends
  const Daemon daemon({.config = two_agents()});
  REQUIRE(::chmod(daemon.socket().c_str(), 0666) == 0);
  const auto uid = is_root() ? nobody : ::geteuid();
  REQUIRE(::kill(daemon.pid(), SIGSTOP) == 0);
  const Child::Work ask = [&](pid_t) {
    RawClient client(daemon.socket());
    return std::string(client.send(post("/v1/calls", call.dump())) ? "sent" : "not sent");
  };
  CHECK((is_root() ? in_child_as(uid, ask) : in_child(ask)) == "sent");
  REQUIRE(::kill(daemon.pid(), SIGCONT) == 0);

  // then: no token was made, and the event blames nobody else
  const Ledger ledger(daemon.state());
  CHECK(eventually([&] { return ledger.count(fmt::format("code = 'unattested_peer' AND uid = {}", uid)) == 1; }));
  CHECK(ledger.count("event = 'request.refused'") == 1);
  CHECK(ledger.count("event = 'token.minted'") == 0);
}

TEST_CASE("who comes through an agents own socket is that agent and through the main one is not") {
  const TempDir home;
  const auto own = home.path() / "own.sock";
  const Daemon daemon(
      {.config = fmt::format("trust_domain = \"acme.example\"\n"
                             "[[agent]]\nname = \"boxed\"\nmatch = [\"jeton:socket:{}\"]\n"
                             "[[server]]\nurl = \"{}\"\n"
                             "[[grant]]\nname = \"all\"\nagent = \"boxed\"\nserver = \"{}\"\ntools = [\"*\"]\n",
                             own.string(), server, server)});
  CHECK(asked(daemon, "/v1/calls", call, "token") == "wrong_role");
  const auto client = Client::connect({own, std::chrono::seconds(10)});
  REQUIRE(client);
  const auto opened = client->post("/v1/calls", call);
  REQUIRE(opened);
  CHECK(Ledger(daemon.state()).one("SELECT agent FROM events WHERE event = 'token.minted'") ==
        "spiffe://acme.example/agent/boxed");

  // A server without match may be redeemed by any attested peer, and the event says so.
  auto redeem = call;
  redeem["token"] = opened->at("token");
  redeem["redemption_id"] = "r1";
  CHECK(asked(daemon, "/v1/redeem", redeem, "jti") == opened->at("jti").dump());
  CHECK(Ledger(daemon.state()).count("event = 'token.redeemed' AND self_redeemed = 1") == 1);
}

}  // namespace jeton::outside
