// The log lets go of what is old while its daemon works: what a stranger, a reviewer and the callers see of it.
#include <csignal>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <SQLiteCpp/SQLiteCpp.h>

#include "identity/log_secret.hpp"
#include "jeton/clock.hpp"
#include "jeton/hash.hpp"
#include "store/sqlite_store.hpp"
#include "support/archiving.hpp"
#include "support/catch.hpp"
#include "support/daemon.hpp"
#include "support/events.hpp"
#include "support/places.hpp"

namespace jeton::outside {
namespace {

const Json call{{"server", "mcp:stdio:x"}, {"tool", "t"}, {"arguments", Json::object()}};

std::string config(const std::string& more = "", uid_t operator_uid = ::geteuid()) {
  return fmt::format(
      "trust_domain = \"acme.example\"\n{}"
      "[[agent]]\nname = \"self\"\nmatch = [\"unix:uid:{}\"]\n[[server]]\nurl = \"mcp:stdio:x\"\n"
      "[[grant]]\nname = \"all\"\nagent = \"self\"\nserver = \"mcp:stdio:x\"\ntools = [\"t\"]\n"
      "[[operator]]\nmatch = [\"unix:uid:{}\"]\n",
      more, ::geteuid(), operator_uid);
}

/// A state directory whose log begins with so many events of half a year ago.
class OldState {
 public:
  explicit OldState(int events) : place_(home_.path() / "state") {
    ::mkdir(place_.c_str(), 0700);
    REQUIRE(LogSecret::load_or_create(place_ / "log.key"));
    auto store = open_sqlite_store(file(), Sync::full);
    REQUIRE(store);
    const auto old_us = SystemClock().wall_us() - std::int64_t{180} * 24 * 3600 * us_per_s;
    REQUIRE((*store)->transact([&] {
      for (int i = 0; i < events; ++i) {
        Event event;
        event.kind = EventKind::call_opened;
        event.time_us = old_us + i;
        event.txn = testing::id_of<Txn>(i);
        event.agent = "spiffe://acme.example/agent/self";
        event.tool = "t";
        (*store)->append(event);
      }
    }));
  }
  [[nodiscard]] const std::filesystem::path& place() const { return place_; }
  [[nodiscard]] std::filesystem::path file() const { return place_ / "jeton.db"; }
  [[nodiscard]] std::filesystem::path beside(const char* name) const { return home_.path() / name; }
  [[nodiscard]] LogReader::Archive archive() const {
    const auto log = open_sqlite_reader(file());
    REQUIRE(log);
    return (*log)->archive();
  }

 private:
  TempDir home_;
  std::filesystem::path place_;
};

Ran jeton_log(std::vector<std::string> words, const std::filesystem::path& state, const Daemon* daemon = nullptr) {
  std::vector<std::string> command{program("jeton"), "log", words.front(), "--state", state.string()};
  if (daemon != nullptr) command.insert(command.end(), {"--socket", daemon->socket().string()});
  command.insert(command.end(), words.begin() + 1, words.end());
  return run({.command = command});
}

bool signed_for_all(const Client& client) {
  const auto status = client.status();
  return status && status->at("log").at("signed_size") == status->at("log").at("size");
}

}  // namespace

TEST_CASE("an archive is a copy that verifies and the log goes on with the roots it had") {
  const OldState state(1000);
  const Daemon daemon({.config = config(), .state = state.place()});
  const auto client = daemon.client();
  const auto minted = client.post("/v1/calls", call);
  REQUIRE(minted);
  REQUIRE(eventually([&] { return signed_for_all(client); }));
  const auto kept = state.beside("checkpoint");
  std::filesystem::copy_file(state.place() / "checkpoint", kept);

  // when: what is older than two days is archived
  const auto to = state.beside("archive");
  const auto umask_before = ::umask(0);
  const auto done = jeton_log({"archive", "--to", to, "--older-than", "2d", "--json"}, state.place(), &daemon);
  ::umask(umask_before);
  CAPTURE(done.out, done.err);
  REQUIRE(done.status == 0);
  CHECK(Json::parse(done.out).at("below") == 768);
  CHECK(Json::parse(done.out).at("count") == 768);
  REQUIRE(eventually([&] { return state.archive().first == 768; }));

  // then: the log verifies, also from a checkpoint of before, and the copy does
  const auto here = jeton_log({"verify", "--checkpoint", kept}, state.place());
  CAPTURE(here.out, here.err);
  CHECK(here.status == 0);
  CHECK(here.out.find("events 0 to 767 are archived") != std::string::npos);
  CHECK(jeton_log({"verify"}, to).status == 0);
  struct stat info {};
  CHECK(::stat(to.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0700);
  // Whatever the umask of who types it: what it is made with is what it was while it was made.
  CHECK(::stat((to / "jeton.db").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  CHECK(jeton_log({"consistency", kept}, state.place()).status == 0);
  CHECK(jeton_log({"tiles", state.beside("tiles"), "--entries"}, state.place()).status == 0);
  CHECK_FALSE(std::filesystem::exists(state.beside("tiles") / "tile" / "entries" / "000"));
  CHECK(std::filesystem::exists(state.beside("tiles") / "tile" / "0" / "000"));

  // then: what is archived is shown where it lies, and here it is said where that is
  const auto txn = testing::id_of<Txn>(5).text();
  const auto gone = jeton_log({"show", "--", txn}, state.place());
  CHECK(gone.status == 4);
  CHECK(gone.err.find("events 0 to 767 were archived on ") != std::string::npos);
  CHECK(jeton_log({"show", "--", txn}, to).status == 0);
  const auto proof = jeton_log({"proof", "5"}, state.place());
  CHECK(proof.status == 4);
  CHECK(proof.err.find("jeton log proof 5 --state DIR") != std::string::npos);
  CHECK(jeton_log({"proof", "5"}, to).status == 0);
  CHECK(jeton_log({"proof", "800"}, state.place()).status == 0);
  const auto exported = jeton_log({"export", "--format", "csv"}, state.place());
  CHECK(exported.status == 0);
  CHECK(exported.out.find("\r\n768,") != std::string::npos);

  // then: what was under way goes on, and there is nothing more to archive
  auto redemption = call;
  redemption["token"] = minted->at("token");
  redemption["redemption_id"] = "once";
  CHECK(client.post("/v1/redeem", redemption));
  CHECK(client.post("/v1/calls/" + minted->at("txn").get<std::string>() + "/outcome", {{"outcome", "ok"}}));
  write_file(state.place() / "jeton.toml", config("retain_days = 30\n"));
  const auto again = jeton_log({"archive", "--to", state.beside("again")}, state.place(), &daemon);
  CHECK(again.status == 0);
  CHECK(again.out.find("nothing is archived") != std::string::npos);
}

TEST_CASE("the command of the archive's unit takes what is older than retain_days") {
  const OldState state(300);
  const auto settings = config("retain_days = 90\n");
  write_file(state.place() / "jeton.toml", settings);
  const Daemon daemon({.config = settings, .state = state.place()});
  REQUIRE(eventually([&] { return signed_for_all(daemon.client()); }));
  // given: the unit's line as systemd reads it, with the paths of here
  const auto unit = read_file(std::string(testing::source_dir) + "/sidecar/install/jeton-archive.service");
  const std::string key = "\nExecStart=";
  auto line = unit.substr(unit.find(key) + key.size());
  line.erase(line.find('\n'));
  const auto replace = [&](const std::string& what, const std::string& by) {
    REQUIRE(line.find(what) != line.npos);
    for (auto at = line.find(what); at != line.npos; at = line.find(what, at + by.size()))
      line.replace(at, what.size(), by);
  };
  replace("$$", "$");
  replace("/usr/bin/jeton", program("jeton"));
  replace("/var/lib/jeton", state.place());
  const auto archives = state.beside("archives");
  const auto start = [&] {
    return run({.command = {"/bin/sh", "-c", line},
                .env = {{"ARCHIVES", archives.string()},
                        {"JETON_SOCKET", daemon.socket().string()},
                        {"PATH", "/usr/bin:/bin"}},
                // It steps back behind everybody, which on a busy machine takes a while.
                .limit = std::chrono::seconds(100)});
  };

  // when: it is started as the timer would, twice
  const auto done = start();
  CAPTURE(line, done.out, done.err);
  CHECK(done.status == 0);
  REQUIRE(eventually([&] { return state.archive().first == 256; }));
  const auto nothing = start();
  CHECK(nothing.status == 0);
  CHECK_THAT(nothing.out, Catch::Contains("nothing is archived"));

  // then: there is one archive, with everything in it, and the log verifies
  const std::vector<std::filesystem::path> made(std::filesystem::directory_iterator(archives), {});
  REQUIRE(made.size() == 1);
  CHECK(jeton_log({"verify"}, made.front()).status == 0);
  CHECK(jeton_log({"show", "--", testing::id_of<Txn>(5).text()}, made.front()).status == 0);
  CHECK(jeton_log({"verify"}, state.place()).status == 0);
}

TEST_CASE("across kill -9 an archive goes on and the log verifies at every step") {
  const OldState state(6000);
  Daemon daemon({.config = config(), .state = state.place()});
  REQUIRE(eventually([&] { return signed_for_all(daemon.client()); }));
  const auto done =
      jeton_log({"archive", "--to", state.beside("archive"), "--older-than", "2d"}, state.place(), &daemon);
  CAPTURE(done.out, done.err);
  REQUIRE(done.status == 0);
  int rounds = 0, in_the_middle = 0;
  for (; state.archive().first < 5888 && rounds < 60; ++rounds) {
    const auto before = state.archive().first;
    CHECK(eventually([&] { return state.archive().first > before; }));
    daemon.kill9();
    const auto first = state.archive().first;
    in_the_middle += first > 0 && first < 5888 ? 1 : 0;
    const auto verified = jeton_log({"verify"}, state.place());
    CAPTURE(verified.out, verified.err);
    CHECK(verified.status == 0);
    daemon.restart();
  }
  CHECK(state.archive().first == 5888);
  CHECK(in_the_middle > 0);
  CHECK(daemon.client().post("/v1/calls", call));
}

TEST_CASE("a copy that does not verify archives nothing") {
  const OldState state(600);
  SQLite::Database(state.file().string(), SQLite::OPEN_READWRITE).exec("UPDATE event SET uid = 7 WHERE log_index = 10");
  const Daemon daemon({.config = config(), .state = state.place()});
  REQUIRE(eventually([&] { return signed_for_all(daemon.client()); }));
  const auto refused =
      jeton_log({"archive", "--to", state.beside("archive"), "--older-than", "2d"}, state.place(), &daemon);
  CHECK(refused.status == 4);
  CHECK(refused.err.find("event 10 was edited") != std::string::npos);
  CHECK(state.archive().below == 0);
}

TEST_CASE("what is no copy of this log archives nothing and neither does who is no operator") {
  const OldState state(600);
  {
    const Daemon daemon({.config = config(), .state = state.place()});
    const auto client = daemon.client();
    REQUIRE(eventually([&] { return signed_for_all(client); }));
    const auto refused =
        client.post("/v1/log/archive", {{"below", 512}, {"size", 600}, {"root", hex(sha256("another log"))}});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::bad_request);
    // How old is old enough nobody said.
    const auto unsaid = jeton_log({"archive", "--to", state.beside("archive")}, state.place(), &daemon);
    CHECK(unsaid.status == 2);
    write_file(state.place() / "jeton.toml", config());
    CHECK(jeton_log({"archive", "--to", state.beside("archive")}, state.place(), &daemon).status == 2);
    CHECK(unsaid.err.find("--older-than 90d") != std::string::npos);
    const auto young =
        jeton_log({"archive", "--to", state.beside("archive"), "--older-than", "2h"}, state.place(), &daemon);
    CHECK(young.status == 2);
  }
  const Daemon daemon({.config = config("", 60'000), .state = state.place()});
  REQUIRE(eventually([&] { return signed_for_all(daemon.client()); }));
  const auto refused =
      jeton_log({"archive", "--to", state.beside("archive"), "--older-than", "2d"}, state.place(), &daemon);
  CHECK(refused.status == 4);
  CHECK(refused.err.find("wrong_role") != std::string::npos);
  CHECK(state.archive().below == 0);
}

TEST_CASE("an export and a follower that an archive overtakes say which events they could not write") {
  constexpr std::uint64_t events = 20'000, below = 19'968;
  const OldState state(events);
  // given: a reader that waits for whoever takes what it writes
  const bool follows = GENERATE(false, true);
  const std::vector<std::string> words = follows ? std::vector<std::string>{"follow", "--from", "0", "--json"}
                                                 : std::vector<std::string>{"export", "--format", "jsonl"};
  std::vector<std::string> command{program("jeton"), "log", "--state", state.place().string()};
  command.insert(command.begin() + 2, words.begin(), words.end());
  int out[2];
  REQUIRE(::pipe2(out, O_CLOEXEC) == 0);
  const auto said = state.beside("stderr");
  const int in = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int err = ::open(said.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  const auto reader = spawn(command, {}, in, out[1], err);
  for (const int fd : {in, out[1], err}) ::close(fd);
  std::string text(1, '\0');
  REQUIRE(::read(out[0], text.data(), 1) == 1);

  // when: an operator archives, and then what was written is taken
  {
    auto store = open_sqlite_store(state.file(), Sync::full);
    REQUIRE(store);
    testing::archive(**store, below);
    SignedHead head{(*store)->head(), 0, {}};
    head.signature.resize(64);
    REQUIRE((*store)->keep(head));
    REQUIRE((*store)->move_archived(100) == below / 256);
  }
  const auto last = fmt::format("\"log_index\":{}", events);  // the log.archived
  std::string more(1 << 16, '\0');
  for (ssize_t got = 0; (got = ::read(out[0], more.data(), more.size())) > 0;) {
    text.append(more, 0, static_cast<std::size_t>(got));
    if (follows && text.find(last) != text.npos) ::kill(reader, SIGTERM);
  }
  ::close(out[0]);
  const auto status = wait_for_exit(reader, std::chrono::seconds(20));

  // then
  std::vector<std::uint64_t> places;
  for (std::size_t at = 0; (at = text.find("\"log_index\":", at)) != text.npos; ++at)
    places.push_back(std::stoull(text.substr(at + 12)));
  std::uint64_t whole = 0;
  while (whole < places.size() && places[whole] == whole) ++whole;
  CHECK(whole > 0);
  CHECK(whole < below);
  const auto words_said = read_file(said);
  CAPTURE(words_said);
  CHECK(words_said.find(fmt::format("events {} to {} were archived on ", whole, below - 1)) != words_said.npos);
  CHECK(words_said.find(fmt::format("--from {} --state DIR", whole)) != words_said.npos);
  CHECK(status == (follows ? 0 : 3));
  // An export writes nothing from behind the gap; who follows sees all that is there.
  CHECK(places.size() == whole + (follows ? events + 1 - below : 0));
  if (!follows) CHECK(words_said.find("is not whole") != words_said.npos);
}

TEST_CASE("at its quota a daemon grants nothing and a revocation holds") {
  const OldState state(1500);
  const Daemon daemon({.config = config("reserve_bytes = 65536\nlog_bytes_max = 900000\n"), .state = state.place()});
  const auto client = daemon.client();
  REQUIRE(eventually([&] { return signed_for_all(client); }));

  // given: a log that is full, and a token from before
  std::optional<Json> minted;
  for (int i = 0; i < 10'000; ++i) {
    auto answer = client.post("/v1/calls", call);
    if (!answer) {
      CHECK(answer.error().code == Code::log_unavailable);
      break;
    }
    minted = std::move(*answer);
  }
  REQUIRE(minted);
  CHECK(eventually([&] { return client.status()->at("log").at("room_bytes") < 65536; }));

  // when: it is taken back
  const auto revoked = client.post("/v1/revoke", {{"jti", minted->at("jti")}});
  REQUIRE(revoked);
  CHECK(revoked->at("revoked") == 1);
  CHECK(revoked->contains("log_index"));

  // then: an archive makes room, work goes on by itself, and the token stays revoked
  const auto done =
      jeton_log({"archive", "--to", state.beside("archive"), "--older-than", "2d"}, state.place(), &daemon);
  CAPTURE(done.out, done.err);
  REQUIRE(done.status == 0);
  CHECK(eventually([&] { return client.post("/v1/calls", call).has_value(); }));
  auto redemption = call;
  redemption["token"] = minted->at("token");
  redemption["redemption_id"] = "late";
  const auto late = client.post("/v1/redeem", redemption);
  REQUIRE_FALSE(late);
  CHECK(late.error().code == Code::revoked);
  CHECK(jeton_log({"verify"}, state.place()).status == 0);
}

}  // namespace jeton::outside
