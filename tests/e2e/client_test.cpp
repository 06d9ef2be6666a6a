// How the sdk finds its sidecar, whom it does not believe, and what it does when nobody is there.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <stdexcept>

#include <fmt/core.h>

#include "support/catch.hpp"
#include "support/daemon.hpp"
#include "support/ledger.hpp"
#include "support/other_process.hpp"
#include "support/skipped.hpp"

namespace jeton::outside {
namespace {

const std::string server = "https://crm.example/mcp";

ToolCall lookup() {
  ToolCall call;
  call.tool = "lookup";
  call.server = server;
  return call;
}

/// A socket that takes connections and never says a word.
class SilentSocket {
 public:
  explicit SilentSocket(const std::filesystem::path& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.string().copy(address.sun_path, sizeof address.sun_path - 1);
    const bool listens =
        ::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 && ::listen(fd_, 8) == 0;
    if (!listens) throw std::runtime_error("bind");
  }
  ~SilentSocket() { ::close(fd_); }
  SilentSocket(const SilentSocket&) = delete;
  SilentSocket& operator=(const SilentSocket&) = delete;

 private:
  int fd_;
};

template <class Work>
std::chrono::milliseconds time_of(Work&& work) {
  const auto began = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
}

}  // namespace

TEST_CASE("a client without a sidecar is told which paths were tried") {
  const auto missing = Client::connect({"/tmp/jeton-nobody-listens-here.sock"});
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == Code::sidecar_unavailable);
  CHECK_THAT(missing.error().message, Catch::Contains("/tmp/jeton-nobody-listens-here.sock"));
  const auto too_long = Client::connect({"/tmp/" + std::string(200, 'x')});
  REQUIRE_FALSE(too_long);
  CHECK_THAT(too_long.error().message, Catch::Contains("107"));
}

TEST_CASE("a sidecar that went away is unavailable at once and one that hangs only until the deadline") {
  Daemon daemon;
  auto options = daemon.client_options();
  options.deadline = std::chrono::seconds(5);
  const auto client = Client::connect(options);
  REQUIRE(client);
  daemon.kill9();

  const auto took = time_of([&] { CHECK(client->open(lookup()).error().code == Code::sidecar_unavailable); });
  CHECK(took < std::chrono::seconds(2));

  const TempDir home;
  const SilentSocket silent(home.path() / "agent.sock");
  const auto waited = time_of([&] {
    const auto deaf = Client::connect({home.path() / "agent.sock", std::chrono::milliseconds(250)});
    REQUIRE_FALSE(deaf);
    CHECK(deaf.error().code == Code::sidecar_unavailable);
  });
  CHECK(waited >= std::chrono::milliseconds(250));
  CHECK(waited < std::chrono::seconds(2));
}

TEST_CASE("a socket file of another owner than the listener is not believed") {
  if (!is_root()) return skipped("only root can give a file away");
  const Daemon daemon;
  REQUIRE(::chown(daemon.socket().c_str(), nobody, nobody) == 0);
  const auto client = Client::connect(daemon.client_options());
  REQUIRE_FALSE(client);
  CHECK(client.error().code == Code::sidecar_unavailable);
  CHECK_THAT(client.error().message, Catch::Contains("belongs to uid 65534"));
}

TEST_CASE("a daemon of another account than the one asked for is not believed") {
  const Daemon daemon;
  auto options = daemon.client_options();
  options.daemon_uid = ::geteuid() + 1;
  const auto client = Client::connect(options);
  REQUIRE_FALSE(client);
  CHECK_THAT(client.error().message, Catch::Contains("expected uid"));
}

TEST_CASE("a client keeps working across a restart of the daemon", "[threads]") {
  Daemon daemon;
  const auto client = daemon.client();
  CHECK(client.open(lookup()));
  CHECK(daemon.stop() == 0);
  daemon.restart();
  CHECK(client.open(lookup()));
}

TEST_CASE("a child after fork speaks on its own connection and is the one in the log", "[threads]") {
  // given: a parent whose connection is open and idle
  const Daemon daemon;
  const auto client = daemon.client();
  REQUIRE(client.open(lookup()));

  // when: its child opens a call through the same client
  std::string child_pid;
  const auto txn = in_child([&](pid_t) {
    auto scope = client.open(lookup());
    if (!scope) return "refused: " + scope.error().message;
    return fmt::format("{} {}", scope->txn().text(), ::getpid());
  });

  // then: the event names the child
  const auto space = txn.find(' ');
  INFO(txn);
  REQUIRE(space == 22);
  CHECK(Ledger(daemon.state())
            .one("SELECT pid FROM events WHERE event = 'token.minted' AND txn = " + sql_text(txn.substr(0, space))) ==
        txn.substr(space + 1));
  CHECK(client.open(lookup()));
}

TEST_CASE("a child after fork does not end the calls of its parent") {
  const Daemon daemon;
  const auto client = daemon.client();
  auto scope = client.open(lookup());
  REQUIRE(scope);
  const auto said = in_child([&](pid_t) {
    const auto inherited = std::move(*scope);  // goes away here, as at the end of a child that returns
    return std::string("done");
  });
  CHECK(said == "done");
  CHECK(Ledger(daemon.state()).count("event = 'call.outcome'") == 0);
  CHECK(scope->mint(server));
  CHECK(scope->mint(server));
}

TEST_CASE("a connection too many is told so and not taken for a dead sidecar") {
  // given: an account that holds all of its connections
  const Daemon daemon({.config = fmt::format("trust_domain = \"acme.example\"\n[limits]\nconnections_per_uid = 3\n"
                                             "[[agent]]\nname = \"a\"\nmatch = [\"unix:uid:{}\"]\n",
                                             ::geteuid())});
  std::vector<RawClient> held;
  for (int i = 0; i < 3; ++i) {
    held.emplace_back(daemon.socket());
    REQUIRE(held.back().send("GET /v1/status HTTP/1.1\r\n\r\n"));
    REQUIRE(held.back().answer()->status == 200);
  }
  // when, then: whatever comes first, the close or the request, the answer is read
  for (int i = 0; i < 20; ++i) {
    const auto client = Client::connect(daemon.client_options());
    REQUIRE_FALSE(client);
    CHECK(client.error().code == Code::overloaded);
  }
}

}  // namespace jeton::outside
