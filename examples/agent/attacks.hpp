// Twelve ways to misuse a token, each on a fresh one with one fault, and the code each must meet.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "agent/mcp_client.hpp"
#include "agent/report.hpp"
#include "jeton/client.hpp"

namespace example {

/// Where the attacks take place.
struct Stage {
  const jeton::Client& client;
  McpClient& tools;
  std::string server;        ///< the one `tools` is
  std::string other_server;  ///< another one the daemon knows
  jeton::ClientOptions sidecar;
  std::optional<std::filesystem::path> second_socket;  ///< of a second daemon with the same configuration
  std::optional<std::filesystem::path> jeton;          ///< the command, at a place another account can run
  std::function<void(std::string_view)> waiting;
};

/// Runs all of them in order, handing out a line each.
void run_attacks(Stage& stage, const std::function<void(const AttackLine&)>& each);

}  // namespace example
