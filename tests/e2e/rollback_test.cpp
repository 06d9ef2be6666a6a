// A real daemon, its checkpoints, and what happens when somebody puts another log in their place.
#include <atomic>
#include <thread>

#include <SQLiteCpp/SQLiteCpp.h>

#include "jeton/note.hpp"
#include "support/catch.hpp"
#include "support/daemon.hpp"

namespace {

using namespace jeton::outside;
namespace fs = std::filesystem;

void mint(const Daemon& daemon, int count = 1) {
  const auto client = daemon.client();
  for (int i = 0; i < count; ++i)
    REQUIRE(client.post("/v1/calls", {{"server", "mcp:stdio:x"}, {"tool", "t"}, {"arguments", jeton::Json::object()}}));
}

jeton::NoteKey key_of(const fs::path& state) {
  auto text = read_file(state / "log.vkey");
  text.pop_back();
  auto key = jeton::NoteKey::parse(text);
  REQUIRE(key);
  return *key;
}

/// The key itself, whatever it is called: what stands behind NAME+ID+.
std::string material_of(const jeton::NoteKey& key) {
  const auto text = key.text();
  return text.substr(text.find('+', text.find('+') + 1) + 1);
}

jeton::Checkpoint shown_in(const fs::path& file, const jeton::NoteKey& key) {
  auto checkpoint = jeton::Checkpoint::open(read_file(file), key);
  REQUIRE(checkpoint);
  return *checkpoint;
}

std::uint64_t events_in(const fs::path& state) {
  SQLite::Database db((state / "jeton.db").string());
  return static_cast<std::uint64_t>(db.execAndGet("SELECT count(*) FROM event").getInt64());
}

/// STATE as it is now, to be put back later.
void copy_log(const fs::path& from, const fs::path& to) {
  fs::create_directory(to);
  for (const auto& file : fs::directory_iterator(from))
    if (file.is_regular_file()) fs::copy_file(file.path(), to / file.path().filename());
}

void put_back(const fs::path& from, const fs::path& state, const std::vector<std::string>& names) {
  for (const char* name : {"jeton.db-wal", "jeton.db-shm"}) fs::remove(state / name);
  for (const auto& name : names)
    if (fs::exists(from / name)) fs::copy_file(from / name, state / name, fs::copy_options::overwrite_existing);
}

Ran jeton_command(const std::vector<std::string>& words) {
  std::vector<std::string> command{program("jeton")};
  command.insert(command.end(), words.begin(), words.end());
  return run({.command = command});
}

Ran start(const Daemon& daemon, const std::vector<std::string>& more = {}) {
  auto command = daemon.command();
  command.insert(command.end(), more.begin(), more.end());
  return run({.command = command});
}

}  // namespace

TEST_CASE("a restored older database stops the daemon and says what was found") {
  Daemon daemon;
  mint(daemon);
  REQUIRE(daemon.stop() == 0);
  copy_log(daemon.state(), daemon.home() / "older");
  daemon.restart();
  mint(daemon, 3);
  REQUIRE(daemon.stop() == 0);

  put_back(daemon.home() / "older", daemon.state(), {"jeton.db"});
  const auto refused = start(daemon);
  CHECK(refused.status == 3);
  CHECK_THAT(refused.err, Catch::Contains("it was cut off, or an older one was put back"));
  CHECK_THAT(refused.err, Catch::Contains("--accept-rollback"));
  const auto verify = jeton_command({"log", "verify", "--state", daemon.state().string()});
  CHECK(verify.status == 4);
  CHECK_THAT(verify.out, Catch::Contains("cut_off"));
}

TEST_CASE("a whole older state directory is found by a checkpoint in a second place") {
  const TempDir elsewhere;
  const auto second = elsewhere.path() / "checkpoint";
  const auto config =
      "trust_domain = \"acme.example\"\ncheckpoint_places = [\"" + second.string() + "\", \"syslog\"]\n";
  Daemon daemon({.config = config});
  REQUIRE(daemon.stop() == 0);
  copy_log(daemon.state(), daemon.home() / "older");
  daemon.restart();
  REQUIRE(daemon.stop() == 0);
  const auto key = key_of(daemon.state());
  CHECK(shown_in(second, key) == shown_in(daemon.state() / "checkpoint", key));

  put_back(daemon.home() / "older", daemon.state(), {"jeton.db", "checkpoint"});
  const auto refused = start(daemon);
  CHECK(refused.status == 3);
  CHECK_THAT(refused.err, Catch::Contains(second.string()));
  CHECK(jeton_command({"log", "verify", "--state", daemon.state().string()}).status == 0);
  const auto verify =
      jeton_command({"log", "verify", "--state", daemon.state().string(), "--checkpoint", second.string(), "--json"});
  CHECK(verify.status == 4);
  CHECK_THAT(verify.out, Catch::Contains("cut_off"));
}

TEST_CASE("known limit: a copy of the whole state directory takes the outside checkpoint with it") {
  Daemon daemon;
  REQUIRE(daemon.stop() == 0);
  copy_log(daemon.state(), daemon.home() / "older");
  daemon.restart();
  mint(daemon);
  REQUIRE(daemon.stop() == 0);
  put_back(daemon.home() / "older", daemon.state(), {"jeton.db", "checkpoint", "log.key", "log.vkey"});
  daemon.restart();
  CHECK(daemon.alive());
}

TEST_CASE("an accepted rollback begins a new log under a new key that cites the old one") {
  Daemon daemon;
  mint(daemon);
  REQUIRE(daemon.stop() == 0);
  copy_log(daemon.state(), daemon.home() / "older");
  daemon.restart();
  mint(daemon, 3);
  REQUIRE(daemon.stop() == 0);
  const auto old_key = key_of(daemon.state());
  const auto last = shown_in(daemon.state() / "checkpoint", old_key);
  put_back(daemon.home() / "older", daemon.state(), {"jeton.db"});
  REQUIRE(start(daemon).status == 3);

  Daemon accepted({.arguments = {"--accept-rollback"}, .state = daemon.state()});
  const auto new_key = key_of(accepted.state());
  CHECK(material_of(new_key) != material_of(old_key));
  CHECK(shown_in(accepted.state() / "checkpoint", new_key).origin != last.origin);
  SQLite::Database db((accepted.state() / "jeton.db").string());
  SQLite::Statement first(db, "SELECT event, cited_origin, cited_size, cited_root FROM events WHERE log_index = 0");
  REQUIRE(first.executeStep());
  CHECK(first.getColumn(0).getString() == "log.recovered");
  CHECK(first.getColumn(1).getString() == last.origin);
  CHECK(first.getColumn(2).getInt64() == static_cast<std::int64_t>(last.size));
  CHECK(first.getColumn(3).getString() == jeton::hex(last.root));
  // What was given up is kept as evidence.
  bool kept = false;
  for (const auto& entry : fs::directory_iterator(accepted.state()))
    kept =
        kept || (entry.path().filename().string().starts_with("rolled-back-") && fs::exists(entry.path() / "jeton.db"));
  CHECK(kept);
  // Once is enough, and a second time nothing is given up.
  REQUIRE(accepted.stop() == 0);
  accepted.restart();
  CHECK(key_of(accepted.state()).text() == new_key.text());
}

TEST_CASE("what is no rollback is not accepted as one") {
  Daemon daemon;
  mint(daemon);
  REQUIRE(daemon.stop() == 0);
  SQLite::Database((daemon.state() / "jeton.db").string(), SQLite::OPEN_READWRITE).exec("PRAGMA user_version = 99");
  const auto refused = start(daemon, {"--accept-rollback"});
  CHECK(refused.status == 3);
  CHECK_THAT(refused.err, Catch::Contains("install the jeton that made it"));
  CHECK(fs::exists(daemon.state() / "log.key"));
  for (const auto& entry : fs::directory_iterator(daemon.state()))
    CHECK_FALSE(entry.path().filename().string().starts_with("rolled-back-"));
}

TEST_CASE("a log that lost its key or its outside checkpoint is refused") {
  Daemon daemon;
  mint(daemon);
  REQUIRE(daemon.stop() == 0);
  copy_log(daemon.state(), daemon.home() / "whole");
  fs::remove(daemon.state() / "checkpoint");
  CHECK_THAT(start(daemon).err, Catch::Contains("none is left outside"));
  put_back(daemon.home() / "whole", daemon.state(), {"jeton.db", "checkpoint"});
  fs::remove(daemon.state() / "log.key");
  CHECK(start(daemon).status == 3);
}

TEST_CASE("checkpoints follow within a second and survive kill -9 in front of the log never") {
  Daemon daemon;
  const auto key = key_of(daemon.state());
  for (int round = 0; round < 5; ++round) {
    mint(daemon, 20);
    // Nobody asks for it: what was minted is signed for by the clock alone.
    const auto minted = events_in(daemon.state());
    CHECK(eventually([&] { return shown_in(daemon.state() / "checkpoint", key).size >= minted; }));
    mint(daemon, 20);
    daemon.kill9();
    const auto shown = shown_in(daemon.state() / "checkpoint", key);
    CHECK(shown.size <= events_in(daemon.state()));
    daemon.restart();
    // The start itself signed for everything there is.
    CHECK(shown_in(daemon.state() / "checkpoint", key).size > shown.size);
  }
  REQUIRE(daemon.stop() == 0);
  CHECK(jeton_command({"log", "verify", "--state", daemon.state().string()}).status == 0);
}

TEST_CASE("a stranger needs the key and a proof and nothing else") {
  Daemon daemon;
  mint(daemon);
  const auto vkey = jeton_command({"log", "vkey", "--state", daemon.state().string()});
  REQUIRE(vkey.status == 0);
  REQUIRE(daemon.stop() == 0);
  const auto proof = jeton_command({"log", "proof", "2", "--state", daemon.state().string()});
  REQUIRE(proof.status == 0);
  const TempDir stranger;
  write_file(stranger.path() / "call.tlog-proof", proof.out);
  const auto key = vkey.out.substr(0, vkey.out.size() - 1);
  const auto verified =
      jeton_command({"log", "verify", "--proof", (stranger.path() / "call.tlog-proof").string(), "--vkey", key});
  CHECK(verified.status == 0);
  CHECK_THAT(verified.out, Catch::Contains("token.minted"));

  auto forged = proof.out;
  forged.replace(forged.find("index 2"), 7, "index 1");
  write_file(stranger.path() / "forged.tlog-proof", forged);
  CHECK(jeton_command({"log", "verify", "--proof", (stranger.path() / "forged.tlog-proof").string(), "--vkey", key})
            .status == 4);
}

TEST_CASE("a copy for others is made while the daemon writes and verifies by itself") {
  Daemon daemon;
  std::atomic<bool> enough = false;
  std::thread writer([&] {
    while (!enough) mint(daemon);
  });
  const auto copy = daemon.home() / "copy";
  const auto made = jeton_command({"log", "copy", copy.string(), "--state", daemon.state().string()});
  enough = true;
  writer.join();
  CHECK(made.status == 0);
  const auto verified = jeton_command({"log", "verify", "--state", copy.string()});
  CHECK(verified.status == 0);
  CHECK_FALSE(fs::exists(copy / "log.key"));
}
