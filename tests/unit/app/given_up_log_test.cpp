// Giving a log up: whole or not at all, and finished after a crash at any step.
#include "app/given_up_log.hpp"

#include <algorithm>
#include <fstream>
#include <vector>

#include "support/catch.hpp"
#include "support/temp_dir.hpp"

namespace {

namespace fs = std::filesystem;

void write(const fs::path& file, const std::string& text) { std::ofstream(file) << text; }

std::string read(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A state directory with a log of this name.
struct State {
  jeton::testing::TempDir dir;
  fs::path path = dir.path();

  explicit State(const std::string& log = "old") { begin(log); }
  void begin(const std::string& log) const {
    for (const char* name : {"jeton.db", "jeton.db-wal", "log.vkey", "log.key", "checkpoint"}) write(path / name, log);
  }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(path)) names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  }
};

}  // namespace

TEST_CASE("a log is given up whole, and its checkpoint stays to be replaced") {
  const State state;
  write(state.path / "jeton.toml", "kept");
  const auto aside = jeton::give_up_log(state.path, 1000);
  REQUIRE(aside);
  CHECK(*aside == state.path / "rolled-back-1000");
  CHECK(state.names() == std::vector<std::string>{"checkpoint", "jeton.toml", "rolled-back-1000"});
  for (const char* name : {"jeton.db", "jeton.db-wal", "log.vkey", "log.key", "checkpoint"})
    CHECK(read(*aside / name) == "old");
  CHECK((fs::status(*aside).permissions() & fs::perms::all) == fs::perms::owner_all);
  CHECK(jeton::was_given_up(state.path));
}

TEST_CASE("two logs given up in one second stand beside one another") {
  const State state("first");
  REQUIRE(jeton::give_up_log(state.path, 1000));
  state.begin("second");
  const auto aside = jeton::give_up_log(state.path, 1000);
  REQUIRE(aside);
  CHECK(read(*aside / "log.key") == "second");
  CHECK(read(state.path / "rolled-back-1000" / "log.key") == "first");
}

TEST_CASE("a crash before the new name leaves the log where it was, and the next try begins anew") {
  const State state;
  fs::create_directory(state.path / "giving-up");
  fs::create_hard_link(state.path / "jeton.db", state.path / "giving-up" / "jeton.db");
  REQUIRE(jeton::finish_giving_up(state.path));
  CHECK_FALSE(jeton::was_given_up(state.path));
  CHECK(read(state.path / "jeton.db") == "old");

  const auto aside = jeton::give_up_log(state.path, 1000);
  REQUIRE(aside);
  CHECK(read(*aside / "log.key") == "old");
  CHECK(state.names() == std::vector<std::string>{"checkpoint", "rolled-back-1000"});
}

TEST_CASE("a crash after the new name leaves the rest to the next start, which takes nothing from a newer log") {
  const State state;
  const auto aside = jeton::give_up_log(state.path, 1000);
  REQUIRE(aside);
  // Given the first names of the key and the database are still there, and the new log's verification key already is
  for (const char* name : {"jeton.db", "log.key"}) fs::create_hard_link(*aside / name, state.path / name);
  write(state.path / "log.vkey", "new");

  REQUIRE(jeton::finish_giving_up(state.path));

  CHECK(state.names() == std::vector<std::string>{"checkpoint", "log.vkey", "rolled-back-1000"});
  CHECK(read(state.path / "log.vkey") == "new");
  CHECK(read(*aside / "jeton.db") == "old");
}

TEST_CASE("a log that cannot be moved stays where it is") {
  const State state;
  const auto refused = jeton::give_up_log(state.path / "nowhere", 1000);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == jeton::Code::log_unavailable);
  CHECK(read(state.path / "log.key") == "old");
}
