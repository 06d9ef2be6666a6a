// Games with a connected socket: handed on, inherited, used by two, outliving who connected. What is proved is who
// connected, as long as that process is there; what follows from it and no more is held, and what does not is shown.
#include <csignal>
#include <set>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/catch.hpp"
#include "support/daemon.hpp"
#include "support/ledger.hpp"
#include "support/other_process.hpp"
#include "support/pass_fd.hpp"
#include "support/skipped.hpp"

namespace jeton::outside {
namespace {

constexpr uid_t billing = 41001;
const std::string mint = post("/v1/calls", R"({"server":"mcp:stdio:x","tool":"t","arguments":{}})");

/// `account` is an agent, and no other is anything.
std::string config_for(uid_t account) {
  return fmt::format(
      "trust_domain = \"acme.example\"\n[[agent]]\nname = \"billing\"\nmatch = [\"unix:uid:{}\"]\n"
      "[[operator]]\nmatch = [\"unix:uid:1\"]\n"
      "[[server]]\nurl = \"mcp:stdio:x\"\n"
      "[[grant]]\nname = \"all\"\nagent = \"billing\"\nserver = \"mcp:stdio:x\"\ntools = [\"*\"]\n",
      account);
}

/// A daemon, and a process of another account that connected to it, used the connection, and handed it to us.
struct Handed {
  uid_t account = is_root() ? billing : ::geteuid();
  Daemon daemon{{.config = config_for(account)}};
  Hatch hatch;
  std::optional<Child> connector;
  std::optional<RawClient> connection;

  Handed() {
    if (is_root()) REQUIRE(::chmod(daemon.socket().c_str(), 0666) == 0);
    const Child::Work connect = [this](pid_t self) {
      RawClient client(daemon.socket());
      client.send(mint);
      if (client.answer()->status != 200) return std::string("refused");
      Hatch::give(hatch.there(), client.fd());
      Hatch::take(hatch.there());  // lives until it is told to go
      return std::to_string(self);
    };
    connector.emplace(connect, is_root() ? std::optional(account) : std::nullopt);
    connection.emplace(Hatch::take(hatch.here()));
  }
  /// Ends the process that connected; its pid.
  std::string let_go() {
    Hatch::give(hatch.here());
    return connector->text();
  }
  [[nodiscard]] Ledger ledger() const { return Ledger(daemon.state()); }
};

/// A child that has this very pid, as far as the kernel lets us choose.
std::optional<Child> with_pid(pid_t wanted, const Child::Work& work) {
  for (int attempt = 0; attempt < 50; ++attempt) {
    const int last = ::open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC);
    if (last < 0) return std::nullopt;
    const auto text = std::to_string(wanted - 1);
    const bool chosen = ::write(last, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    ::close(last);
    if (!chosen) return std::nullopt;
    Child child([&](pid_t self) { return self == wanted ? work(self) : std::string(); });
    if (child.pid() == wanted) return child;
  }
  return std::nullopt;
}

}  // namespace

TEST_CASE("a connection that outlives the process that connected is worth nothing") {
  Handed handed;
  const auto pid = handed.let_go();
  handed.connection->send(mint);
  const auto answer = handed.connection->answer();
  REQUIRE(answer);
  CHECK(answer->code() == "unattested_peer");
  CHECK(handed.connection->ends());
  CHECK(handed.ledger().count("event = 'token.minted'") == 1);
  // The refusal is put down to who connected: that much the kernel still vouches for.
  CHECK(handed.ledger().count(fmt::format("code = 'unattested_peer' AND uid = {} AND pid = {}", handed.account, pid)) ==
        1);
}

TEST_CASE("a process that connected and died in the middle of a request leaves no half of it to others") {
  Handed handed;
  handed.connection->send(mint.substr(0, mint.size() / 2));
  (void)handed.let_go();
  handed.connection->send(mint.substr(mint.size() / 2));
  CHECK(handed.connection->answer()->code() == "unattested_peer");
  CHECK(handed.ledger().count("event = 'token.minted'") == 1);
}

TEST_CASE("a process that got the pid of the one that connected is not taken for it") {
  if (!is_root()) return skipped("only root can choose a pid");
  Handed handed;
  const auto pid = std::stoi(handed.let_go());
  auto successor = with_pid(pid, [&](pid_t) {
    handed.connection->send(mint);
    const auto answer = handed.connection->answer();
    return answer ? answer->code() : std::string("no answer");
  });
  if (!successor) return skipped("this kernel hands out no chosen pids");
  CHECK(successor->text() == "unattested_peer");
  CHECK(handed.ledger().count("event = 'token.minted'") == 1);
}

TEST_CASE("known limit: a connection handed to another account speaks for the one that connected while that lives") {
  if (!is_root()) return skipped("only root can become other accounts");
  Handed handed;
  // Here it is root that asks, who is no agent; a token is minted for billing all the same, and the event names it.
  RawClient own(handed.daemon.socket());
  own.send(mint);
  CHECK(own.answer()->code() == "unknown_agent");
  handed.connection->send(mint);
  CHECK(handed.connection->answer()->status == 200);
  CHECK(handed.ledger().count(fmt::format("event = 'token.minted' AND uid = {}", billing)) == 2);
}

TEST_CASE("known limit: a program that a living parent started speaks for it on an inherited connection") {
  // The parent runs what it ran when it connected, so nothing that is looked at has changed.
  const Daemon daemon;
  RawClient connection(daemon.socket());
  connection.send(mint);
  REQUIRE(connection.answer()->status == 200);
  const auto child = ::fork();
  if (child == 0) {
    if (::dup2(::dup(connection.fd()), 3) == 3)
      ::execl("/bin/sh", "sh", "-c", R"(printf "$0" >&3)", mint.c_str(), nullptr);
    ::_exit(1);
  }
  CHECK(wait_for_exit(child, std::chrono::seconds(20)) == 0);
  CHECK(connection.answer()->status == 200);
  CHECK(Ledger(daemon.state()).count(fmt::format("event = 'token.minted' AND pid = {}", ::getpid())) == 2);
}

TEST_CASE("two processes on one connection get as many answers as they asked for and all count as one of them") {
  const Daemon daemon;
  RawClient connection(daemon.socket());
  constexpr int each = 20;
  const auto ask = [&](pid_t) {
    for (int i = 0; i < each; ++i) connection.send(mint);
    return std::string("asked");
  };
  Child other(ask);
  ask(0);
  CHECK(other.text() == "asked");
  std::set<std::string> txns;
  for (int i = 0; i < 2 * each; ++i) {
    const auto answer = connection.answer();
    REQUIRE(answer);
    REQUIRE(answer->status == 200);
    txns.insert(Json::parse(answer->body).at("txn"));
  }
  CHECK(txns.size() == 2 * each);
  CHECK(Ledger(daemon.state()).count(fmt::format("event = 'token.minted' AND pid = {}", ::getpid())) == 2 * each);
}

}  // namespace jeton::outside
