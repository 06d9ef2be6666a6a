// Kills the daemon in the middle of its work, again and again, and holds it to every answer it ever gave.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>

#include <fmt/core.h>

#include "crash/round.hpp"

namespace jeton::outside {
namespace {

struct Options {
  int kills = 30;
  int mints = 1000;
  unsigned seed = std::random_device{}();
};

Options options_of(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const auto value = std::strtoul(argv[i + 1], nullptr, 10);
    if (std::strcmp(argv[i], "--kills") == 0) options.kills = static_cast<int>(value);
    if (std::strcmp(argv[i], "--mints") == 0) options.mints = static_cast<int>(value);
    if (std::strcmp(argv[i], "--seed") == 0) options.seed = static_cast<unsigned>(value);
  }
  return options;
}

void kill_again_and_again(const Options& options) {
  std::mt19937 random(options.seed);
  Daemon daemon({.config = crash_config()});
  Totals totals;
  std::vector<Spent> answered;  // of all rounds: what was spent once stays spent through every later crash
  for (int kill = 1; kill <= options.kills; ++kill) {
    auto round = work_until_killed(daemon, options.mints, random);
    daemon.restart();
    check_after_restart(daemon, round, answered, totals);
    check_ledger(daemon, round);
    totals.kills = kill;
    if (kill % 5 == 0 || kill == options.kills) fmt::print("{}\n", totals.text());
    std::fflush(stdout);
  }
  check_whole_ledger(daemon, totals);
  fmt::print("ok: {} kills, nothing accepted twice, nothing without its event\n", options.kills);
}

}  // namespace
}  // namespace jeton::outside

int main(int argc, char** argv) {
  const auto options = jeton::outside::options_of(argc, argv);
  try {
    jeton::outside::kill_again_and_again(options);
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "FAILED: {}\nagain with: jeton-crash-test --kills {} --mints {} --seed {}\n", error.what(),
               options.kills, options.mints, options.seed);
    return 1;
  }
}
