// Plays every transcript of this folder against a real daemon.
#include <algorithm>

#include <fmt/core.h>
#include <unistd.h>

#include "cli/transcript.hpp"
#include "support/catch.hpp"
#include "support/daemon.hpp"
#include "support/places.hpp"
#include "support/temp_dir.hpp"

namespace jeton::outside {
namespace {

std::vector<std::filesystem::path> transcripts() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(testing::source_dir) + "/tests/cli"))
    if (entry.path().extension() == ".txt") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

/// Words are looked at here, and a disk that is slow for a moment would change them: in memory, where that is a place.
std::filesystem::path quick_place() {
  const std::filesystem::path memory = "/dev/shm";
  return ::access(memory.c_str(), W_OK | X_OK) == 0 ? memory : std::filesystem::temp_directory_path();
}

void play(const std::filesystem::path& file) {
  const testing::TempDir home(quick_place());
  const Daemon daemon({.state = home / "jeton"});
  const char* path = std::getenv("PATH");
  Environment env{
      {"PATH", std::filesystem::path(program("jeton")).parent_path().string() + ":" + (path == nullptr ? "" : path)},
      {"JETON_SOCKET", daemon.socket()},
      {"XDG_STATE_HOME", home.path()},
      {"STATE", daemon.state()},
      {"HOME", daemon.home()},
      {"PID", std::to_string(daemon.pid())}};
  Environment seen{{"socket", daemon.socket()}, {"state", daemon.state()}};
  for (const auto& step : read_transcript(read_file(file))) {
    for (const auto& [name, value] : seen) env[name] = value;
    const auto ran = run({.command = {"/bin/sh", "-c", step.command}, .env = env});
    INFO(file.filename().string() << ":" << step.line << ": " << step.command << "\nstdout:\n"
                                  << ran.out << "stderr:\n"
                                  << ran.err);
    CHECK(ran.status == step.status);
    CHECK(difference(step.out, ran.out, seen) == "");
    CHECK(difference(step.err, ran.err, seen) == "");
  }
}

}  // namespace

TEST_CASE("every command line transcript is what a person sees") {
  const auto files = transcripts();
  REQUIRE_FALSE(files.empty());
  for (const auto& file : files) play(file);
}

TEST_CASE("a wildcard takes its own characters and nothing more") {
  Environment seen;
  CHECK(matches("call <txn> event <int>", "call AAECAwQFBgcICQoLDA0ODw event 12", seen));
  CHECK(seen["txn"] == "AAECAwQFBgcICQoLDA0ODw");
  CHECK(matches("<same-txn>  x", "AAECAwQFBgcICQoLDA0ODw x", seen));
  CHECK_FALSE(matches("<same-txn>", "BAECAwQFBgcICQoLDA0ODw", seen));
  CHECK_FALSE(matches("event <int>", "event 12x", seen));
  Environment dashed{{"txn", "-AECAwQFBgcICQoLDA0ODw"}};
  CHECK(matches("call <same-txn>", "call -AECAwQFBgcICQoLDA0ODw", dashed));
  CHECK(matches("jeton log show <same-txn>", "jeton log show -- -AECAwQFBgcICQoLDA0ODw", dashed));
  CHECK_FALSE(matches("<txn>", "short", seen));
  CHECK(matches("a<any>z", "a and b and z", seen));
}

}  // namespace jeton::outside
