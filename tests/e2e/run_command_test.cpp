// `jeton run`: a program beside a daemon of its own, for real.
#include <csignal>

#include <fcntl.h>
#include <unistd.h>

#include "support/catch.hpp"
#include "support/daemon.hpp"
#include "support/ledger.hpp"

namespace {

using namespace jeton::outside;
namespace fs = std::filesystem;

constexpr const char* config = R"(trust_domain = "acme.example"
[[agent]]
name = "billing"
match = ["unix:uid:4000000"]
[[agent]]
name = "reports"
match = ["unix:uid:4000001"]
[[server]]
url = "mcp:stdio:files"
[[grant]]
name = "reads"
agent = "billing"
server = "mcp:stdio:files"
tools = ["read"]
)";

/// A home with a configuration, and `jeton run` in it.
struct Home {
  TempDir dir;
  fs::path file = dir.path() / "jeton.toml";
  Environment env{{"XDG_STATE_HOME", dir.path().string()}, {"XDG_RUNTIME_DIR", dir.path().string()}};

  Home() { write_file(file, config); }
  [[nodiscard]] std::vector<std::string> command(const std::vector<std::string>& words) const {
    std::vector<std::string> all{program("jeton"), "run", "--config", file.string()};
    all.insert(all.end(), words.begin(), words.end());
    return all;
  }
  [[nodiscard]] Ran run(const std::vector<std::string>& words) const {
    return jeton::outside::run({.command = command(words), .env = env, .limit = std::chrono::seconds(60)});
  }
  [[nodiscard]] std::vector<std::string> left_behind() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(dir.path()))
      if (const auto name = entry.path().filename().string(); name.starts_with("jeton-run-")) names.push_back(name);
    return names;
  }
};

}  // namespace

TEST_CASE("a program that is run gets tokens as its agent, and its log stays") {
  const Home home;
  const auto jeton = program("jeton");
  const auto ran = home.run({"--agent", "billing", "--", jeton, "mint", "--server", "mcp:stdio:files", "--tool", "read",
                             "--args", "{}", "--json"});
  INFO(ran.err);
  REQUIRE(ran.status == 0);
  CHECK_THAT(ran.out, Catch::Contains("\"token\""));
  const Ledger ledger(home.dir.path() / "jeton" / "run" / "billing");
  CHECK(ledger.count("event = 'token.minted' AND agent = 'spiffe://acme.example/agent/billing'") == 1);
  CHECK(ledger.count("event = 'sidecar.stopped'") == 1);
  CHECK(home.left_behind().empty());
}

TEST_CASE("a program that is run has its agent's grants and no more, and is no operator unless it is root") {
  const Home home;
  const auto jeton = program("jeton");
  const auto other = home.run(
      {"--agent", "reports", "--", jeton, "mint", "--server", "mcp:stdio:files", "--tool", "read", "--args", "{}"});
  CHECK(other.status == 4);
  CHECK_THAT(other.err, Catch::Contains("no_grant"));
  if (::geteuid() == 0) return;
  const auto switched = home.run({"--agent", "reports", "--", jeton, "agent", "disable", "reports"});
  CHECK(switched.status == 4);
  CHECK_THAT(switched.err, Catch::Contains("wrong_role"));
}

TEST_CASE("a program that is run sees its own words, and its exit status is handed on") {
  const Home home;
  const auto ran = home.run({"--agent", "billing", "--", "/bin/sh", "-c", "printf '%s %s\\n' \"$1\" \"$2\"; exit 7",
                             "sh", "-n", "-AAAAAAAAAAAAAAAAAAAAA"});
  INFO(ran.err);
  CHECK(ran.status == 7);
  CHECK(ran.out == "-n -AAAAAAAAAAAAAAAAAAAAA\n");
  CHECK(home.run({"--agent", "billing", "--", "/bin/sh", "-c", "kill -USR1 $$"}).status == 128 + SIGUSR1);
  CHECK(home.run({"--agent", "billing", "--", "/nowhere/program"}).status == 127);
}

TEST_CASE("only its own account can enter the directory of a private socket") {
  const Home home;
  const auto ran = home.run(
      {"--agent", "billing", "--", "/bin/sh", "-c", "stat -c %a \"$(dirname \"$JETON_SOCKET\")\" \"$JETON_SOCKET\""});
  CHECK(ran.out == "700\n600\n");
}

TEST_CASE("what is sent to the runner reaches its program, and the daemon ends with it") {
  const Home home;
  const auto out = home.dir.path() / "out";
  const int file = ::open(out.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  REQUIRE(file >= 0);
  const auto pid = spawn(home.command({"--agent", "billing", "--", "/bin/sh", "-c",
                                       "trap 'echo told; exit 3' TERM; echo ready; while :; do sleep 0.05; done"}),
                         home.env, ::open("/dev/null", O_RDONLY | O_CLOEXEC), file, file);
  REQUIRE(eventually([&] { return read_file(out).find("ready\n") != std::string::npos; }, std::chrono::seconds(60)));
  ::kill(pid, SIGTERM);
  CHECK(wait_for_exit(pid, std::chrono::seconds(60)) == 3);
  CHECK_THAT(read_file(out), Catch::Contains("told"));
  CHECK(home.left_behind().empty());
}

TEST_CASE("nothing is run where the sidecar cannot start") {
  const Home home;
  const auto unknown = home.run({"--agent", "biling", "--", "/bin/echo", "ran"});
  CHECK(unknown.status == 2);
  CHECK(unknown.out.empty());
  CHECK_THAT(unknown.err, Catch::Contains("\"billing\" is"));
  const auto several = home.run({"--", "/bin/echo", "ran"});
  CHECK(several.status == 2);
  CHECK(several.out.empty());
  CHECK_THAT(several.err, Catch::Contains("billing, reports"));
}

TEST_CASE("a state directory that is there keeps its mode, and an agent's name leads out of none") {
  const Home home;
  const auto shared = home.dir.path() / "shared";
  fs::create_directory(shared);
  fs::permissions(shared, fs::perms{0755});
  REQUIRE(home.run({"--agent", "billing", "--state", shared.string(), "--", "/bin/true"}).status == 0);
  CHECK(fs::status(shared).permissions() == fs::perms{0755});

  const auto out = home.run({"--agent", "../../out", "--", "/bin/echo", "ran"});
  CHECK(out.status == 2);
  CHECK(out.out.empty());
  CHECK_FALSE(fs::exists(home.dir.path() / "out"));
}

TEST_CASE("the daemon of a program that is run ends though its runner was started with its end blocked") {
  const Home home;
  std::vector<std::string> command{"/usr/bin/env", "--block-signal=TERM"};
  for (const auto& word : home.command({"--agent", "billing", "--", "/bin/true"})) command.push_back(word);
  const auto ran = jeton::outside::run({.command = command, .env = home.env, .limit = std::chrono::seconds(60)});
  INFO(ran.err);
  CHECK(ran.status == 0);
  CHECK(home.left_behind().empty());
}
