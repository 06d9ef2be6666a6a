// What every measurement shares: two sides in turns, quantiles, and one table of results.
#pragma once

#include <algorithm>
#include <chrono>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <unistd.h>

#include "bench/process.hpp"
#include "jeton/client.hpp"

namespace jeton::bench {

using SteadyClock = std::chrono::steady_clock;
using Micros = std::vector<double>;

inline constexpr const char* server = "mcp:stdio:bench";
inline const Json arguments{{"path", "reports/2026/november.txt"}, {"limit", 4096}, {"reason", std::string(96, 'r')}};

inline double quantile(Micros sorted, double q) {
  std::sort(sorted.begin(), sorted.end());
  return sorted[static_cast<std::size_t>(q * static_cast<double>(sorted.size() - 1))];
}

inline double micros_of(const std::function<void()>& work) {
  const auto began = SteadyClock::now();
  work();
  return std::chrono::duration<double, std::micro>(SteadyClock::now() - began).count();
}

template <class T>
T expect(Result<T> result) {
  if (!result) throw std::runtime_error(std::string(name_of(result.error().code)) + ": " + result.error().message);
  return std::move(*result);
}

inline Client connect(const std::filesystem::path& socket) {
  ClientOptions options;
  options.socket = socket;
  options.deadline = std::chrono::seconds(10);
  return expect(Client::connect(options));
}

inline Json mint_body() {
  return {{"server", server},
          {"tool", "read_file"},
          {"arguments", arguments},
          {"open_id", random_id()},
          {"call_id", "call_12345678"}};
}

inline Json redeem_body(const Json& minted) {
  return {{"token", minted.at("token")},
          {"server", server},
          {"tool", "read_file"},
          {"arguments", arguments},
          {"redemption_id", random_id()}};
}

/// jetond and the floor with one durability, side by side.
struct Pair {
  Pair(const std::filesystem::path& bin, const Scratch& scratch, const std::string& durability, bool with_floor = true)
      : config(scratch / (durability + ".toml")), state(scratch / (durability + ".state")) {
    std::filesystem::create_directory(state);
    std::filesystem::permissions(state, std::filesystem::perms::owner_all);
    std::ofstream(config) << fmt::format(
        "trust_domain = \"bench.local\"\ndurability = \"{}\"\n[[agent]]\nname = \"bench\"\nmatch = [\"unix:uid:{}\"]\n"
        "[[server]]\nurl = \"{}\"\n[[grant]]\nname = \"bench\"\nagent = \"bench\"\nserver = \"{}\"\ntools = [\"*\"]\n",
        durability, ::geteuid(), server, server);
    std::filesystem::permissions(config, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    real_socket = scratch / (durability + ".sock");
    floor_socket = scratch / (durability + ".floor.sock");
    const auto began = SteadyClock::now();
    real =
        std::make_unique<Child>(std::vector<std::string>{(bin / "jetond").string(), "--config", config.string(),
                                                         "--state", state.string(), "--socket", real_socket.string()});
    start_ms = std::chrono::duration<double, std::milli>(SteadyClock::now() - began).count();
    if (with_floor)
      floor = std::make_unique<Child>(std::vector<std::string>{(bin / "jeton-floor").string(),
                                                               (scratch / (durability + ".floor.db")).string(),
                                                               durability, floor_socket.string()});
  }
  std::filesystem::path config, state, real_socket, floor_socket;
  std::unique_ptr<Child> real, floor;
  double start_ms = 0;
};

struct Sides {
  Micros real, floor;
};

/// Both sides in turns of `block`, so that a slow minute of the machine meets both.
inline Sides in_turns(int rounds, int block, const std::function<double()>& real,
                      const std::function<double()>& floor) {
  Sides sides;
  for (int round = 0; round < rounds; ++round) {
    for (int i = 0; i < block; ++i) sides.real.push_back(real());
    for (int i = 0; i < block; ++i) sides.floor.push_back(floor());
  }
  return sides;
}

class Report {
 public:
  void ratio(const std::string& name, double real, double floor, const std::string& unit, bool more_is_better = false) {
    values_[name] = real;
    values_[name + "_floor"] = floor;
    values_[name + "_ratio"] = real / floor;
    fmt::print("{:<22} {:>10.1f} {:>10.1f} {:>8.2f}   {}{}\n", name, real, floor, real / floor, unit,
               more_is_better ? ", more is better" : "");
    std::fflush(stdout);
  }
  void alone(const std::string& name, double value, const std::string& unit) {
    values_[name] = value;
    fmt::print("{:<22} {:>10.1f} {:>10} {:>8}   {}\n", name, value, "-", "-", unit);
  }
  [[nodiscard]] const std::map<std::string, double>& values() const { return values_; }

 private:
  std::map<std::string, double> values_;
};

/// Interpreters with the package installed: alone, beside LangGraph, beside mcp 2. Those that are empty are left out.
struct PythonPrograms {
  std::string plain, langgraph, mcp;
};
/// Mints from Python beside those from C++. `folder` has the measurements, bindings/python/bench.
void python(Report& report, const std::filesystem::path& bin, const std::string& folder, const PythonPrograms& programs,
            bool quick);

/// The OAuth door: a token beside the local door's, an exchange and an introspection in raw verifications.
void oauth(Report& report, const std::filesystem::path& bin, bool quick);

/// Signing and verifying by each algorithm, without I/O.
void algorithms(Report& report);

/// What a long log costs: minting into it, verifying it, minting while it is verified and copied, and its alerts.
void long_log(Report& report, const std::filesystem::path& bin, std::uint64_t events);

}  // namespace jeton::bench
